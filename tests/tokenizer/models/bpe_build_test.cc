// What Compile refuses, in words, and the order that scores stand for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/tokenizer/toy_spec.h"
#include "tokenizer/models/bpe.h"

namespace tokgraft {
namespace {

std::string BpeBuildError(const TokenizerSpec& spec, bool byte_domain = false) {
  return std::string(Message(Bpe::Compile(spec, byte_domain).status()));
}
std::vector<TokenId> BpeIds(const TokenizerSpec& spec, std::string_view word) {
  const Bpe bpe = Bpe::Compile(spec, false).value();
  BpeScratch scratch;
  std::vector<TokenId> ids;
  bpe.Encode(word, &scratch, &ids);
  return ids;
}

TEST(BpeBuildTest, RefusesWhatTheFileCannotMean) {
  BpeModel model;
  model.dropout = 0.5;
  EXPECT_EQ(BpeBuildError(toy::Spec({{"a"}}, model)),
            "model.dropout: BPE with dropout gives other ids every time");
  model = {};
  model.has_unk = true;
  model.unk_spelling = "<unk>";
  EXPECT_EQ(BpeBuildError(toy::Spec({{"a"}}, model)),
            "model.unk_token: \"<unk>\" is not in the vocabulary; add it, or set it to null");
  TokenizerSpec spec = toy::Spec({{"a"}}, BpeModel{});
  spec.vocab.Add({.id = 0, .bytes = "b", .spelling = "b"});
  EXPECT_EQ(BpeBuildError(spec),
            "model.vocab: id 0 has two pieces, the second \"b\", expected one; give each its own");
  spec = toy::Spec({{"a"}}, BpeModel{});
  spec.vocab.Add({.id = (1U << 24) - 1, .bytes = "b", .spelling = "b"});
  EXPECT_EQ(BpeBuildError(spec), "");
  spec.vocab.Add({.id = 1U << 24, .bytes = "c", .spelling = "c"});
  EXPECT_EQ(BpeBuildError(spec), "model.vocab: an id of 16777216, expected less than 16777216");
}

TEST(BpeBuildTest, RanksNeedAllBytes) {
  BpeModel model;
  model.order = BpeModel::Order::kRank;
  TokenizerSpec spec = toy::Spec({}, model, Reference::kTiktoken);
  spec.spelling = Spelling::kRaw;
  for (int byte = 0; byte < 255; ++byte) {
    const std::string bytes(1, static_cast<char>(byte));
    spec.vocab.Add({.id = static_cast<TokenId>(byte), .bytes = bytes, .spelling = bytes});
  }
  EXPECT_EQ(BpeBuildError(spec, true), "byte 255 has no piece, expected ranks for all 256 bytes");
  spec.vocab.Add({.id = 255, .bytes = "\xFF", .spelling = "\xFF"});
  EXPECT_EQ(BpeBuildError(spec, true), "");
}

TEST(BpeBuildTest, AffixesBelongToTokenizerJsonAndExcludeBytes) {
  BpeModel model;
  model.end_of_word_suffix = "</w>";
  EXPECT_EQ(BpeBuildError(toy::Spec({{"a"}}, model, Reference::kTiktoken)),
            "model: BPE with affixes outside tokenizer.json");
  model.byte_fallback = true;
  EXPECT_EQ(BpeBuildError(toy::Spec({{"a"}}, model)),
            "model.byte_fallback: together with a subword prefix or suffix");
  model.end_of_word_suffix = "";  // an empty one is none
  EXPECT_EQ(BpeBuildError(toy::Spec({{"a"}}, model)), "");
  model.byte_fallback = false;
  TokenizerSpec spec = toy::Spec({{"a"}}, model);
  spec.spelling = Spelling::kByteLevel;
  EXPECT_EQ(BpeBuildError(spec, true),
            "model.unk_token: null together with a subword prefix or suffix, behind a ByteLevel "
            "pre-tokenizer whose bytes are not all pieces");
}

TEST(BpeBuildTest, LlamaCppNeedsAPieceForEachByte) {
  EXPECT_EQ(BpeBuildError(toy::Spec({{"a"}}, BpeModel{}, Reference::kLlamaCpp)),
            "tokenizer.ggml.tokens: no piece for byte 0, expected <0x00>");
}

TEST(BpeBuildTest, SentencePieceTellsMinusZeroFromZeroLlamaCppDoesNot) {
  BpeModel model;
  model.order = BpeModel::Order::kScore;
  const std::vector<toy::ToyPiece> pieces = {{"a"}, {"b"}, {"c"}, {"ab", -0.0}, {"bc", 0.0}};
  EXPECT_THAT(BpeIds(toy::Spec(pieces, model, Reference::kSentencePiece), "abc"),
              testing::ElementsAre(0, 4));
  std::vector<toy::ToyPiece> with_bytes = pieces;
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  for (std::size_t byte = 0; byte < 256; ++byte) {
    with_bytes.push_back({Cat("<0x", kDigits[byte >> 4], kDigits[byte & 15], ">")});
  }
  EXPECT_THAT(BpeIds(toy::Spec(with_bytes, model, Reference::kLlamaCpp), "abc"),
              testing::ElementsAre(3, 2));
}

TEST(BpeBuildTest, ScoresAreComparedAsFloats) {
  BpeModel model;
  model.order = BpeModel::Order::kScore;
  // The two scores are one float: a tie, so the leftmost joins.
  EXPECT_THAT(BpeIds(toy::Spec({{"a"}, {"b"}, {"c"}, {"ab", -1.00000001}, {"bc", -1.0}}, model,
                               Reference::kSentencePiece),
                     "abc"),
              testing::ElementsAre(3, 2));
  EXPECT_THAT(BpeIds(toy::Spec({{"a"}, {"b"}, {"c"}, {"ab", -1.001}, {"bc", -1.0}}, model,
                               Reference::kSentencePiece),
                     "abc"),
              testing::ElementsAre(0, 4));
}

}  // namespace
}  // namespace tokgraft
