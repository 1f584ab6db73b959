// The four ways of Replace: one byte, a literal, the empty pattern, a regex.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/tokenizer/stages/normalizers/step_texts.h"

namespace tokgraft {
namespace {

NormalizerStepPtr ReplaceOf(std::string pattern, std::string content, bool is_regex = false) {
  return MakeReplace({.pattern = {.text = std::move(pattern), .is_regex = is_regex},
                      .content = std::move(content)},
                     Reference::kHuggingFace)
      .value();
}

TEST(ReplaceTest, WhereNothingMatchesTextIsUnchanged) {
  EXPECT_EQ(step_texts::Applied(*ReplaceOf("x", "y"), "ab"), "(unchanged)");
  EXPECT_EQ(step_texts::Applied(*ReplaceOf("xx", "y"), "x"), "(unchanged)");
  EXPECT_EQ(step_texts::Applied(*ReplaceOf("x+", "y", true), "ab"), "(unchanged)");
  EXPECT_EQ(step_texts::Applied(*ReplaceOf("", "y"), ""), "(unchanged)");
  EXPECT_EQ(step_texts::Applied(*ReplaceOf("x*", "y", true), ""), "(unchanged)");
}

TEST(ReplaceTest, AByteBecomesAnyNumberOfBytes) {
  // Up to four are one store, which must not reach what follows.
  for (const std::string& content :
       {std::string(), std::string("1"), std::string("123"), std::string("1234"),
        std::string("12345"), std::string(100, '9')}) {
    EXPECT_EQ(step_texts::Applied(*ReplaceOf(" ", content), " a  b "),
              content + "a" + content + content + "b" + content);
  }
  EXPECT_EQ(step_texts::Applied(*ReplaceOf("a", "a"), "a"), "a");
}

TEST(ReplaceTest, LiteralsGoFromTheLeft) {
  EXPECT_EQ(step_texts::Applied(*ReplaceOf("aba", "-"), "ababa"), "-ba");
  EXPECT_EQ(step_texts::Applied(*ReplaceOf("é", "e"), "éé"), "ee");
}

TEST(ReplaceTest, AReplacementHasTheOriginOfTheMatchsLastByte) {
  EXPECT_EQ(step_texts::Origins(*ReplaceOf("ab", "xyz"), "cabd"),
            (std::vector<Span>{{0, 1}, {2, 3}, {2, 3}, {2, 3}, {3, 4}}));
  // Before all text it stands for nothing.
  EXPECT_EQ(step_texts::Origins(*ReplaceOf("", "X"), "a"),
            (std::vector<Span>{{0, 0}, {0, 1}, {0, 1}}));
}

TEST(ReplaceTest, OnlyWhatCanMatchNothingMayInsertBeforeAll) {
  EXPECT_TRUE(ReplaceOf("", "X")->may_insert_before_all());
  EXPECT_FALSE(ReplaceOf("", "")->may_insert_before_all());
  EXPECT_TRUE(ReplaceOf("a*", "X", true)->may_insert_before_all());
  EXPECT_FALSE(ReplaceOf("a*", "", true)->may_insert_before_all());
  EXPECT_FALSE(ReplaceOf("a+", "X", true)->may_insert_before_all());
  EXPECT_FALSE(ReplaceOf("a", "X")->may_insert_before_all());
}

TEST(ReplaceTest, ABrokenRegexIsNamed) {
  const Status status = MakeReplace({.pattern = {.text = "(", .is_regex = true}, .content = ""},
                                    Reference::kHuggingFace)
                            .status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(
      Message(status),
      "Replace: regex \"(\": regex byte 1: ( without ), expected a regex; correct the pattern");
}

}  // namespace
}  // namespace tokgraft
