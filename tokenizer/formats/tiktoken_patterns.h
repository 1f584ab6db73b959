// What bare tiktoken ranks leave out, by name: the regex and the special tokens.
//
// Facts from tiktoken_ext/openai_public.py of tiktoken 0.14 (r50k, p50k, cl100k, o200k) and from
// the tokenization code published with Llama 4, Kimi K2 and Qwen. Each regex matches every
// character, so splitting at its matches loses no text.
#ifndef TOKGRAFT_TOKENIZER_FORMATS_TIKTOKEN_PATTERNS_H_
#define TOKGRAFT_TOKENIZER_FORMATS_TIKTOKEN_PATTERNS_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tokenizer/token.h"

namespace tokgraft {

struct TiktokenPattern {
  std::string_view name;
  std::string_view regex;   // in the dialect of Rust's fancy-regex
  std::string_view sha256;  // of the published ranks, lower-case hex; empty: not known
};

const TiktokenPattern* FindTiktokenPattern(std::string_view name);          // nullptr: no such name
const TiktokenPattern* FindTiktokenPatternByHash(std::string_view sha256);  // likewise
const TiktokenPattern* FindTiktokenPatternByRegex(std::string_view regex);  // likewise
std::string TiktokenPatternNames();                                         // "r50k p50k ..."

struct TiktokenSpecials {
  std::vector<std::pair<std::string, TokenId>> tokens;
  std::string bos, eos, pad;  // names among them; empty: none
};

// The special tokens of a named pattern; some count them from the number of ranks.
TiktokenSpecials TiktokenSpecialsOf(std::string_view name, std::size_t num_ranks);

// The regex of tekken.json (mistral-common 1.13), which matches every character too.
extern const std::string_view kTekkenRegex;

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_FORMATS_TIKTOKEN_PATTERNS_H_
