#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/vocab_merge/findings.h"
#include "tests/vocab_merge/toy.h"
#include "vocab_merge/merge.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A byte-level toy with one special token, which has the role eos.
TokenizerSpec WithEos(const std::string& content) {
  TokenizerSpec spec = toy::ByteLevel({{"a", "b"}});
  AddedToken token;
  token.id = static_cast<TokenId>(spec.id_limit());
  token.content = content;
  token.special = true;
  spec.added_tokens.push_back(token);
  spec.roles.eos = token.id;
  return spec;
}

TEST(SpecialTokensTest, ADonorThatStopsAtAnotherTokenIsSaid) {
  const TokenizerSpec base = WithEos("<end>");
  const StatusOr<MergeResult> merged = MergeTokenizers(base, WithEos("<stop>"), {});
  ASSERT_TRUE(merged.ok());
  EXPECT_EQ(merged->conflicts.counts.at("D10"), 1u);
  const Finding* found = nullptr;
  for (const Finding& finding : merged->conflicts.findings) {
    if (finding.code == "D10") found = &finding;
  }
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->severity, Severity::kWarning);
  EXPECT_THAT(found->base_ids, ElementsAre(*base.roles.eos));
  EXPECT_THAT(found->examples,
              ElementsAre(HasSubstr("eos_token: \"<end>\" in the base, \"<stop>\" in the donor")));
  EXPECT_EQ(merged->tokenizer.roles.eos, base.roles.eos);
}

TEST(SpecialTokensTest, TheSameStopTokenIsNoConflict) {
  const StatusOr<MergeResult> merged = MergeTokenizers(WithEos("<end>"), WithEos("<end>"), {});
  ASSERT_TRUE(merged.ok());
  EXPECT_EQ(merged->conflicts.counts.at("D10"), 0u);
}

TEST(SpecialTokensTest, D7ANameThatIsSpecialOnOneSideOnly) {
  TokenizerSpec special = toy::ByteLevel({});
  special.added_tokens = {{.id = 256, .content = "ab", .special = true}};
  const TokenizerSpec text = toy::ByteLevel({{"c", "d"}, {"a", "b"}});
  Finding expected{.code = "D7",
                   .severity = Severity::kWarning,
                   .count = 1,
                   .base_ids = {256},
                   .donor_ids = {257},
                   .message = "1 names are special in one tokenizer and text in the other",
                   .action =
                       "not joined: the base's class holds, the donor's token has no id in "
                       "the merged vocabulary",
                   .examples = {"\"ab\": special in the base, an ordinary piece in the donor"}};
  const MergeResult merged = toy::Merged(special, text);
  EXPECT_EQ(toy::Of("D7", merged.conflicts), std::vector<Finding>{expected});
  EXPECT_EQ(merged.id_map.donor_to_merged[257], std::nullopt);
  expected.base_ids = {257};
  expected.donor_ids = {256};
  expected.examples = {"\"ab\": an ordinary piece in the base, special in the donor"};
  EXPECT_EQ(toy::Conflicts("D7", text, special), std::vector<Finding>{expected});
}

TEST(SpecialTokensTest, D8OtherFlagsOnTheSameToken) {
  TokenizerSpec base = WithEos("<end>");
  TokenizerSpec donor = base;
  donor.added_tokens[0].lstrip = true;
  donor.added_tokens[0].normalized = true;
  const MergeResult merged = toy::Merged(base, donor);
  EXPECT_EQ(toy::Of("D8", merged.conflicts),
            (std::vector<Finding>{{.code = "D8",
                                   .count = 1,
                                   .base_ids = {257},
                                   .donor_ids = {257},
                                   .message = "1 added tokens have other flags in the donor",
                                   .action = "the base's flags are kept",
                                   .examples = {"\"<end>\": special in the base, special lstrip "
                                                "normalized in the donor"}}}));
  EXPECT_EQ(merged.tokenizer.added_tokens, base.added_tokens);
  donor.added_tokens[0] = base.added_tokens[0];
  EXPECT_THAT(toy::Conflicts("D8", base, donor), ::testing::IsEmpty());
}

TEST(SpecialTokensTest, D9SpecialTokensOfTheDonorAreNotTakenOver) {
  const TokenizerSpec base = toy::ByteLevel({{"a", "b"}});
  TokenizerSpec donor = base;
  donor.added_tokens = {{.id = 257, .content = "<x>", .special = true},
                        {.id = 258, .content = "<y>"}};
  const MergeResult merged = toy::Merged(base, donor);
  EXPECT_EQ(merged.conflicts.findings,
            (std::vector<Finding>{
                {.code = "D9",
                 .count = 2,
                 .donor_ids = {257, 258},
                 .message = "2 special or added tokens of the donor are not in the base",
                 .action = "not taken over: in the merged tokenizer their names are ordinary text, "
                           "as they are in the base",
                 .examples = {"\"<x>\"", "\"<y>\""}}}));
  EXPECT_EQ(merged.tokenizer.vocab, base.vocab);
}

}  // namespace
}  // namespace tokgraft
