#include "vocab_merge/rules/cause.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/vocab_merge/toy.h"

namespace tokgraft {
namespace {

// Why the piece with these bytes does not come out.
DeadPiece Explained(const TokenizerSpec& spec, std::string_view bytes) {
  std::vector<DeadPiece> pieces = {{.id = spec.vocab.Find(bytes), .bytes = bytes}};
  const Status status = ExplainDead(spec, {}, &pieces);
  EXPECT_TRUE(status.ok()) << status;
  return pieces[0];
}

TokenizerSpec WithPiece(TokenizerSpec spec, std::string_view bytes) {
  const auto id = static_cast<TokenId>(spec.id_limit());
  const std::string spelling = *Spell(spec.spelling, bytes);
  spec.vocab.Add({.id = id, .bytes = bytes, .spelling = spelling});
  return spec;
}

TEST(CauseTest, NoPathWhereNoOtherStageStandsInTheWay) {
  EXPECT_EQ(Explained(WithPiece(toy::ByteLevel({}), "xyz"), "xyz").cause, Cause::kNoPath);
}

TEST(CauseTest, ACutOnlyWhereTheJoinsWouldMakeThePiece) {
  EXPECT_EQ(Explained(toy::ByteLevel({{"a", "."}}), "a.").cause, Cause::kPreTokenizer);
  // Cut too, but no joins lead there.
  EXPECT_EQ(Explained(WithPiece(toy::ByteLevel({}), "a."), "a.").cause, Cause::kNoPath);
}

TEST(CauseTest, NumbersOfAnyScriptAreDigits) {
  // U+0661 and U+2167 are a digit and a letter number; the spaces beside them change nothing.
  for (const std::string_view bytes : {"12", " 12", "1\u0661", "1\u2167"}) {
    TokenizerSpec spec =
        toy::Characters(Spelling::kRaw, {"1", "2", " ", "\u0661", "\u2167"},
                        {{"1", "2"}, {" ", "12"}, {"1", "\u0661"}, {"1", "\u2167"}});
    auto& split = spec.pre_tokenizers.emplace_back().emplace<pre_tokenizer::FixedLength>();
    split.length = 1;
    EXPECT_EQ(Explained(spec, bytes).cause, Cause::kDigits) << bytes;
  }
  TokenizerSpec mixed = toy::ByteLevel({{"1", "a"}});
  EXPECT_EQ(Explained(mixed, "1a").cause, Cause::kPreTokenizer);
}

TEST(CauseTest, TheNormalizerTellsWhatThePieceBecomes) {
  TokenizerSpec spec = toy::ByteLevel({{"A", "b"}});
  spec.normalizers = {normalizer::Lowercase{}};
  const DeadPiece piece = Explained(spec, "Ab");
  EXPECT_EQ(piece.cause, Cause::kNormalizer);
  EXPECT_EQ(piece.becomes, "ab");
}

TEST(CauseTest, WhatTheNormalizerPutsBeforeThePieceIsNoChange) {
  // "▁" is written before the text and spaces become "▁": "b c" arrives as " b c".
  const TokenizerSpec spec = WithPiece(toy::Metaspace({"b", "c"}, {}), "b c");
  EXPECT_EQ(Explained(spec, "b c").cause, Cause::kNoPath);
}

TEST(CauseTest, AnAddedTokenInsideComesFirst) {
  TokenizerSpec spec = toy::ByteLevel({{"A", "b"}, {"Ab", "."}});
  spec.normalizers = {normalizer::Lowercase{}};
  spec.added_tokens = {{.id = 300, .content = "b."}};
  EXPECT_EQ(Explained(spec, "Ab.").cause, Cause::kAddedToken);
  EXPECT_EQ(Explained(spec, "Ab").cause, Cause::kNormalizer);  // holds a part of it only
}

TEST(CauseTest, AUserDefinedPieceInsideIsFoundFirstToo) {
  TokenizerSpec spec = WithPiece(toy::Ranks({}), "xaby");
  spec.vocab.Add({.id = 257, .bytes = "ab", .spelling = "ab", .kind = PieceKind::kUserDefined});
  EXPECT_EQ(Explained(spec, "xaby").cause, Cause::kAddedToken);
}

TEST(CauseTest, APieceThatTheSpecLacksHasNoPath) {
  EXPECT_EQ(Explained(toy::ByteLevel({}), "a.").cause, Cause::kNoPath);
}

}  // namespace
}  // namespace tokgraft
