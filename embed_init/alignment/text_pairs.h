// Files of lines "<one><TAB><other>": dictionaries and parallel text.
#ifndef TOKGRAFT_EMBED_INIT_ALIGNMENT_TEXT_PAIRS_H_
#define TOKGRAFT_EMBED_INIT_ALIGNMENT_TEXT_PAIRS_H_

#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/base/mapped_file.h"
#include "tokenizer/status.h"

namespace tokgraft {

struct TextPair {
  std::string_view first;
  std::string_view second;
};

struct TextPairs {
  MappedFile file;  // what the pairs look into
  std::vector<TextPair> pairs;
};

// InvalidArgument: no lines at all, or a line without exactly one tab, with an empty side, or that
// is not UTF-8; the message names it, counted from 1. A carriage return at the end is no text.
StatusOr<TextPairs> ReadTextPairs(const std::string& path);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_ALIGNMENT_TEXT_PAIRS_H_
