// WordPiece: from the left, the longest piece that fits; a word that does not come out is unknown.
#ifndef TOKGRAFT_TOKENIZER_MODELS_WORDPIECE_H_
#define TOKGRAFT_TOKENIZER_MODELS_WORDPIECE_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "tokenizer/models/byte_trie.h"
#include "tokenizer/models/token_range.h"
#include "tokenizer/models/word_cache.h"
#include "tokenizer/spec.h"
#include "tokenizer/status.h"

namespace tokgraft {

struct WordPieceScratch {
  std::vector<TokenRange> ranges;
  WordCache cache;
};

class WordPiece {
 public:
  // InvalidArgument: no unknown piece. Unimplemented: behind a ByteLevel pre-tokenizer.
  static StatusOr<WordPiece> Compile(const TokenizerSpec& spec, bool byte_domain);

  // Appends the ids of `word`, which is not empty.
  void Encode(std::string_view word, WordPieceScratch* scratch, std::vector<TokenId>* ids) const;
  void EncodeRanges(std::string_view word, std::vector<TokenRange>* ranges) const;

 private:
  ByteTrie first_;      // pieces at the start of a word, as spelled
  ByteTrie following_;  // pieces inside a word, without their prefix
  TokenId unk_ = 0;
  std::size_t most_characters_ = 0;
};

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_MODELS_WORDPIECE_H_
