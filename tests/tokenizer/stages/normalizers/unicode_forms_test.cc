// The forms on marks in every order, and text that is in its form already. Examples of UAX #15.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/tokenizer/stages/normalizers/step_texts.h"

namespace tokgraft {
namespace {

using Form = normalizer::UnicodeForm;
using step_texts::Applied;

TEST(UnicodeFormsTest, WhatIsInItsFormIsUnchanged) {
  for (const Form form : {Form::kNfc, Form::kNfd, Form::kNfkc, Form::kNfkd}) {
    EXPECT_EQ(Applied(*MakeUnicodeForm(form), ""), "(unchanged)");
    EXPECT_EQ(Applied(*MakeUnicodeForm(form), "plain ASCII\n"), "(unchanged)");
    EXPECT_EQ(Applied(*MakeUnicodeForm(form), "\u4e2d"), "(unchanged)");
  }
  EXPECT_EQ(Applied(*MakeUnicodeForm(Form::kNfc), "é"), "(unchanged)");
  EXPECT_EQ(Applied(*MakeUnicodeForm(Form::kNfd), "e\u0301"), "(unchanged)");
}

TEST(UnicodeFormsTest, TheExamplesOfTheStandard) {
  // Figure 6 of UAX #15: s with dot below and dot above, in three spellings.
  for (const std::string text : {"\u1E9B\u0323", "\u017F\u0323\u0307"}) {
    EXPECT_NE(Applied(*MakeUnicodeForm(Form::kNfkd), text), "(unchanged)");
    EXPECT_EQ(Applied(*MakeUnicodeForm(Form::kNfkd), text), "s\u0323\u0307");
    EXPECT_EQ(Applied(*MakeUnicodeForm(Form::kNfkc), text), "\u1E69");
  }
  EXPECT_EQ(Applied(*MakeUnicodeForm(Form::kNfd), "\u1E9B\u0323"), "\u017F\u0323\u0307");
  EXPECT_EQ(Applied(*MakeUnicodeForm(Form::kNfc), "\u2126"), "\u03A9");  // a singleton
}

TEST(UnicodeFormsTest, MarksAreSortedStably) {
  const NormalizerStepPtr nfd = MakeUnicodeForm(Form::kNfd);
  EXPECT_EQ(Applied(*nfd, "a\u0301\u0323"), "a\u0323\u0301");              // 230, 220
  EXPECT_EQ(Applied(*nfd, "a\u0301\u0300\u0323"), "a\u0323\u0301\u0300");  // equals keep order
  EXPECT_EQ(Applied(*nfd, "\u0301\u0323"), "\u0323\u0301");                // without a base
}

TEST(UnicodeFormsTest, HangulComposesByArithmetic) {
  EXPECT_EQ(Applied(*MakeUnicodeForm(Form::kNfc), "\u1112\u1161\u11AB"), "한");
  EXPECT_EQ(Applied(*MakeUnicodeForm(Form::kNfc), "하\u11AB"), "한");
  EXPECT_EQ(Applied(*MakeUnicodeForm(Form::kNfd), "한"), "\u1112\u1161\u11AB");
}

TEST(UnicodeFormsTest, ABlockedMarkDoesNotCompose) {
  // The first mark of class 230 takes the place; the second is blocked by it.
  EXPECT_EQ(Applied(*MakeUnicodeForm(Form::kNfc), "a\u030D\u0301"), "(unchanged)");
  EXPECT_EQ(Applied(*MakeUnicodeForm(Form::kNfc), "a\u0323\u0301"), "\u1EA1\u0301");
}

TEST(UnicodeFormsTest, AnAsciiLetterComposesWithTheMarkThatFollowsALongText) {
  const std::string plain(10000, 'x');
  EXPECT_EQ(Applied(*MakeUnicodeForm(Form::kNfc), plain + "e\u0301"), plain + "é");
}

}  // namespace
}  // namespace tokgraft
