#include "vocab_merge/extend/chain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/vocab_merge/toy.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Growth BuildChains(const TokenizerSpec& base, const std::vector<std::string_view>& wanted,
                   const ForbiddenPieces& forbidden = {}, std::uint64_t limit = kNoLimit) {
  const StatusOr<ChainBuilder> builder = ChainBuilder::Make(base);
  EXPECT_TRUE(builder.ok()) << builder.status();
  return builder->Build(wanted, forbidden, limit);
}

std::vector<std::string> PiecesOf(const Growth& growth) {
  std::vector<std::string> out;
  for (const NewPiece& piece : growth.pieces) out.push_back(piece.bytes);
  return out;
}

TEST(ChainTest, GoesOnWhereTheBaseGetsStuck) {
  const Growth growth = BuildChains(toy::ByteLevel({{"t", "h"}}), {"the"});
  EXPECT_THAT(PiecesOf(growth), ElementsAre("the"));
  EXPECT_THAT(growth.merges, ElementsAre(Merge{256, 'e', 257}));
  EXPECT_EQ(growth.pieces[0].saves, 1U);
}

TEST(ChainTest, AddsHelpersOnTheWayWholeCharactersFirst) {
  const Growth growth = BuildChains(toy::ByteLevel({}), {"a\u4e2d"});
  EXPECT_THAT(PiecesOf(growth), ElementsAre("\xE4\xB8", "\u4e2d", "a\u4e2d"));
  for (const NewPiece& piece : growth.pieces) EXPECT_EQ(piece.owner, 0U);
}

TEST(ChainTest, JoinsAcrossAnExistingPieceFirst) {
  // a + bc would need a helper less only if "bc" came first; "ab" is a piece of the base.
  const Growth growth = BuildChains(toy::ByteLevel({{"b", "c"}, {"a", "b"}}), {"abcd"});
  EXPECT_THAT(PiecesOf(growth), ElementsAre("abc", "abcd"));
  EXPECT_THAT(growth.merges, ElementsAre(Merge{'a', 256, 258}, Merge{258, 'd', 259}));
}

TEST(ChainTest, AForbiddenHelperIsGoneAround) {
  const TokenizerSpec base = toy::ByteLevel({});
  EXPECT_THAT(PiecesOf(BuildChains(base, {"abc"})), ElementsAre("ab", "abc"));
  EXPECT_THAT(PiecesOf(BuildChains(base, {"abc"}, {"ab"})), ElementsAre("bc", "abc"));
  const Growth none = BuildChains(base, {"abc"}, {"ab", "bc"});
  EXPECT_THAT(none.pieces, IsEmpty());
  EXPECT_THAT(none.merges, IsEmpty());
  EXPECT_THAT(none.refused, ElementsAre(0U));
}

TEST(ChainTest, WhatTheLimitDoesNotPayForIsTakenBack) {
  const Growth growth = BuildChains(toy::ByteLevel({}), {"abc", "xy"}, {}, 1);
  EXPECT_THAT(PiecesOf(growth), ElementsAre("xy"));
  EXPECT_THAT(growth.unpaid, ElementsAre(0U));
  EXPECT_EQ(growth.merges.size(), 1U);
}

TEST(ChainTest, RanksNeedPiecesOnly) {
  const Growth growth = BuildChains(toy::Ranks({"ab"}), {"abc"});
  EXPECT_THAT(PiecesOf(growth), ElementsAre("abc"));
  EXPECT_THAT(growth.merges, IsEmpty());
}

TEST(ChainTest, AMergeListGetsTheCharactersThatItLacks) {
  const TokenizerSpec base = toy::Metaspace({"a"}, {});
  const Growth growth = BuildChains(base, {"a\u4e2d"});
  EXPECT_THAT(PiecesOf(growth), ElementsAre("\u4e2d", "a\u4e2d"));
  EXPECT_EQ(growth.pieces[0].saves, 2U);  // it was three byte pieces
  EXPECT_THAT(BuildChains(base, {"\xE4\xB8"}).refused, ElementsAre(0U));
}

TEST(ChainTest, TellsOfTheJoinsOfTheBase) {
  const TokenizerSpec list = toy::ByteLevel({{"a", "b"}});
  const ChainBuilder by_list = *ChainBuilder::Make(list);
  EXPECT_FALSE(by_list.joins_by_text());
  ASSERT_TRUE(by_list.FindMerge('a', 'b').has_value());
  EXPECT_EQ(by_list.FindMerge('a', 'b')->product, 256U);
  EXPECT_FALSE(by_list.FindMerge('b', 'a').has_value());
  EXPECT_EQ(by_list.FindPiece("ab"), 256U);
  EXPECT_EQ(by_list.FindPiece("ba"), std::nullopt);
  EXPECT_TRUE(by_list.SpellingTaken("ab"));
  EXPECT_FALSE(by_list.SpellingTaken("ba"));
  const TokenizerSpec ranks = toy::Ranks({"xyz", "ab"});
  const ChainBuilder by_text = *ChainBuilder::Make(ranks);
  EXPECT_TRUE(by_text.joins_by_text());
  EXPECT_EQ(by_text.FindText("ab")->product, 257U);
  EXPECT_EQ(by_text.FindText("ab")->turn, 257);
  EXPECT_FALSE(by_text.FindText("abc").has_value());
}

TEST(ChainTest, RefusesAVeryLongPieceAndAModelThatIsNotBpe) {
  const std::string long_piece(5000, 'a');
  EXPECT_THAT(BuildChains(toy::ByteLevel({}), {long_piece}).refused, ElementsAre(0U));
  TokenizerSpec base = toy::ByteLevel({});
  base.model = WordPieceModel{};
  EXPECT_EQ(ChainBuilder::Make(base).status().code(), absl::StatusCode::kUnimplemented);
}

}  // namespace
}  // namespace tokgraft
