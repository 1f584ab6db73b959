// How HF's NormalizedString carries origins through a change of its characters.
//
// The new text is told as a list of characters, each with what it does to the old ones:
//   0   it replaces the next old character and takes its origin
//   1   it is added and shares the origin of the old byte just passed
//   -n  it replaces the next old character, and the n after that vanish
// The lists of each normalizer follow its own code, odd corners included, since offsets show them.
#ifndef TOKGRAFT_TOKENIZER_STAGES_NORMALIZERS_TRANSFORM_H_
#define TOKGRAFT_TOKENIZER_STAGES_NORMALIZERS_TRANSFORM_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "tokenizer/stages/aligned_text.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft {

struct CharChange {
  char32_t c = 0;
  std::int32_t change = 0;
};

// `removed`: how many old characters vanish before the first new one.
void Transform(const std::vector<CharChange>& changes, std::size_t removed, AlignedText* text);

// Keeps the characters for which keep(c) holds.
template <typename Keep>
void FilterAligned(Keep keep, AlignedText* text) {
  AlignedText kept;
  kept.source = text->source;
  kept.text.reserve(text->text.size());
  kept.origin.reserve(text->text.size());
  for (std::size_t position = 0; position < text->text.size();) {
    const std::size_t start = position;
    if (!keep(DecodeValid(text->text, &position))) continue;
    kept.text.append(text->text, start, position - start);
    kept.origin.insert(kept.origin.end(), position - start, text->origin[start]);
  }
  *text = std::move(kept);
}

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_STAGES_NORMALIZERS_TRANSFORM_H_
