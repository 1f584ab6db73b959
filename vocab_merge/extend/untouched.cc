#include "vocab_merge/extend/untouched.h"

#include <algorithm>
#include <array>
#include <limits>
#include <set>
#include <variant>

#include "tokenizer/status.h"
#include "tokenizer/text/utf8.h"
#include "vocab_merge/rules/detect.h"

namespace tokgraft {
namespace {

constexpr double kUnknownPenalty = 10;

std::string Show(std::string_view bytes) {
  return IsValidUtf8(bytes) ? ShowPiece(bytes) : std::string("part of a character");
}

// Every byte is a piece, so that no text has anything unknown.
bool KnowsEveryByte(const TokenizerSpec& spec) {
  if (spec.spelling != Spelling::kByteLevel) return false;
  std::array<bool, 256> present{};
  for (std::size_t i = 0; i < spec.vocab.size(); ++i) {
    const Piece piece = spec.vocab.entry(i);
    if (piece.bytes.size() == 1 && piece.kind == PieceKind::kNormal) {
      present[static_cast<unsigned char>(piece.bytes[0])] = true;
    }
  }
  return std::all_of(present.begin(), present.end(), [](bool b) { return b; });
}

std::string OldPiecesChanged(const TokenizerSpec& base, const TokenizerSpec& merged) {
  if (!(base.model == merged.model)) return "the models differ in more than their pieces";
  if (merged.vocab.size() < base.vocab.size()) return "pieces are gone";
  for (std::size_t i = 0; i < base.vocab.size(); ++i) {
    const Piece piece = base.vocab.entry(i);
    const std::optional<Piece> now = merged.vocab.Get(piece.id);
    if (now && *now == piece) continue;
    const bool scored = now && now->spelling == piece.spelling && now->kind == piece.kind;
    return Cat(scored ? "the score of base id " : "base id ", piece.id, " has changed");
  }
  return {};
}

}  // namespace

double UnknownScore(const TokenizerSpec& spec) {
  if (!std::holds_alternative<UnigramModel>(spec.model)) return 0;
  const bool in_float = spec.reference == Reference::kSentencePiece;
  double lowest = in_float ? double{std::numeric_limits<float>::max()}
                           : std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < spec.vocab.size(); ++i) {
    const Piece piece = spec.vocab.entry(i);
    if (in_float && piece.kind != PieceKind::kNormal) continue;
    lowest = std::min(lowest, in_float ? double{static_cast<float>(piece.score)} : piece.score);
  }
  if (!in_float) return lowest - kUnknownPenalty;
  return double{static_cast<float>(lowest) - static_cast<float>(kUnknownPenalty)};
}

Untouched ProveUntouched(const TokenizerSpec& base, const TokenizerSpec& merged,
                         const ScriptSet& scripts) {
  Untouched out;
  out.why_not = OldPiecesChanged(base, merged);
  if (!out.why_not.empty()) return out;
  if (base.id_limit() == merged.id_limit() && base.vocab.size() == merged.vocab.size()) {
    out.reason = "nothing was added";
    return out;
  }
  std::set<std::string> names;
  for (std::size_t i = 0; i < merged.vocab.size(); ++i) {
    const Piece piece = merged.vocab.entry(i);
    if (base.vocab.Get(piece.id)) continue;
    if (piece.id < base.id_limit()) {
      out.why_not = Cat("added token ", piece.id, " has become a piece that the model finds too");
      return out;
    }
    if (!scripts.HasForeign(piece.bytes, &names)) {
      out.why_not = Cat("the model chooses among all pieces at once, and new piece ", piece.id,
                        ", ", Show(piece.bytes), ", needs no character of another script");
      return out;
    }
  }
  out.scripts.assign(names.begin(), names.end());
  std::string list;
  for (const std::string& name : out.scripts) list += Cat(list.empty() ? "" : ", ", name);
  const std::string text =
      Cat("every new piece needs a character of ", list.empty() ? "no valid text" : list,
          "; a valid text that has none", base.normalizers.empty() ? "" : " once it is normalized");
  const std::string version =
      Cat(" (scripts by the Script_Extensions of Unicode ", UnicodeVersion(), ")");
  if (UnknownScore(base) != UnknownScore(merged) && !KnowsEveryByte(base)) {
    out.why_not =
        Cat(text, ", and no character that the base does not know, keeps its ids", version,
            "; what stands beside an unknown one may change, because the score "
            "of unknown characters follows the lowest score, and went from ",
            UnknownScore(base), " to ", UnknownScore(merged));
    return out;
  }
  out.reason = Cat(text, " keeps its ids", version);
  return out;
}

}  // namespace tokgraft
