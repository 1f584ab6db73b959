#include "vocab_merge/extend/cuts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string_view>
#include <tuple>
#include <vector>

#include "tests/vocab_merge/toy.h"
#include "tests/vocab_merge/toy_whole.h"
#include "tokenizer/tokenizer.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<Stretch> CutStretches(const TokenizerSpec& before, const TokenizerSpec& after,
                                  std::string_view text) {
  const Tokenizer a = *Compile(before);
  const Tokenizer b = *Compile(after);
  std::vector<TokenId> old_ids;
  std::vector<TokenId> new_ids;
  a.EncodeIds(text, &old_ids);
  b.EncodeIds(text, &new_ids);
  std::vector<Stretch> out;
  VisitStretches(CutsOf(a, old_ids, b, new_ids, UnknownOf(before), text),
                 [&](const Stretch& stretch) { out.push_back(stretch); });
  return out;
}

TEST(CutsTest, StretchesLieBetweenCommonBoundaries) {
  const TokenizerSpec before = toy::Unigram({{"a", -1}, {"bc", -2}, {"d", -1}, {"c", -9}});
  const TokenizerSpec after =
      toy::Unigram({{"a", -9}, {"bc", -20}, {"d", -1}, {"c", -1}, {"ab", -1}});
  const std::vector<Stretch> out = CutStretches(before, after, "dabcd");
  ASSERT_EQ(out.size(), 3U);
  EXPECT_THAT(out[0].new_cuts, IsEmpty());
  EXPECT_EQ(out[1].before_begin, 1U);
  EXPECT_EQ(out[1].before_end, 3U);
  EXPECT_EQ(out[1].after_begin, 1U);
  EXPECT_EQ(out[1].after_end, 3U);
  EXPECT_THAT(out[1].new_cuts, ElementsAre(1));
  EXPECT_THAT(out[2].new_cuts, IsEmpty());
}

TEST(CutsTest, InsideAnUnknownTokenNothingIsCut) {
  const TokenizerSpec before = toy::Unigram({{"a", -1}});
  const TokenizerSpec after = toy::Unigram({{"a", -1}, {"b", -2}, {"c", -3}});
  const std::vector<Stretch> out = CutStretches(before, after, "abca");
  ASSERT_EQ(out.size(), 3U);
  EXPECT_EQ(out[1].after_end - out[1].after_begin, 2U);
  EXPECT_THAT(out[1].new_cuts, IsEmpty());
}

TEST(CutsTest, WhatWasKnownAndIsNotIsSeen) {
  const TokenizerSpec before = toy::WordPiece({"ab", "##cd"});
  const TokenizerSpec after = toy::WordPiece({"ab", "##cd", "abc"});
  const std::vector<Stretch> out = CutStretches(before, after, "abcd");
  ASSERT_EQ(out.size(), 1U);
  EXPECT_THAT(out[0].new_cuts, IsEmpty());
  EXPECT_THAT(out[0].newly_unknown, ElementsAre(0));
  EXPECT_THAT(CutStretches(before, after, "x abc")[0].newly_unknown, IsEmpty());
}

TEST(CutsTest, UnknownIdsByModel) {
  EXPECT_EQ(UnknownOf(toy::Unigram({})), 0U);
  EXPECT_EQ(UnknownOf(toy::WordPiece({})), 0U);
  EXPECT_EQ(UnknownOf(toy::Metaspace({}, {})), 0U);
  EXPECT_EQ(UnknownOf(toy::ByteLevel({})), std::nullopt);
}

}  // namespace
}  // namespace tokgraft
