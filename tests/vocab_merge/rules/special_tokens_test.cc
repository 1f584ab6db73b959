#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

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

}  // namespace
}  // namespace tokgraft
