// The stretches of a document that are UTF-8: bytes that are not teach nothing, and U+FFFD, which a
// tokenizer may put in their place, neither.
#ifndef TOKGRAFT_VOCAB_MERGE_LEARN_VALID_TEXT_H_
#define TOKGRAFT_VOCAB_MERGE_LEARN_VALID_TEXT_H_

#include <cstddef>
#include <string_view>

#include "tokenizer/text/utf8.h"

namespace tokgraft {

// Calls f(stretch) for each, in order; none is empty.
template <typename F>
void ForEachValid(std::string_view document, F f) {
  if (IsValidUtf8(document)) {
    if (!document.empty()) f(document);
    return;
  }
  std::size_t begin = 0;
  for (std::size_t at = 0; at <= document.size();) {
    const std::size_t size = at < document.size() ? Utf8Length(document[at]) : 0;
    if (size > 0 && IsValidUtf8(document.substr(at, size))) {
      at += size;
      continue;
    }
    if (at > begin) f(document.substr(begin, at - begin));
    begin = ++at;
  }
}

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_LEARN_VALID_TEXT_H_
