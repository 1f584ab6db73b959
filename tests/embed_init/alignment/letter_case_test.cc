#include "embed_init/alignment/letter_case.h"

#include <gtest/gtest.h>

namespace tokgraft {
namespace {

TEST(LetterCaseTest, OfLatinGreekAndCyrillic) {
  EXPECT_EQ(ToLowercase("HAUS \u00c4\u03a9\u0416"), "haus \u00e4\u03c9\u0436");
  EXPECT_EQ(ToTitlecase("hAUS"), "Haus");
  EXPECT_EQ(ToTitlecase("\u00fcBER"), "\u00dcber");
  EXPECT_EQ(ToTitlecase("\u0436\u0416"), "\u0416\u0436");
  EXPECT_EQ(ToTitlecase("kelvin"), "Kelvin");  // not the sign of the unit, whose lower case is k
}

TEST(LetterCaseTest, WhatHasNoCaseStays) {
  EXPECT_EQ(ToTitlecase(""), "");
  EXPECT_EQ(ToTitlecase("1a"), "1a");
  EXPECT_EQ(ToTitlecase("\u4e2d\u6587"), "\u4e2d\u6587");
}

}  // namespace
}  // namespace tokgraft
