#include "vocab_merge/extend/worth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/vocab_merge/toy.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;

struct WorthToy {
  TokenizerSpec base = toy::ByteLevel({});
  Growth growth;
  explicit WorthToy(const std::vector<std::string_view>& wanted) {
    growth = ChainBuilder::Make(base)->Build(wanted, {});
  }
};

TEST(WorthTest, CreditsJoinsAndCountsNeighbours) {
  const WorthToy toy({"ab", "abc"});
  const std::vector<std::string_view> corpus = {"abc ab", "abx"};
  const std::unordered_map<std::string_view, std::size_t> wanted = {{"abx", 0}, {"zz", 1}};
  const StatusOr<Worth> worth =
      MeasureWorth(toy.base, toy.growth, {.corpus = corpus, .threads = 1, .wanted = &wanted});
  ASSERT_TRUE(worth.ok()) << worth.status();
  EXPECT_THAT(worth->saved, ElementsAre(3U, 1U));  // ab is made three times, once for abc
  EXPECT_EQ(worth->tokens, 5U);
  EXPECT_THAT(worth->neighbours, ElementsAre(::testing::Pair("abx", 1U)));
}

TEST(WorthTest, RanksBySavingsPerIdPartsBeforeWholes) {
  const WorthToy toy({"ab", "xyz"});  // xyz needs xy, which nobody wants
  const std::vector<RankedPiece> ranked = RankByWorth(toy.growth, {5, 8, 8}, {true, false, true});
  ASSERT_EQ(ranked.size(), 2U);
  EXPECT_EQ(ranked[0].piece, 2U);  // 16 tokens for two ids
  EXPECT_EQ(ranked[0].saved, 16U);
  EXPECT_EQ(ranked[0].per_id, 8U);
  EXPECT_EQ(ranked[0].paid, 2U);
  EXPECT_EQ(ranked[1].piece, 0U);
  EXPECT_EQ(ranked[1].paid, 3U);
  EXPECT_TRUE(RankByWorth(toy.growth, {0, 0, 0}, {true, true, true}).empty());
}

}  // namespace
}  // namespace tokgraft
