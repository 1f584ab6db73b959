#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/vocab_merge/findings.h"
#include "tests/vocab_merge/toy.h"
#include "tokenizer/tokenizer.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TokenizerSpec PolicySplit(TokenizerSpec spec, const std::string& regex) {
  pre_tokenizer::Split split;
  split.pattern = {.text = regex, .is_regex = true};
  spec.pre_tokenizers.insert(spec.pre_tokenizers.begin(), split);
  return spec;
}

TEST(WithPoliciesTest, WiderDigitsLetPiecesInAndSayWhatTheyDoToOldText) {
  // The base joins "1" and "2" but its splitter keeps digits apart; the donor's leaves three.
  const TokenizerSpec base =
      PolicySplit(toy::ByteLevel({{"1", "2"}}, /*use_regex=*/false), R"(\p{L}+|\p{N}|\s+)");
  const TokenizerSpec donor = PolicySplit(
      toy::ByteLevel({{"1", "2"}, {"12", "3"}}, /*use_regex=*/false), R"(\p{L}+|\p{N}{1,3}|\s+)");
  const MergeResult kept = toy::Merged(base, donor, {.protect = {"1 12 123"}});
  EXPECT_THAT(kept.id_map.added, IsEmpty());
  EXPECT_EQ(kept.conflicts.counts.at("B4"), 1U);
  EXPECT_EQ(kept.conflicts.policies.at("digits"), "keep");

  const MergeResult wide =
      toy::Merged(base, donor, {.protect = {"1 12 123"}, .policies = {.digits = "widen"}});
  ASSERT_EQ(wide.id_map.added.size(), 1U);
  EXPECT_EQ(wide.id_map.added[0].bytes, "123");
  EXPECT_EQ(wide.conflicts.policies.at("digits"), "widen");
  const std::vector<Finding> found = toy::Of("B4", wide.conflicts);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].message, "runs of digits are as long as the donor's, as was asked for");
  // 1|_|1|2|_|1|2|3 before, 1|_|12|_|12|3 by the rule alone.
  EXPECT_EQ(found[0].action,
            "on 8 bytes of old text, new pieces apart: 8 tokens before, 6 after, 0 new cuts, 2 "
            "changed spans");
  EXPECT_EQ(wide.certificate.level, "L2");
  EXPECT_EQ(wide.certificate.reason, "the pre-tokenizers differ");
  EXPECT_EQ(wide.certificate.merged_tokens, 5U);
}

TEST(WithPoliciesTest, TheDonorsPreTokenizerIsMeasuredToo) {
  const TokenizerSpec base = toy::ByteLevel({{"a", "b"}}, /*use_regex=*/false);
  const TokenizerSpec donor =
      PolicySplit(toy::ByteLevel({{"x", "y"}}, /*use_regex=*/false), R"([ax]|[^ax]+)");
  const MergeResult merged =
      toy::Merged(base, donor, {.protect = {"ab"}, .policies = {.pre_tokenizer = "donor"}});
  EXPECT_EQ(merged.conflicts.policies.at("pre_tokenizer"), "donor");
  ASSERT_FALSE(toy::Of("B3", merged.conflicts).empty());
  EXPECT_EQ(toy::Of("B3", merged.conflicts).back().action,
            "on 2 bytes of old text, new pieces apart: 1 tokens before, 2 after, 1 new cuts, 1 "
            "changed spans");
  EXPECT_EQ(merged.certificate.new_cuts, 1U);
}

TEST(WithPoliciesTest, BytesThatCompleteTheAlphabetAreTheFirstNewIds) {
  // The base lacks the bytes 0x00 and 0xE4 (of Chinese characters), and drops them.
  const TokenizerSpec base = toy::Without(toy::Without(toy::ByteLevel({{"a", "b"}}), 0), 0xE4);
  const TokenizerSpec donor = toy::ByteLevel({{"c", "d"}});
  const MergeResult merged =
      toy::Merged(base, donor, {.budget = 3, .policies = {.byte_alphabet = "complete"}});
  EXPECT_EQ(merged.id_map.base_size, 257U);
  EXPECT_EQ(merged.id_map.base_to_merged.size(), 257U);
  ASSERT_EQ(merged.id_map.added.size(), 3U);
  EXPECT_EQ(merged.id_map.added[0].id, 257U);
  EXPECT_EQ(merged.id_map.added[0].bytes, std::string(1, '\0'));
  EXPECT_EQ(merged.id_map.added[0].donor_id, 0U);
  EXPECT_EQ(merged.id_map.added[1].bytes, "\xE4");
  EXPECT_EQ(merged.id_map.added[1].donor_id, 0xE4U);
  EXPECT_EQ(merged.id_map.added[2].bytes, "cd");
  for (const AddedPiece& piece : merged.id_map.added) EXPECT_NE(piece.witness, "") << piece.id;
  EXPECT_EQ(merged.certificate.reason, "the base lacks bytes");
  EXPECT_EQ(merged.conflicts.policies.at("byte_alphabet"), "complete");
  // Nothing is missing but what no text holds; the finding tells of the policy alone.
  const std::vector<Finding> alphabet = toy::Of("D1", merged.conflicts);
  ASSERT_EQ(alphabet.size(), 1U);
  EXPECT_EQ(alphabet[0].message, "bytes that the base dropped are pieces, as was asked for");
  const Tokenizer made = *Compile(merged.tokenizer);
  std::vector<TokenId> ids;
  made.EncodeIds("\u4e2d", &ids);
  EXPECT_EQ(ids, (std::vector<TokenId>{258, 0xB8, 0xAD}));
}

TEST(WithPoliciesTest, ASwapLeavesNoChoice) {
  const TokenizerSpec base = toy::ByteLevel({});
  EXPECT_EQ(
      Message(MergeTokenizers(base, base, {.strategy = "swap", .policies = {.digits = "widen"}})
                  .status()),
      "strategy: \"swap\" leaves no choice of rules, policies were given; leave them out, or "
      "use \"extend\"");
}

}  // namespace
}  // namespace tokgraft
