// Unigram: the segmentation with the highest sum of scores, by the Viterbi algorithm.
//
// Ties and rounding are the reference's own: tokenizers adds in double from the start of each
// pre-token, sentencepiece in float from the start of the sentence (and shifts all live scores when
// they grow past 100,000). Both keep the path that was found first. The lattice is kept only up to
// the last place that every path passes, so memory does not grow with the text.
#ifndef TOKGRAFT_TOKENIZER_MODELS_UNIGRAM_H_
#define TOKGRAFT_TOKENIZER_MODELS_UNIGRAM_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "tokenizer/models/byte_trie.h"
#include "tokenizer/models/token_range.h"
#include "tokenizer/models/word_cache.h"
#include "tokenizer/spec.h"
#include "tokenizer/status.h"

namespace tokgraft {

struct UnigramScratch {
  struct Node {
    double score = 0;         // of the best path that ends here; a float's value in float mode
    std::uint32_t start = 0;  // where its last piece starts, from the window's begin
    TokenId id = 0;
  };
  std::vector<Node> nodes;  // [bytes of the window + 1]
  std::vector<TokenRange> path;
  std::vector<TokenRange> ranges;
  WordCache cache;
};

class Unigram {
 public:
  // `byte_domain`: words are raw bytes. InvalidArgument: no unknown piece, a score that is no
  // number.
  static StatusOr<Unigram> Compile(const TokenizerSpec& spec, bool byte_domain);

  // Appends the ids of `word`, which is not empty.
  void Encode(std::string_view word, UnigramScratch* scratch, std::vector<TokenId>* ids) const;
  void EncodeRanges(std::string_view word, UnigramScratch* scratch,
                    std::vector<TokenRange>* ranges) const;

 private:
  class Emitter;
  template <typename Score>
  void Viterbi(std::string_view word, UnigramScratch* scratch, Emitter* emitter) const;

  bool byte_domain_ = false;
  bool in_float_ = false;       // sentencepiece's arithmetic
  ByteTrie trie_;               // piece -> id
  std::vector<double> scores_;  // by id
  double unk_score_ = 0;
  std::optional<TokenId> unk_;
  bool byte_fallback_ = false;
  std::array<std::optional<TokenId>, 256> byte_tokens_;
};

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_MODELS_UNIGRAM_H_
