#include "vocab_merge/policies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/vocab_merge/toy.h"

namespace tokgraft {
namespace {

std::string PolicyError(const TokenizerSpec& base, const TokenizerSpec& donor,
                        const Policies& policies) {
  return std::string(Message(ApplyPolicies(base, donor, policies).status()));
}

TEST(PoliciesTest, ByDefaultNothingChanges) {
  const TokenizerSpec base = toy::ByteLevel({{"a", "b"}});
  EXPECT_TRUE(Policies().are_default());
  EXPECT_EQ(*ApplyPolicies(base, toy::ByteLevel({}, false), {}), base);
}

TEST(PoliciesTest, TheDonorsStagesReplaceTheBases) {
  const TokenizerSpec base = toy::ByteLevel({});
  TokenizerSpec donor = toy::ByteLevel({}, /*use_regex=*/false);
  donor.normalizers.emplace_back().emplace<normalizer::Lowercase>();
  const TokenizerSpec split = *ApplyPolicies(base, donor, {.pre_tokenizer = "donor"});
  EXPECT_EQ(split.pre_tokenizers, donor.pre_tokenizers);
  EXPECT_TRUE(split.normalizers.empty());
  const TokenizerSpec normal = *ApplyPolicies(base, donor, {.normalizer = "donor"});
  EXPECT_EQ(normal.normalizers, donor.normalizers);
  EXPECT_EQ(normal.pre_tokenizers, base.pre_tokenizers);
}

TEST(PoliciesTest, ACompletedAlphabetHasEveryByteThatTextHolds) {
  const TokenizerSpec base = toy::Characters(Spelling::kByteLevel, {"a", "b"});
  const TokenizerSpec complete = *ApplyPolicies(base, base, {.byte_alphabet = "complete"});
  EXPECT_EQ(complete.vocab.size(), 256U - 13U);
  EXPECT_EQ(*complete.vocab.Find("a"), 0U);
  EXPECT_EQ(*complete.vocab.Find(std::string_view("\0", 1)), 2U);
  EXPECT_EQ(complete.vocab.Find("\xFF"), std::nullopt);
  EXPECT_EQ(complete.vocab.Find("\xC0"), std::nullopt);
  EXPECT_NE(complete.vocab.Find("\xF4"), std::nullopt);
}

TEST(PoliciesTest, SaysWhatCannotBe) {
  const TokenizerSpec base = toy::ByteLevel({});
  const TokenizerSpec llama = toy::Metaspace({}, {});
  EXPECT_EQ(PolicyError(base, base, {.digits = "narrow"}),
            "policies: digits: \"narrow\" is unknown, keep or widen was expected");
  EXPECT_EQ(PolicyError(base, base, {.normalizer = "none"}),
            "policies: normalizer: \"none\" is unknown, base or donor was expected");
  EXPECT_EQ(PolicyError(base, base, {.digits = "widen"}),
            "policies: digits: the donor's rule is not wider than the base's; keep the base's");
  EXPECT_EQ(PolicyError(base, llama, {.pre_tokenizer = "donor"}),
            "toy llama: its pre-tokenizer cannot serve the base: the base is byte-level read by "
            "hf, the donor is metaspace read by hf; keep the base's");
  EXPECT_EQ(PolicyError(llama, base, {.byte_alphabet = "complete"}),
            "toy llama: only a byte-level vocabulary can be completed; keep the alphabet");
  EXPECT_EQ(PolicyError(base, base, {.digits = "widen", .pre_tokenizer = "donor"}),
            "policies: digits: the donor's pre-tokenizer brings its own rule for digits; give one "
            "of the two");
}

}  // namespace
}  // namespace tokgraft
