// What becomes of the matches of a pattern: HF's five split behaviors.
#ifndef TOKGRAFT_TOKENIZER_STAGES_PRE_TOKENIZERS_BEHAVIOR_H_
#define TOKGRAFT_TOKENIZER_STAGES_PRE_TOKENIZERS_BEHAVIOR_H_

#include <cstddef>
#include <string_view>
#include <vector>

#include "tokenizer/spec.h"
#include "tokenizer/stages/regex.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft {

// A stretch of a text, matched or lying between matches. A list of cuts covers its text.
struct Cut {
  std::size_t begin;
  std::size_t end;
  bool is_match;
};

// Room for the work of a splitter, reused between calls.
struct SplitBuffers {
  std::vector<Cut> cuts;
  std::vector<RegexMatch> matches;
};

// Appends the pieces that `behavior` makes of `cuts`, leaving out empty ones. Uses up `cuts`.
void ApplyBehavior(std::string_view text, pre_tokenizer::SplitBehavior behavior,
                   std::vector<Cut>* cuts, std::vector<std::string_view>* pieces);

// The cuts of a predicate on characters: every character for which `is_match(code point)` holds is
// a match of its own. `text` is valid UTF-8.
template <typename Predicate>
void CutCharacters(std::string_view text, Predicate is_match, std::vector<Cut>* cuts) {
  std::size_t gap = 0;
  for (std::size_t position = 0; position < text.size();) {
    const std::size_t begin = position;
    if (!is_match(DecodeValid(text, &position))) continue;
    if (gap != begin) cuts->push_back({gap, begin, false});
    cuts->push_back({begin, position, true});
    gap = position;
  }
  if (gap != text.size()) cuts->push_back({gap, text.size(), false});
}

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_STAGES_PRE_TOKENIZERS_BEHAVIOR_H_
