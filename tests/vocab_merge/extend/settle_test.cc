#include "vocab_merge/extend/settle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "tests/vocab_merge/toy.h"
#include "tests/vocab_merge/toy_whole.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Settled SettleAll(const TokenizerSpec& base, const std::vector<std::string>& texts,
                  const std::vector<std::string_view>& protect = {},
                  std::uint64_t limit = kNoLimit) {
  std::vector<WholePiece> pieces;
  for (const std::string& text : texts) {
    const bool inside = text.starts_with("##");
    pieces.push_back(*SpellWhole(base, inside ? text.substr(2) : text, inside));
  }
  std::vector<std::size_t> all(pieces.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  const StatusOr<Settled> out =
      Settle(base, pieces, all, {.protect = protect, .limit = limit, .witness = {.threads = 1}});
  EXPECT_TRUE(out.ok()) << out.status();
  return out.ok() ? *out : Settled{};
}

TEST(SettleTest, WhatLosesToTwoOldPiecesIsDead) {
  const TokenizerSpec base = toy::Unigram({{"a", -1}, {"b", -1}, {"c", -3}});
  const Settled out = SettleAll(base, {"ab", "cc"});
  EXPECT_THAT(out.kept, ElementsAre(1));
  EXPECT_THAT(out.witnesses, ElementsAre("cc"));
  ASSERT_EQ(out.dead.size(), 1U);
  EXPECT_EQ(out.dead[0].piece, 0U);
  EXPECT_EQ(out.dead[0].cause, Cause::kNoPath);
}

TEST(SettleTest, AnotherStageIsNamed) {
  TokenizerSpec base = toy::Unigram({{"a", -3}, {"b", -3}, {"1", -3}, {" ", -3}});
  base.normalizers.emplace_back().emplace<normalizer::Lowercase>();
  auto& split = base.pre_tokenizers.emplace_back().emplace<pre_tokenizer::Split>();
  split.pattern.text = " ";
  base.pre_tokenizers.emplace_back().emplace<pre_tokenizer::Digits>().individual_digits = true;
  const Settled out = SettleAll(base, {"A", "a b", "11", "ab"});
  EXPECT_THAT(out.kept, ElementsAre(3));
  ASSERT_EQ(out.dead.size(), 3U);
  EXPECT_EQ(out.dead[0].cause, Cause::kNormalizer);
  EXPECT_EQ(out.dead[0].becomes, "a");
  EXPECT_EQ(out.dead[1].cause, Cause::kPreTokenizer);
  EXPECT_EQ(out.dead[2].cause, Cause::kDigits);
}

TEST(SettleTest, WhatCutsAnewGoesAndSaysWhere) {
  const TokenizerSpec base = toy::Unigram({{"a", -3}, {"b", -3}, {"c", -3}, {"bc", -5}});
  const std::string before(200, 'a');
  const std::string text = before + "bc" + before;
  const Settled out = SettleAll(base, {"aaab", "cc"}, {text});
  EXPECT_THAT(out.kept, ElementsAre(1));
  ASSERT_EQ(out.cutters.size(), 1U);
  EXPECT_EQ(out.cutters[0].piece, 0U);
  EXPECT_LT(out.cutters[0].witness.size(), 100U);
  EXPECT_THAT(out.cutters[0].witness, ::testing::HasSubstr("aaabc"));
}

TEST(SettleTest, WhatMakesKnownTextUnknownGoes) {
  const TokenizerSpec base = toy::WordPiece({"ab", "##cd"});
  const Settled out = SettleAll(base, {"abc", "abd"}, {"ab abcd"});
  EXPECT_THAT(out.kept, ElementsAre(1));
  ASSERT_EQ(out.cutters.size(), 1U);
  EXPECT_EQ(out.cutters[0].piece, 0U);
  EXPECT_EQ(out.cutters[0].witness, "ab abcd");
}

TEST(SettleTest, ALimitIsFilledWithWhatComesNext) {
  const TokenizerSpec base = toy::Unigram({{"a", -1}, {"b", -3}, {"c", -3}});
  const Settled out = SettleAll(base, {"aa", "bb", "cc", "bc"}, {}, 2);
  EXPECT_THAT(out.kept, ElementsAre(1, 2));
  EXPECT_EQ(out.dead.size(), 1U);
  EXPECT_THAT(SettleAll(base, {"bb"}, {}, 0).kept, IsEmpty());
}

TEST(SettleTest, DeadPiecesOfAllAtOnce) {
  const TokenizerSpec base = toy::Unigram({{"a", -1}, {"b", -3}});
  const std::vector<WholePiece> pieces = {*SpellWhole(base, "aa", false),
                                          *SpellWhole(base, "bb", false)};
  const StatusOr<std::vector<Settled::Dead>> dead = FindDead(base, pieces, {.threads = 1});
  ASSERT_TRUE(dead.ok()) << dead.status();
  ASSERT_EQ(dead->size(), 1U);
  EXPECT_EQ((*dead)[0].piece, 0U);
}

}  // namespace
}  // namespace tokgraft
