#include "tokenizer/models/model.h"

#include <utility>

namespace tokgraft {

StatusOr<CompiledModel> CompiledModel::Compile(const TokenizerSpec& spec, bool byte_domain) {
  if (std::holds_alternative<BpeModel>(spec.model)) {
    TOKGRAFT_ASSIGN_OR_RETURN(Bpe bpe, Bpe::Compile(spec, byte_domain));
    return CompiledModel(std::move(bpe));
  }
  if (std::holds_alternative<UnigramModel>(spec.model)) {
    TOKGRAFT_ASSIGN_OR_RETURN(Unigram unigram, Unigram::Compile(spec, byte_domain));
    return CompiledModel(std::move(unigram));
  }
  if (std::holds_alternative<WordPieceModel>(spec.model)) {
    TOKGRAFT_ASSIGN_OR_RETURN(WordPiece wordpiece, WordPiece::Compile(spec, byte_domain));
    return CompiledModel(std::move(wordpiece));
  }
  return UnimplementedError(Cat("model: ", std::get<UnknownStage>(spec.model).type,
                                " is not supported, expected BPE, Unigram or WordPiece"));
}

void CompiledModel::EncodeRanges(std::string_view word, ModelScratch* scratch,
                                 std::vector<TokenRange>* ranges) const {
  if (const auto* bpe = std::get_if<Bpe>(&model_)) {
    bpe->EncodeRanges(word, &scratch->bpe, ranges);
  } else if (const auto* unigram = std::get_if<Unigram>(&model_)) {
    unigram->EncodeRanges(word, &scratch->unigram, ranges);
  } else {
    std::get<WordPiece>(model_).EncodeRanges(word, ranges);
  }
}

}  // namespace tokgraft
