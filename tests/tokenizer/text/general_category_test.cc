// The swept tables are whole, in order, and those of Unicode 16.
#include "tokenizer/text/general_category.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "tokenizer/text/unicode_data.h"

namespace tokgraft {
namespace {

GeneralCategory CategoryAt(char32_t c) {
  const std::span<const std::uint32_t> starts = CategoryStarts();
  const auto above =
      std::upper_bound(starts.begin(), starts.end(), c,
                       [](char32_t value, std::uint32_t start) { return value < start >> 5; });
  return static_cast<GeneralCategory>(*std::prev(above) & 31);
}

bool IsInFlat(std::span<const char32_t> ranges, char32_t c) {
  for (std::size_t i = 0; i < ranges.size(); i += 2) {
    if (ranges[i] <= c && c < ranges[i + 1]) return true;
  }
  return false;
}

TEST(GeneralCategoryTest, StartsCoverAllCodePointsInOrder) {
  const std::span<const std::uint32_t> starts = CategoryStarts();
  ASSERT_FALSE(starts.empty());
  EXPECT_EQ(starts[0] >> 5, 0U);
  for (std::size_t i = 1; i < starts.size(); ++i) {
    ASSERT_LT(starts[i - 1] >> 5, starts[i] >> 5) << i;
    ASSERT_NE(starts[i - 1] & 31, starts[i] & 31) << i;  // else it would be one run
    ASSERT_LE(starts[i] & 31, static_cast<std::uint32_t>(GeneralCategory::kCn)) << i;
  }
  EXPECT_LT(starts.back() >> 5, 0x110000U);
}

TEST(GeneralCategoryTest, OneOfEachCategory) {
  using enum GeneralCategory;
  const std::vector<std::pair<char32_t, GeneralCategory>> cases = {
      {'A', kLu},    {'a', kLl},    {0x1C5, kLt},    {0x2B0, kLm},   {0xAA, kLo},   {0x300, kMn},
      {0x903, kMc},  {0x488, kMe},  {'0', kNd},      {0x2160, kNl},  {0xB2, kNo},   {'_', kPc},
      {'-', kPd},    {'(', kPs},    {')', kPe},      {0xAB, kPi},    {0xBB, kPf},   {'!', kPo},
      {'+', kSm},    {'$', kSc},    {'^', kSk},      {0xA6, kSo},    {' ', kZs},    {0x2028, kZl},
      {0x2029, kZp}, {0, kCc},      {0xAD, kCf},     {0xD800, kCs},  {0xE000, kCo}, {0x378, kCn},
      {0x7F, kCc},   {0xDFFF, kCs}, {0x10FFFD, kCo}, {0x10FFFF, kCn}};
  for (const auto& [c, category] : cases) {
    EXPECT_EQ(static_cast<int>(CategoryAt(c)), static_cast<int>(category))
        << std::hex << static_cast<unsigned>(c);
  }
}

TEST(GeneralCategoryTest, KnowsUnicode16AndNotUnicode17) {
  EXPECT_EQ(CategoryAt(0x1C89), GeneralCategory::kLu);  // new in 16
  EXPECT_EQ(CategoryAt(0x1C8A), GeneralCategory::kLl);
  EXPECT_EQ(CategoryAt(0x16D70), GeneralCategory::kNd);
  EXPECT_EQ(CategoryAt(0xA7CE), GeneralCategory::kCn);  // new in 17
}

TEST(GeneralCategoryTest, RangesAreSortedAndApart) {
  for (const std::span<const char32_t> ranges :
       {WhiteSpaceRanges(), HanRanges(), AlphabeticRanges(), UppercaseRanges(),
        LowercaseRanges()}) {
    ASSERT_FALSE(ranges.empty());
    ASSERT_EQ(ranges.size() % 2, 0U);
    for (std::size_t i = 1; i < ranges.size(); ++i) ASSERT_LT(ranges[i - 1], ranges[i]) << i;
    EXPECT_LE(ranges.back(), 0x110000U);
  }
}

TEST(GeneralCategoryTest, WhiteSpaceIsTheSameInBothTables) {
  for (char32_t c = 0; c < 0x110000; ++c) {
    ASSERT_EQ(IsInFlat(WhiteSpaceRanges(), c), IsWhitespace(c)) << static_cast<unsigned>(c);
  }
}

TEST(GeneralCategoryTest, PropertiesGoBeyondCategories) {
  EXPECT_TRUE(IsInFlat(HanRanges(), 0x3007));  // 〇 is a number
  EXPECT_FALSE(IsInFlat(HanRanges(), 0x3042));
  EXPECT_TRUE(IsInFlat(AlphabeticRanges(), 0x345));  // a mark
  EXPECT_FALSE(IsInFlat(AlphabeticRanges(), '1'));
  EXPECT_TRUE(IsInFlat(UppercaseRanges(), 0x2160));  // Ⅰ is a number
  EXPECT_TRUE(IsInFlat(LowercaseRanges(), 0xAA));    // ª is Lo
  EXPECT_FALSE(IsInFlat(LowercaseRanges(), 'A'));
}

}  // namespace
}  // namespace tokgraft
