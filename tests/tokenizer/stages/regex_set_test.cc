// The algebra of code points, at the ends of Unicode, and the classes by name.
#include "tokenizer/stages/regex_set.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace tokgraft {
namespace {

const CodePointRanges kAll = {{0, 0x110000}};

bool InSet(const CodePointRanges& set, char32_t c) {
  return std::any_of(set.begin(), set.end(),
                     [c](const auto& range) { return range.first <= c && c < range.second; });
}

TEST(RegexSetTest, UnionSortsAndJoinsWhatTouches) {
  EXPECT_EQ(SetUnion({}, {}), CodePointRanges{});
  EXPECT_EQ(SetUnion({{5, 7}}, {{1, 3}}), (CodePointRanges{{1, 3}, {5, 7}}));
  EXPECT_EQ(SetUnion({{1, 3}}, {{3, 5}}), (CodePointRanges{{1, 5}}));
  EXPECT_EQ(SetUnion({{1, 9}}, {{2, 3}}), (CodePointRanges{{1, 9}}));
  EXPECT_EQ(SetUnion({{1, 1}}, {{4, 2}}), CodePointRanges{});  // empty ranges are none
}

TEST(RegexSetTest, ComplementReachesBothEnds) {
  EXPECT_EQ(SetComplement({}), kAll);
  EXPECT_EQ(SetComplement(kAll), CodePointRanges{});
  EXPECT_EQ(SetComplement({{0, 1}}), (CodePointRanges{{1, 0x110000}}));
  EXPECT_EQ(SetComplement({{0x10FFFF, 0x110000}}), (CodePointRanges{{0, 0x10FFFF}}));
  EXPECT_EQ(SetComplement(SetComplement({{3, 4}, {9, 12}})), (CodePointRanges{{3, 4}, {9, 12}}));
}

TEST(RegexSetTest, IntersectionIsWhatBothHave) {
  EXPECT_EQ(SetIntersection({{1, 5}, {8, 9}}, {{4, 9}}), (CodePointRanges{{4, 5}, {8, 9}}));
  EXPECT_EQ(SetIntersection({{1, 5}}, {{5, 9}}), CodePointRanges{});
  EXPECT_EQ(SetIntersection(kAll, {{7, 8}}), (CodePointRanges{{7, 8}}));
}

TEST(RegexSetTest, FoldingAddsTheOtherCaseAndTwoStrangers) {
  EXPECT_EQ(FoldAscii({{'a', 'b'}}), (CodePointRanges{{'A', 'B'}, {'a', 'b'}}));
  EXPECT_EQ(FoldAscii({{'S', 'T'}}), (CodePointRanges{{'S', 'T'}, {'s', 't'}, {0x17F, 0x180}}));
  EXPECT_EQ(FoldAscii({{'k', 'l'}}), (CodePointRanges{{'K', 'L'}, {'k', 'l'}, {0x212A, 0x212B}}));
  EXPECT_EQ(FoldAscii({{'0', '9'}}), (CodePointRanges{{'0', '9'}}));
  EXPECT_EQ(FoldAscii({{0xE9, 0xEA}}), (CodePointRanges{{0xE9, 0xEA}}));
}

TEST(RegexSetTest, NamesOfPropertiesAreReadLoosely) {
  const auto lu = PropertySet("Lu");
  ASSERT_TRUE(lu.has_value());
  for (const char* name :
       {"LU", "lu", "Uppercase Letter", "uppercase_letter", "Upper-case-Letter"}) {
    EXPECT_EQ(PropertySet(name), lu) << name;
  }
  EXPECT_EQ(PropertySet("Any"), kAll);
  EXPECT_EQ(PropertySet("ASCII"), (CodePointRanges{{0, 0x80}}));
  EXPECT_EQ(PropertySet("White_Space"), WhiteSpaceSet());
  EXPECT_EQ(PropertySet("Nd"), DigitSet());
  EXPECT_TRUE(InSet(*PropertySet("Han"), 0x4E00));
  EXPECT_TRUE(InSet(*PropertySet("L"), 'a'));
  EXPECT_FALSE(InSet(*PropertySet("L"), '1'));
  // What holds surrogates is not carried over, nor what is not known.
  for (const char* name : {"C", "Cs", "", "Latin", "Lx", "1", "Script=Han"}) {
    EXPECT_EQ(PropertySet(name), std::nullopt) << name;
  }
}

TEST(RegexSetTest, CategoriesCoverUnicodeOnce) {
  CodePointRanges all;
  std::size_t count = 0;
  for (const char* name : {"L", "M", "N", "P", "S", "Z", "Cc", "Cf", "Co", "Cn"}) {
    const CodePointRanges set = *PropertySet(name);
    for (const auto& [begin, end] : set) count += end - begin;
    all = SetUnion(all, set);
  }
  EXPECT_EQ(all, (CodePointRanges{{0, 0xD800}, {0xE000, 0x110000}}));
  EXPECT_EQ(count, 0x110000U - 0x800);
}

TEST(RegexSetTest, BracketsOfUnicodeAndOfAscii) {
  EXPECT_TRUE(InSet(*UnicodeBracketSet("alpha"), 0xE9));
  EXPECT_FALSE(InSet(*AsciiBracketSet("alpha"), 0xE9));
  EXPECT_TRUE(InSet(*UnicodeBracketSet("punct"), '$'));  // symbols too
  EXPECT_EQ(*UnicodeBracketSet("xdigit"), *AsciiBracketSet("xdigit"));
  EXPECT_EQ(*AsciiBracketSet("cntrl"), (CodePointRanges{{0, 0x20}, {0x7F, 0x80}}));
  EXPECT_EQ(*AsciiBracketSet("blank"), (CodePointRanges{{'\t', '\n'}, {' ', '!'}}));
  EXPECT_EQ(*AsciiBracketSet("space"), (CodePointRanges{{'\t', 0xE}, {' ', '!'}}));
  EXPECT_FALSE(InSet(*UnicodeBracketSet("graph"), ' '));
  EXPECT_TRUE(InSet(*UnicodeBracketSet("print"), ' '));
  EXPECT_EQ(UnicodeBracketSet("Alpha"), std::nullopt);
  EXPECT_EQ(AsciiBracketSet(""), std::nullopt);
}

}  // namespace
}  // namespace tokgraft
