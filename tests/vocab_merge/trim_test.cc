#include "vocab_merge/trim.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "tests/vocab_merge/toy.h"
#include "tokenizer/tokenizer.h"

namespace tokgraft {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

std::vector<TokenId> TrimTestIds(const TokenizerSpec& spec, std::string_view text) {
  const StatusOr<Tokenizer> tokenizer = Compile(spec);
  EXPECT_TRUE(tokenizer.ok()) << tokenizer.status();
  std::vector<TokenId> ids;
  tokenizer->EncodeIds(text, &ids);
  return ids;
}

// The promise: what encodes to kept ids encodes to the same ones, renumbered; nothing else does.
void ExpectTrimKeepsItsPromise(const TokenizerSpec& base, const TrimResult& trimmed,
                               const std::vector<std::string>& texts) {
  const StatusOr<Tokenizer> before = Compile(base);
  const StatusOr<Tokenizer> after = Compile(trimmed.tokenizer);
  ASSERT_TRUE(before.ok() && after.ok()) << before.status() << after.status();
  for (const std::string& text : texts) {
    std::vector<TokenId> old_ids;
    std::vector<TokenId> ids;
    before->EncodeIds(text, &old_ids);
    after->EncodeIds(text, &ids);
    std::vector<TokenId> expected;
    for (const TokenId id : old_ids) {
      if (const auto moved = trimmed.id_map.base_to_merged[id]) expected.push_back(*moved);
    }
    if (expected.size() == old_ids.size()) {
      EXPECT_EQ(ids, expected) << text;
    }
    EXPECT_EQ(*after->Decode(ids), *before->Decode(old_ids)) << text;
  }
}

std::vector<std::string> TrimTestTexts(std::uint32_t seed, int count) {
  std::minstd_rand random(seed + 1);
  std::vector<std::string> out;
  for (int i = 0; i < count; ++i) {
    std::string text;
    for (std::uint_fast32_t n = 1 + random() % 9; n > 0; --n) {
      text += static_cast<char>('a' + random() % 3);
    }
    out.push_back(text);
  }
  return out;
}

// Merges of random pairs of what is there already.
toy::Pairs TrimTestMerges(std::uint32_t seed, int count) {
  std::minstd_rand random(seed + 1);
  std::vector<std::string> pieces = {"a", "b", "c"};
  std::set<std::string> known(pieces.begin(), pieces.end());
  toy::Pairs out;
  for (int i = 0; i < count; ++i) {
    const std::string left = pieces[random() % pieces.size()];
    const std::string right = pieces[random() % pieces.size()];
    if (!known.insert(left + right).second || left.size() + right.size() > 6) continue;
    out.emplace_back(left, right);
    pieces.push_back(left + right);
  }
  return out;
}

TEST(Trim, KeepsWhatTheCorpusUsesAndWhatJoinsMakeOnTheWay) {
  // 256 "ab", 257 "abc", 258 "cd", 259 "xy"
  const TokenizerSpec base = toy::ByteLevel({{"a", "b"}, {"ab", "c"}, {"c", "d"}, {"x", "y"}});
  const auto trimmed = Trim(base, {.corpus = {"abc"}});
  ASSERT_TRUE(trimmed.ok()) << trimmed.status();
  EXPECT_EQ(trimmed->report.used, 1U);
  EXPECT_EQ(trimmed->report.intermediate, 1U);
  EXPECT_EQ(trimmed->report.alphabet, 256U);
  EXPECT_EQ(trimmed->report.removed, 2U);
  EXPECT_EQ(trimmed->report.checked_bytes, 3U);
  EXPECT_EQ(trimmed->id_map.merged_size, 258U);
  EXPECT_EQ(trimmed->id_map.base_to_merged[257], TokenId{257});
  EXPECT_FALSE(trimmed->id_map.base_to_merged[258]);
  ASSERT_THAT(trimmed->id_map.removed, SizeIs(2));
  EXPECT_EQ(trimmed->id_map.removed[1].bytes, "xy");
  EXPECT_EQ(TrimTestIds(trimmed->tokenizer, "abcd"), (std::vector<TokenId>{257, 'd'}));
}

TEST(Trim, KeepsSpecialTokensAndMovesThem) {
  TokenizerSpec base = toy::ByteLevel({{"a", "b"}, {"c", "d"}});
  base.added_tokens.push_back({.id = 258, .content = "<end>", .special = true});
  const auto trimmed = Trim(base, {.corpus = {"ab"}});
  ASSERT_TRUE(trimmed.ok()) << trimmed.status();
  EXPECT_EQ(trimmed->id_map.base_to_merged[258], TokenId{257});
  EXPECT_EQ(TrimTestIds(trimmed->tokenizer, "ab<end>"), (std::vector<TokenId>{256, 257}));
}

TEST(Trim, KeepsTheLiteralsOfTheChatTemplate) {
  TokenizerSpec base = toy::ByteLevel({{"a", "b"}, {"u", "s"}, {"e", "r"}, {"us", "er"}}, false);
  base.companions["chat_template.jinja"] = "{% if role == 'user' %}";
  const auto trimmed = Trim(base, {.corpus = {"ab"}});
  ASSERT_TRUE(trimmed.ok()) << trimmed.status();
  EXPECT_EQ(trimmed->report.literals, 1U);
  EXPECT_EQ(trimmed->report.intermediate, 2U);
  EXPECT_EQ(trimmed->report.removed, 0U);
}

TEST(Trim, KeepsIdsThatAreAskedFor) {
  const TokenizerSpec base = toy::ByteLevel({{"a", "b"}, {"c", "d"}});
  const auto trimmed = Trim(base, {.ids = {257}});
  ASSERT_TRUE(trimmed.ok()) << trimmed.status();
  EXPECT_EQ(trimmed->report.asked, 1U);
  EXPECT_TRUE(trimmed->id_map.base_to_merged[257]);
  EXPECT_FALSE(trimmed->id_map.base_to_merged[256]);
}

TEST(Trim, RefusesNothingToKeepAndUnknownIds) {
  const TokenizerSpec base = toy::ByteLevel({{"a", "b"}});
  EXPECT_FALSE(Trim(base, {}).ok());
  const auto unknown = Trim(base, {.ids = {900}});
  ASSERT_FALSE(unknown.ok());
  EXPECT_THAT(std::string(unknown.status().message()), HasSubstr("id 900"));
}

TEST(Trim, RandomMergeListsKeepThePromise) {
  for (std::uint32_t seed = 0; seed < 60; ++seed) {
    const TokenizerSpec base = toy::ByteLevel(TrimTestMerges(seed, 24), false);
    const std::vector<std::string> kept = TrimTestTexts(seed + 1000, 4);
    const std::vector<std::string_view> views(kept.begin(), kept.end());
    const auto trimmed = Trim(base, {.corpus = views});
    ASSERT_TRUE(trimmed.ok()) << trimmed.status();
    ExpectTrimKeepsItsPromise(base, *trimmed, TrimTestTexts(seed + 2000, 200));
  }
}

TEST(Trim, RandomRanksKeepThePromise) {
  for (std::uint32_t seed = 0; seed < 60; ++seed) {
    std::vector<std::string> pieces;
    for (const auto& [left, right] : TrimTestMerges(seed, 24)) pieces.push_back(left + right);
    const TokenizerSpec base = toy::Ranks(pieces);
    const std::vector<std::string> kept = TrimTestTexts(seed + 1000, 4);
    const std::vector<std::string_view> views(kept.begin(), kept.end());
    const auto trimmed = Trim(base, {.corpus = views});
    ASSERT_TRUE(trimmed.ok()) << trimmed.status();
    ExpectTrimKeepsItsPromise(base, *trimmed, TrimTestTexts(seed + 2000, 200));
  }
}

TEST(Trim, MetaspaceKeepsItsBytes) {
  const TokenizerSpec base =
      toy::Metaspace({"a", "b", "c", " "}, {{"a", "b"}, {"ab", "c"}, {" ", "a"}, {"b", "c"}});
  const auto trimmed = Trim(base, {.corpus = {"abc"}});
  ASSERT_TRUE(trimmed.ok()) << trimmed.status();
  ExpectTrimKeepsItsPromise(base, *trimmed, {"abc", "ab", "bc", "x", "\xC3\xA9", "a b c"});
}

}  // namespace
}  // namespace tokgraft
