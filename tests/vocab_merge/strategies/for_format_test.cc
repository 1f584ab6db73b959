#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/vocab_merge/findings.h"
#include "tests/vocab_merge/toy.h"
#include "tokenizer/tokenizer.h"

namespace tokgraft {
namespace {

using ::testing::HasSubstr;

TEST(ForFormatTest, PiecesAreBuiltUnderTheSemanticsOfTheFormat) {
  // In a merge list "xyz" needs one chain; ranks join any two whose concatenation is a piece.
  const TokenizerSpec base = toy::ByteLevel({{"a", "b"}});
  const TokenizerSpec donor = toy::ByteLevel({{"y", "z"}, {"x", "yz"}});
  const MergeResult merged = toy::Merged(base, donor, {.format = Format::kTiktoken});
  EXPECT_EQ(merged.tokenizer.format, Format::kTiktoken);
  EXPECT_EQ(std::get<BpeModel>(merged.tokenizer.model).order, BpeModel::Order::kRank);
  ASSERT_EQ(merged.id_map.added.size(), 2U);
  EXPECT_TRUE(merged.id_map.added[0].merges.empty());
  EXPECT_EQ(merged.certificate.level, "L1");
  EXPECT_THAT(merged.certificate.reason,
              HasSubstr("; the base was turned into tiktoken first, with the same joins on every "
                        "text"));
  const Tokenizer made = *Compile(merged.tokenizer);
  std::vector<TokenId> ids;
  made.EncodeIds("abxyz", &ids);
  EXPECT_EQ(ids, (std::vector<TokenId>{256, 258}));
}

TEST(ForFormatTest, ASwapTurnsTheDonor) {
  const MergeResult swapped = toy::Merged(toy::ByteLevel({}), toy::Ranks({"xy"}),
                                          {.strategy = "swap", .format = Format::kTokenizerJson});
  EXPECT_EQ(swapped.tokenizer.format, Format::kTokenizerJson);
  EXPECT_EQ(swapped.id_map.added.size(), 1U);
}

TEST(ForFormatTest, WhatTheFormatCannotSayIsRefused) {
  const TokenizerSpec base = toy::ByteLevel({{"a", "b"}});
  const StatusOr<MergeResult> merged =
      MergeTokenizers(base, base, {.format = Format::kSentencePiece});
  EXPECT_FALSE(merged.ok());
}

}  // namespace
}  // namespace tokgraft
