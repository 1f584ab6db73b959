// Finds added tokens in text, before the model sees it.
//
// As tokenizers: from the left, the longest token at each place, then each token's own rules
// (single_word, lstrip, rstrip). As llama.cpp: the longest token anywhere first, then the next.
// One walk over a trie, whatever the number of tokens; text without a first byte of any token is
// only skimmed. Thread-safe, const.
#ifndef TOKGRAFT_TOKENIZER_STAGES_ADDED_TOKENS_H_
#define TOKGRAFT_TOKENIZER_STAGES_ADDED_TOKENS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/models/byte_trie.h"
#include "tokenizer/spec.h"
#include "tokenizer/status.h"

namespace tokgraft {

// A piece of text, [begin, end) in bytes: an added token, or text between them.
struct TextSegment {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::optional<TokenId> token;
  friend bool operator==(const TextSegment&, const TextSegment&) = default;
};

class AddedTokenMatcher {
 public:
  struct Pattern {
    std::string text;  // what to find: the content, or its normalized form
    AddedToken token;
  };
  // Unimplemented: an empty pattern, one twice, or one absurdly long.
  static StatusOr<AddedTokenMatcher> Compile(std::vector<Pattern> patterns, Reference reference);

  bool empty() const { return patterns_.empty(); }
  // Appends the segments of `text` in order. They cover it, save that segments of text are never
  // empty, and that tokens may overlap where one stripped spaces that are another (as HF does).
  void Split(std::string_view text, std::vector<TextSegment>* segments) const;

 private:
  // The first place at or after `from` where a pattern may start, or the size of the text.
  std::size_t NextCandidate(std::string_view text, std::size_t from) const;
  void SplitLeftmostLongest(std::string_view text, std::vector<TextSegment>* segments) const;
  void SplitLongestFirst(std::string_view text, std::vector<TextSegment>* segments) const;

  std::vector<Pattern> patterns_;
  ByteTrie trie_;  // -> index of patterns_
  std::array<bool, 256> first_bytes_{};
  bool longest_first_ = false;
};

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_STAGES_ADDED_TOKENS_H_
