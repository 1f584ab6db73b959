// Toy Unigram and WordPiece tokenizers, built by hand like those of toy.h.
#ifndef TOKGRAFT_TESTS_VOCAB_MERGE_TOY_WHOLE_H_
#define TOKGRAFT_TESTS_VOCAB_MERGE_TOY_WHOLE_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tokenizer/spec.h"

namespace tokgraft::toy {

using Scored = std::vector<std::pair<std::string, double>>;

// tokenizer.json with <unk> on id 0 and these pieces; no stages, spaces are spaces.
inline TokenizerSpec Unigram(const Scored& pieces, double unk_score = 0) {
  TokenizerSpec spec;
  spec.source = "toy unigram";
  spec.spelling = Spelling::kRaw;
  spec.vocab.Add({.id = 0,
                  .bytes = "<unk>",
                  .spelling = "<unk>",
                  .kind = PieceKind::kUnknown,
                  .score = unk_score});
  for (const auto& [bytes, score] : pieces) {
    const auto id = static_cast<TokenId>(spec.vocab.id_limit());
    spec.vocab.Add({.id = id, .bytes = bytes, .spelling = bytes, .score = score});
  }
  UnigramModel model;
  model.unk = 0;
  spec.model = model;
  return spec;
}

// The same as sentencepiece has it: ▁ for spaces, float sums; no dummy prefix unless asked for.
inline TokenizerSpec SentencePieceUnigram(const Scored& pieces, bool add_dummy_prefix = false) {
  TokenizerSpec spec = Unigram({});
  spec.source = "toy.model";
  spec.format = Format::kSentencePiece;
  spec.reference = Reference::kSentencePiece;
  spec.spelling = Spelling::kMetaspace;
  for (const auto& [bytes, score] : pieces) {
    const auto id = static_cast<TokenId>(spec.vocab.id_limit());
    const std::string spelling = *Spell(Spelling::kMetaspace, bytes);
    spec.vocab.Add({.id = id, .bytes = bytes, .spelling = spelling, .score = score});
  }
  auto& normalizer = spec.normalizers.emplace_back().emplace<normalizer::SentencePiece>();
  normalizer.name = "identity";
  normalizer.add_dummy_prefix = add_dummy_prefix;
  normalizer.remove_extra_whitespaces = false;
  spec.decoders.emplace();
  spec.decoders->emplace_back().emplace<decoder::SentencePiece>();
  return spec;
}

// tokenizer.json with [UNK] on id 0; `##` marks the inside of words, which spaces part.
inline TokenizerSpec WordPiece(const std::vector<std::string>& spellings) {
  TokenizerSpec spec;
  spec.source = "toy wordpiece";
  spec.spelling = Spelling::kWordPiece;
  spec.vocab.Add({.id = 0, .bytes = "[UNK]", .spelling = "[UNK]", .kind = PieceKind::kUnknown});
  for (const std::string& spelling : spellings) {
    const auto id = static_cast<TokenId>(spec.vocab.id_limit());
    std::string_view bytes = spelling;
    if (bytes.starts_with("##")) bytes.remove_prefix(2);
    spec.vocab.Add({.id = id, .bytes = bytes, .spelling = spelling});
  }
  spec.model.emplace<WordPieceModel>();
  spec.pre_tokenizers.emplace_back().emplace<pre_tokenizer::WhitespaceSplit>();
  spec.decoders.emplace();
  spec.decoders->emplace_back().emplace<decoder::WordPiece>();
  return spec;
}

}  // namespace tokgraft::toy

#endif  // TOKGRAFT_TESTS_VOCAB_MERGE_TOY_WHOLE_H_
