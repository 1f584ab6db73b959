#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/vocab_merge/findings.h"
#include "tests/vocab_merge/toy.h"

namespace tokgraft {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;

LintOptions OnText(const std::string& text) {
  const std::string path = Cat(::testing::TempDir(), "scaffolding_test_",
                               ::testing::UnitTest::GetInstance()->current_test_info()->name());
  std::ofstream(path) << text;
  return {.corpora = {{"toy", path}}};
}

const toy::Pairs& Chain() {
  static const toy::Pairs& chain = *new toy::Pairs{{"a", "b"}, {"ab", "c"}, {"abc", "d"}};
  return chain;
}

TEST(ScaffoldingTest, B9AllStepsOnTheWayToAPieceThatComesOut) {
  EXPECT_EQ(
      toy::Defects("B9", toy::ByteLevel(Chain()), OnText("abcd abcd\n")),
      (std::vector<LintFinding>{
          {.code = "B9",
           .count = 2,
           .ids = {256, 257},
           .message = "2 pieces are steps on the way to longer ones and never come out in the "
                      "corpora given",
           .action = "nothing, or trim them with a corpus that is large enough to tell",
           .place = "model.vocab[\"ab\"]",
           .examples = {{.id = 256, .place = "model.vocab[\"ab\"]", .text = "\"ab\""},
                        {.id = 257, .place = "model.vocab[\"abc\"]", .text = "\"abc\""}}}}));
}

TEST(ScaffoldingTest, AStepThatComesOutItselfIsNone) {
  const std::vector<LintFinding> found =
      toy::Defects("B9", toy::ByteLevel(Chain()), OnText("abcd ab\n"));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].ids, std::vector<TokenId>{257});
}

TEST(ScaffoldingTest, WhatNothingOfTheCorpusPassesThroughIsNone) {
  EXPECT_THAT(toy::Defects("B9", toy::ByteLevel(Chain()), OnText("xyz\n")), IsEmpty());
}

TEST(ScaffoldingTest, TheFirstMergeOfAPieceIsTheWayToIt) {
  const toy::Pairs merges = {{"a", "b"}, {"ab", "c"}, {"b", "c"}, {"a", "bc"}};
  const std::vector<LintFinding> found =
      toy::Defects("B9", toy::ByteLevel(merges), OnText("abc\n"));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].ids, std::vector<TokenId>{256});  // "ab", not "bc"
}

TEST(ScaffoldingTest, TellsWhyItWasNotChecked) {
  EXPECT_THAT(toy::Linted(toy::ByteLevel({})).not_checked,
              Contains(NotChecked{{"B9"}, "no corpus was given"}));
  EXPECT_THAT(toy::Linted(toy::Ranks({}), OnText("a\n")).not_checked,
              Contains(NotChecked{{"B9"}, "the model has no merge list to follow"}));
}

}  // namespace
}  // namespace tokgraft
