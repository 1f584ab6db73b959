#include "tokenizer/stages/bpe_offsets.h"

#include <algorithm>
#include <optional>
#include <variant>

namespace tokgraft {

void LayEndToEnd(std::string_view word, bool byte_domain, const TokenizerSpec& spec,
                 std::vector<TokenRange>* ranges) {
  if (!std::holds_alternative<BpeModel>(spec.model)) return;
  if (spec.reference != Reference::kHuggingFace) return;
  std::size_t covered = 0;
  for (const TokenRange& range : *ranges) covered += range.end - range.begin;
  if (covered == word.size()) return;
  std::vector<std::uint32_t> place_of;  // of each byte that the model sees
  for (std::size_t i = 0; i < word.size(); ++i) {
    const bool is_wide = byte_domain && (word[i] < '!' || word[i] > '~');
    place_of.insert(place_of.end(), is_wide ? 2 : 1, static_cast<std::uint32_t>(i));
  }
  std::size_t at = 0;
  for (TokenRange& range : *ranges) {
    std::size_t size = range.end - range.begin;
    const std::optional<Piece> piece = byte_domain ? spec.vocab.Get(range.id) : std::nullopt;
    // No subword prefix or suffix: the model refuses them where it drops bytes.
    if (piece) size = piece->spelling.size();
    const std::size_t last = std::min(at + size, place_of.size()) - 1;
    range.begin = place_of[std::min(at, last)];
    range.end = place_of[last] + 1;
    at += size;
  }
}

}  // namespace tokgraft
