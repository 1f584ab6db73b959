// From stages to steps: what makes a step, what makes none, and refusals with their place.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tokenizer/stages/pre_tokenizers/step.h"

namespace tokgraft {
namespace {

StatusOr<std::vector<PreTokenizeStep>> StepsFor(std::vector<PreTokenizer> stages,
                                                Reference reference = Reference::kHuggingFace) {
  TokenizerSpec spec;
  spec.reference = reference;
  spec.pre_tokenizers = std::move(stages);
  return CompileSteps(spec);
}
std::string StepsError(std::vector<PreTokenizer> stages) {
  return std::string(Message(StepsFor(std::move(stages)).status()));
}

TEST(CompilePreTokenizersTest, ByteLevelIsAStepOnlyWhereItDoesSomething) {
  const auto byte_level = [](bool prefix, bool regex) {
    return pre_tokenizer::ByteLevel{
        .add_prefix_space = prefix, .trim_offsets = true, .use_regex = regex};
  };
  EXPECT_EQ(StepsFor({})->size(), 0U);
  EXPECT_EQ(StepsFor({byte_level(false, false)})->size(), 0U);
  const auto prefix = StepsFor({byte_level(true, false)}).value();
  ASSERT_EQ(prefix.size(), 1U);
  EXPECT_EQ(prefix[0].rewrite->mark, " ");
  EXPECT_FALSE(prefix[0].rewrite->replaces_spaces);
  EXPECT_EQ(prefix[0].splitter, nullptr);
  const auto regex = StepsFor({byte_level(false, true)}).value();
  ASSERT_EQ(regex.size(), 1U);
  EXPECT_FALSE(regex[0].rewrite.has_value());
  EXPECT_NE(regex[0].splitter, nullptr);
}

TEST(CompilePreTokenizersTest, MetaspaceRewritesAndMayCut) {
  const auto whole =
      StepsFor({pre_tokenizer::Metaspace{.replacement = "_",
                                         .prepend_scheme = pre_tokenizer::PrependScheme::kFirst,
                                         .split = false}})
          .value();
  ASSERT_EQ(whole.size(), 1U);
  EXPECT_EQ(whole[0].rewrite->mark, "_");
  EXPECT_TRUE(whole[0].rewrite->replaces_spaces);
  EXPECT_EQ(whole[0].rewrite->prepend, pre_tokenizer::PrependScheme::kFirst);
  EXPECT_EQ(whole[0].splitter, nullptr);
  EXPECT_NE(StepsFor({pre_tokenizer::Metaspace{}}).value()[0].splitter, nullptr);
}

TEST(CompilePreTokenizersTest, ALlamaCppNameMayBeSeveralSteps) {
  EXPECT_EQ(StepsFor({pre_tokenizer::LlamaCpp{"default"}}, Reference::kLlamaCpp)->size(), 4U);
  EXPECT_EQ(StepsFor({pre_tokenizer::LlamaCpp{"smollm"}}, Reference::kLlamaCpp)->size(), 2U);
  EXPECT_EQ(CompileStep(pre_tokenizer::LlamaCpp{"smollm"}, Reference::kLlamaCpp).status().code(),
            absl::StatusCode::kInternal);
}

TEST(CompilePreTokenizersTest, RefusesWithThePlace) {
  EXPECT_EQ(StepsError({pre_tokenizer::Bert{}, pre_tokenizer::ByteLevel{}, pre_tokenizer::Bert{}}),
            "pre_tokenizers[1]: ByteLevel is followed by another pre-tokenizer, expected it last; "
            "use a tokenizer whose last pre-tokenizer it is");
  EXPECT_EQ(StepsError({pre_tokenizer::Bert{}, pre_tokenizer::CharDelimiterSplit{"ab"}}),
            "pre_tokenizers[1]: CharDelimiterSplit.delimiter is \"ab\", expected one character; "
            "correct the pre-tokenizer");
  EXPECT_EQ(StepsError({pre_tokenizer::CharDelimiterSplit{""}}),
            "pre_tokenizers[0]: CharDelimiterSplit.delimiter is \"\", expected one character; "
            "correct the pre-tokenizer");
  EXPECT_EQ(StepsError({pre_tokenizer::Metaspace{.replacement = "__"}}),
            "pre_tokenizers[0]: Metaspace.replacement is \"__\", expected one character; correct "
            "the pre-tokenizer");
  EXPECT_EQ(StepsError({pre_tokenizer::FixedLength{0}}),
            "pre_tokenizers[0]: FixedLength.length is 0, expected a positive number; correct the "
            "pre-tokenizer");
  EXPECT_EQ(StepsError({UnknownStage{"New", "{}"}}),
            "pre_tokenizers[0]: pre-tokenizer New is not supported, expected one that is; use a "
            "tokenizer without it");
}

}  // namespace
}  // namespace tokgraft
