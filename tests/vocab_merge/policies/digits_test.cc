#include "vocab_merge/policies/digits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/vocab_merge/toy.h"

namespace tokgraft {
namespace {

TokenizerSpec SplitBy(const std::string& regex) {
  TokenizerSpec spec = toy::ByteLevel({}, /*use_regex=*/false);
  pre_tokenizer::Split split;
  split.pattern = {.text = regex, .is_regex = true};
  spec.pre_tokenizers.insert(spec.pre_tokenizers.begin(), split);
  return spec;
}

std::string RegexOf(const std::vector<PreTokenizer>& steps) {
  return std::get<pre_tokenizer::Split>(steps.at(0)).pattern.text;
}

TEST(DigitsTest, FindsTheRuleWhereSplittersSayIt) {
  EXPECT_EQ(LongestDigitRun(SplitBy(R"(\p{L}+|\p{N}{1,3}|\s+)")), 3U);
  EXPECT_EQ(LongestDigitRun(SplitBy(R"(\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+)")), 1U);
  EXPECT_EQ(LongestDigitRun(SplitBy(R"(\p{L}+| ?\p{N}+|\s+)")), kAnyRun);
  EXPECT_EQ(LongestDigitRun(SplitBy(R"([^\r\n\p{L}\p{N}]?\p{L}+|\s+)")), std::nullopt);
  EXPECT_EQ(LongestDigitRun(toy::ByteLevel({})), kAnyRun);
  TokenizerSpec single = toy::ByteLevel({});
  single.pre_tokenizers.insert(single.pre_tokenizers.begin(),
                               pre_tokenizer::Digits{.individual_digits = true});
  EXPECT_EQ(LongestDigitRun(single), 1U);
}

TEST(DigitsTest, OnlyTheQuantifierChanges) {
  EXPECT_EQ(RegexOf(*WithDigitRun(SplitBy(R"(\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+)"), 3)),
            R"(\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+)");
  EXPECT_EQ(RegexOf(*WithDigitRun(SplitBy(R"(\p{L}+|\p{N}{1,3}|\s+)"), kAnyRun)),
            R"(\p{L}+|\p{N}+|\s+)");
  // What is as wide already stays.
  EXPECT_EQ(RegexOf(*WithDigitRun(SplitBy(R"(\p{N}{1,3}|\s+)"), 2)), R"(\p{N}{1,3}|\s+)");
}

TEST(DigitsTest, AStageOfSingleDigitsBecomesASplit) {
  TokenizerSpec single = toy::ByteLevel({});
  single.pre_tokenizers.insert(single.pre_tokenizers.begin(),
                               pre_tokenizer::Digits{.individual_digits = true});
  EXPECT_EQ(RegexOf(*WithDigitRun(single, 3)), R"(\p{N}{1,3})");
  EXPECT_EQ(std::get<pre_tokenizer::Digits>(WithDigitRun(single, kAnyRun)->at(0)),
            pre_tokenizer::Digits{.individual_digits = false});
}

TEST(DigitsTest, ARuleThatIsNotRecognisedIsRefused) {
  EXPECT_EQ(Message(WithDigitRun(SplitBy(R"(\d\d|\s+)"), 3).status()),
            "toy: pre_tokenizer: no rule for digits was recognised, \\p{N} as an alternative of "
            "its own or a Digits stage was expected; keep the rule, or take the donor's "
            "pre-tokenizer");
}

}  // namespace
}  // namespace tokgraft
