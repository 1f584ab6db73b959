#include "embed_init/methods/piece_script.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "tokenizer/text/pre_token_classes.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft {

std::uint8_t ScriptOfPiece(std::string_view bytes) {
  if (!IsValidUtf8(bytes)) return 0;
  std::array<std::size_t, 256> counts{};
  std::uint8_t best = 0;
  std::vector<std::uint8_t> met;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::uint8_t script = HfScript(DecodeValid(bytes, &at));
    if (script != 0 && counts[script]++ == 0) met.push_back(script);
  }
  for (const std::uint8_t script : met) {
    if (best == 0 || counts[script] > counts[best]) best = script;
  }
  return best;
}

std::vector<std::uint8_t> ScriptsOfOldRows(const MethodInput& input) {
  std::vector<std::uint8_t> scripts(static_cast<std::size_t>(input.old_tokens), kNoScript);
  const std::vector<double> norms = SquaredNorms(input.old, 0, input.old_tokens, 0);
  for (std::size_t row = 0; row < scripts.size(); ++row) {
    const auto id = static_cast<TokenId>(row);
    const std::optional<PieceKind> kind = input.base->token_kind(id);
    const bool is_text =
        kind == PieceKind::kNormal || kind == PieceKind::kUserDefined || kind == PieceKind::kByte;
    if (!is_text || !std::isfinite(norms[row]) || input.is_hidden(row)) continue;
    scripts[row] = ScriptOfPiece(input.base->token_bytes(id).value_or(std::string_view()));
  }
  return scripts;
}

std::map<std::uint8_t, double> MedianNorms(const MethodInput& input) {
  const std::vector<std::uint8_t> scripts = ScriptsOfOldRows(input);
  const std::vector<double> squares = SquaredNorms(input.old, 0, input.old_tokens, 0);
  std::map<std::uint8_t, std::vector<double>> norms;
  for (std::size_t row = 0; row < scripts.size(); ++row) {
    if (scripts[row] == kNoScript) continue;
    norms[scripts[row]].push_back(std::sqrt(squares[row]));
    norms[kNoScript].push_back(std::sqrt(squares[row]));
  }
  std::map<std::uint8_t, double> medians;
  for (auto& [script, values] : norms) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    medians[script] = *middle;
  }
  return medians;
}

double MedianNormOf(const std::map<std::uint8_t, double>& norms, std::uint8_t script) {
  if (const auto found = norms.find(script); found != norms.end()) return found->second;
  const auto all = norms.find(kNoScript);
  return all == norms.end() ? 0 : all->second;
}

}  // namespace tokgraft
