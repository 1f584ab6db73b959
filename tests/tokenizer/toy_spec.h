// Hand-made specs of a few pieces, for tests that say the whole vocabulary on the page.
#ifndef TOKGRAFT_TESTS_TOKENIZER_TOY_SPEC_H_
#define TOKGRAFT_TESTS_TOKENIZER_TOY_SPEC_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tokenizer/spec.h"
#include "tokenizer/tokenizer.h"

namespace tokgraft::toy {

struct ToyPiece {
  std::string spelling;
  double score = 0;
  PieceKind kind = PieceKind::kNormal;
};

// The ids are the places in the list; canonical bytes are the spelling with ▁ as a space.
inline TokenizerSpec Spec(const std::vector<ToyPiece>& pieces, Model model,
                          Reference reference = Reference::kHuggingFace) {
  TokenizerSpec spec;
  spec.reference = reference;
  spec.spelling = Spelling::kMetaspace;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const std::string bytes = Unspell(Spelling::kMetaspace, pieces[i].spelling).value();
    spec.vocab.Add({.id = static_cast<TokenId>(i),
                    .bytes = bytes,
                    .spelling = pieces[i].spelling,
                    .kind = pieces[i].kind,
                    .score = pieces[i].score});
  }
  spec.model = std::move(model);
  return spec;
}

// A merge list given by spellings, over the pieces of `spec`.
inline void AddMerges(const std::vector<std::pair<std::string, std::string>>& merges,
                      TokenizerSpec* spec) {
  auto& bpe = std::get<BpeModel>(spec->model);
  for (const auto& [left, right] : merges) {
    bpe.merges.push_back({spec->vocab.FindSpelling(left).value(),
                          spec->vocab.FindSpelling(right).value(),
                          spec->vocab.FindSpelling(left + right).value()});
  }
}

// The spellings of the tokens of `text`, with both ways through the pipeline held to agree.
inline std::vector<std::string> Tokens(const Tokenizer& tokenizer, std::string_view text) {
  std::vector<TokenId> ids;
  tokenizer.EncodeIds(text, &ids);
  std::vector<std::string> out;
  if (tokenizer.Encode(text).ids != ids) return {"the two ways differ"};
  for (const TokenId id : ids) {
    const std::optional<Piece> piece = tokenizer.spec().vocab.Get(id);
    out.emplace_back(piece ? piece->spelling : *tokenizer.token_bytes(id));
  }
  return out;
}

// All strings of 1 to `longest` letters of `alphabet`.
inline std::vector<std::string> AllStrings(std::string_view alphabet, std::size_t longest) {
  std::vector<std::string> all = {""};
  for (std::size_t begin = 0; all.back().size() < longest;) {
    const std::size_t end = all.size();
    for (; begin < end; ++begin) {
      for (const char letter : alphabet) all.push_back(all[begin] + letter);
    }
  }
  all.erase(all.begin());
  return all;
}

}  // namespace tokgraft::toy

#endif  // TOKGRAFT_TESTS_TOKENIZER_TOY_SPEC_H_
