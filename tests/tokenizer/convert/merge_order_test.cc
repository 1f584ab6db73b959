#include "tokenizer/convert/merge_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/tokenizer/toy_spec.h"

namespace tokgraft {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> Products(const TokenizerSpec& spec, const MergeOrder& order) {
  std::vector<std::string> out;
  for (const LiveJoin& join : order.live) {
    out.emplace_back(spec.vocab.Get(join.merge.product)->spelling);
  }
  return out;
}

std::vector<std::string> Spellings(const TokenizerSpec& spec, const std::vector<TokenId>& ids) {
  std::vector<std::string> out;
  for (const TokenId id : ids) out.emplace_back(spec.vocab.Get(id)->spelling);
  return out;
}

MergeOrder OrderOf(const TokenizerSpec& spec) {
  StatusOr<MergeOrder> order = FindMergeOrder(spec);
  EXPECT_TRUE(order.ok()) << order.status();
  return order.ok() ? *std::move(order) : MergeOrder();
}

TEST(MergeOrderTest, FindsTheLastJoinOfEachPiece) {
  TokenizerSpec spec = toy::Spec({{"a"}, {"b"}, {"ab"}, {"ba"}, {"aba"}}, BpeModel());
  toy::AddMerges({{"a", "b"}, {"b", "a"}, {"a", "ba"}, {"ab", "a"}}, &spec);
  const MergeOrder order = OrderOf(spec);
  EXPECT_THAT(Products(spec, order), ElementsAre("ab", "ba", "aba"));
  // (a, ba) is listed, but ab is joined first wherever aba stands.
  EXPECT_EQ(order.live[2].merge, (Merge{2, 0, 4}));
  EXPECT_THAT(order.stuck, IsEmpty());
  EXPECT_THAT(order.dead, IsEmpty());
  EXPECT_FALSE(order.has_ties);
}

TEST(MergeOrderTest, TellsWhereAnyNeighboursWouldJoin) {
  TokenizerSpec spec = toy::Spec({{"a"}, {"b"}, {"c"}, {"ab"}, {"abc"}, {"cba"}}, BpeModel());
  toy::AddMerges({{"a", "b"}}, &spec);
  const MergeOrder order = OrderOf(spec);
  EXPECT_THAT(Spellings(spec, order.stuck), ElementsAre("abc")) << "ab and c stand side by side";
  EXPECT_THAT(Spellings(spec, order.dead), ElementsAre("cba"));
}

TEST(MergeOrderTest, TheLastOfTwoEqualMergesCountsForHuggingFaceTheFirstForLlamaCpp) {
  TokenizerSpec spec = toy::Spec({{"a"}, {"b"}, {"ab"}, {"ba"}}, BpeModel());
  toy::AddMerges({{"a", "b"}, {"b", "a"}, {"a", "b"}}, &spec);
  EXPECT_THAT(Products(spec, OrderOf(spec)), ElementsAre("ba", "ab"));
  spec.reference = Reference::kLlamaCpp;
  EXPECT_THAT(Products(spec, OrderOf(spec)), ElementsAre("ab", "ba"));
}

TEST(MergeOrderTest, ScoresAreOrderedHighestFirstAndTiesAreTold) {
  BpeModel by_score;
  by_score.order = BpeModel::Order::kScore;
  TokenizerSpec spec = toy::Spec({{"a"}, {"b"}, {"ab", -2}, {"ba", -1}, {"aba", -3}}, by_score);
  MergeOrder order = OrderOf(spec);
  EXPECT_THAT(Products(spec, order), ElementsAre("ba", "ab", "aba"));
  EXPECT_EQ(order.live[2].merge, (Merge{0, 3, 4}));
  EXPECT_FALSE(order.has_ties);
  spec = toy::Spec({{"a"}, {"b"}, {"ab", -1}, {"ba", -1}, {"abx", -3}}, by_score);
  order = OrderOf(spec);
  EXPECT_TRUE(order.has_ties);
  EXPECT_TRUE(order.lacks_characters) << "x is no piece";
}

TEST(MergeOrderTest, LongPiecesAreRefused) {
  const TokenizerSpec spec = toy::Spec({{"a"}, {std::string(5000, 'a')}}, BpeModel());
  EXPECT_EQ(FindMergeOrder(spec).status().code(), absl::StatusCode::kUnimplemented);
}

}  // namespace
}  // namespace tokgraft
