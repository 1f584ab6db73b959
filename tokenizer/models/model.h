// The model of a spec, compiled: one word in, tokens out. The word comes as the pre-tokenizer left
// it: raw bytes in the byte domain, else UTF-8 in the spelling of the vocabulary.
#ifndef TOKGRAFT_TOKENIZER_MODELS_MODEL_H_
#define TOKGRAFT_TOKENIZER_MODELS_MODEL_H_

#include <string_view>
#include <variant>
#include <vector>

#include "tokenizer/models/bpe.h"
#include "tokenizer/models/token_range.h"
#include "tokenizer/models/unigram.h"
#include "tokenizer/models/wordpiece.h"
#include "tokenizer/spec.h"
#include "tokenizer/status.h"

namespace tokgraft {

// Of one thread.
struct ModelScratch {
  BpeScratch bpe;
  UnigramScratch unigram;
  WordPieceScratch wordpiece;
};

class CompiledModel {
 public:
  static StatusOr<CompiledModel> Compile(const TokenizerSpec& spec, bool byte_domain);

  // Appends the ids of each of `words`, none of them empty.
  template <typename Words>
  void Encode(const Words& words, ModelScratch* scratch, std::vector<TokenId>* ids) const {
    if (const auto* bpe = std::get_if<Bpe>(&model_)) {
      for (const std::string_view word : words) bpe->Encode(word, &scratch->bpe, ids);
    } else if (const auto* unigram = std::get_if<Unigram>(&model_)) {
      for (const std::string_view word : words) unigram->Encode(word, &scratch->unigram, ids);
    } else {
      const auto& wordpiece = std::get<WordPiece>(model_);
      for (const std::string_view word : words) wordpiece.Encode(word, &scratch->wordpiece, ids);
    }
  }
  // Calls f(unit) for each stretch of `word` that is encoded by itself.
  template <typename F>
  void ForEachUnit(std::string_view word, const F& f) const {
    if (const auto* bpe = std::get_if<Bpe>(&model_)) {
      bpe->ForEachUnit(word, f);
    } else {
      f(word);
    }
  }
  // Appends the tokens of one word with the bytes they cover.
  void EncodeRanges(std::string_view word, ModelScratch* scratch,
                    std::vector<TokenRange>* ranges) const;

 private:
  using Variant = std::variant<Bpe, Unigram, WordPiece>;
  explicit CompiledModel(Variant model) : model_(std::move(model)) {}
  Variant model_;
};

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_MODELS_MODEL_H_
