#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/vocab_merge/findings.h"
#include "tests/vocab_merge/toy.h"
#include "tokenizer/tokenizer.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(IntersectTest, KeepsWhatBothHaveNumberedAnew) {
  // Base: "ab" 256, "cd" 257, "abcd" 258, "ef" 259. Donor: "ef" 256, "cd" 257.
  const TokenizerSpec base = toy::ByteLevel({{"a", "b"}, {"c", "d"}, {"ab", "cd"}, {"e", "f"}});
  const TokenizerSpec donor = toy::ByteLevel({{"e", "f"}, {"c", "d"}});
  const MergeResult both = toy::Merged(base, donor, {.strategy = "intersect"});
  EXPECT_EQ(both.id_map.strategy, "intersect");
  EXPECT_EQ(both.id_map.merged_size, 258U);
  EXPECT_EQ(both.id_map.base_to_merged[257], 256U);
  EXPECT_EQ(both.id_map.base_to_merged[259], 257U);
  EXPECT_EQ(both.id_map.donor_to_merged[256], 257U);
  EXPECT_EQ(both.id_map.donor_to_merged[257], 256U);
  EXPECT_THAT(both.id_map.added, IsEmpty());
  EXPECT_THAT(both.id_map.removed, ElementsAre(RemovedPiece{256, "ab"}, RemovedPiece{258, "abcd"}));
  EXPECT_EQ(*both.tokenizer.vocab.Find("ef"), 257U);
}

TEST(IntersectTest, WhatJoinsMakeOnTheWayStaysToo) {
  // "abcd" is in both, but the donor makes it another way and has no "ab".
  const TokenizerSpec base = toy::ByteLevel({{"a", "b"}, {"c", "d"}, {"ab", "cd"}});
  const TokenizerSpec donor = toy::ByteLevel({{"c", "d"}, {"b", "cd"}, {"a", "bcd"}});
  const MergeResult both = toy::Merged(base, donor, {.strategy = "intersect"});
  EXPECT_THAT(both.id_map.removed, IsEmpty());
  EXPECT_EQ(both.id_map.donor_to_merged[257], std::nullopt);  // "bcd"
  EXPECT_EQ(both.id_map.donor_to_merged[258], 258U);          // "abcd"
}

TEST(IntersectTest, ChoosesNothing) {
  const StatusOr<MergeResult> merged = MergeTokenizers(toy::ByteLevel({}), toy::ByteLevel({}),
                                                       {.strategy = "intersect", .budget = 3});
  EXPECT_EQ(Message(merged.status()),
            "strategy: \"intersect\" chooses no pieces, a budget was given; leave it out, or use "
            "\"extend\"");
}

TEST(IntersectTest, NothingInCommonIsAnError) {
  const StatusOr<MergeResult> merged =
      MergeTokenizers(toy::Characters(Spelling::kRaw, {"a", "b"}),
                      toy::Characters(Spelling::kRaw, {"c"}), {.strategy = "intersect"});
  EXPECT_EQ(Message(merged.status()),
            "strategy: \"intersect\": the two have no token in common, so nothing would be left");
}

}  // namespace
}  // namespace tokgraft
