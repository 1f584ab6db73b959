// The classes of the pre-tokenizers as tokenizers 0.23.3 has them, which are not those of any one
// Unicode version.
#include "tokenizer/text/pre_token_classes.h"

#include <gtest/gtest.h>

#include <span>

namespace tokgraft {
namespace {

TEST(PreTokenClassesTest, PunctuationIsAllOfAsciiButLettersAndDigits) {
  for (char32_t c = 0; c < 0x80; ++c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool digit = c >= '0' && c <= '9';
    EXPECT_EQ(HfPunctuation().Contains(c), c > ' ' && c < 0x7F && !letter && !digit)
        << static_cast<unsigned>(c);
  }
  EXPECT_TRUE(HfPunctuation().Contains(U'。'));
  EXPECT_TRUE(HfPunctuation().Contains(0xA7));   // §
  EXPECT_FALSE(HfPunctuation().Contains(0xA9));  // ©: a symbol beyond ASCII
}

TEST(PreTokenClassesTest, NumericHoldsEveryKindOfNumber) {
  for (const char32_t c : {U'0', U'9', U'٣', U'½', U'²', U'Ⅷ', U'〇'}) {
    EXPECT_TRUE(HfNumeric().Contains(c)) << static_cast<unsigned>(c);
  }
  for (const char32_t c : {U'a', U'/', U':', U'一', U' '}) {
    EXPECT_FALSE(HfNumeric().Contains(c)) << static_cast<unsigned>(c);
  }
}

TEST(PreTokenClassesTest, WordAndSpace) {
  for (const char32_t c : {U'a', U'_', U'9', U'é', U'你', char32_t{0x301}}) {
    EXPECT_TRUE(HfWord().Contains(c)) << static_cast<unsigned>(c);
    EXPECT_FALSE(HfWhiteSpace().Contains(c)) << static_cast<unsigned>(c);
  }
  EXPECT_FALSE(HfWord().Contains('-'));
  for (const char32_t c : {U' ', U'\t', U'\n', char32_t{0x85}, char32_t{0xA0}, char32_t{0x3000}}) {
    EXPECT_TRUE(HfWhiteSpace().Contains(c)) << static_cast<unsigned>(c);
  }
  EXPECT_FALSE(HfWhiteSpace().Contains(0x200B));  // zero width, no space
}

TEST(PreTokenClassesTest, ScriptsJoinKanaWithHan) {
  EXPECT_EQ(HfScript(U'の'), HfScript(U'你'));
  EXPECT_EQ(HfScript(U'ー'), HfScript(U'你'));
  EXPECT_NE(HfScript(U'a'), HfScript(U'你'));
  EXPECT_NE(HfScript(U'a'), HfScript(U'а'));
  EXPECT_EQ(HfScript(' '), 0);              // Any
  EXPECT_EQ(HfScript(','), HfScript('1'));  // Common is a script of its own
  EXPECT_NE(HfScript(','), 0);
}

TEST(PreTokenClassesTest, TheEnginesDisagreeOnWords) {
  const auto holds = [](std::span<const char32_t> ranges, char32_t c) {
    for (std::size_t i = 0; i < ranges.size(); i += 2) {
      if (ranges[i] <= c && c < ranges[i + 1]) return true;
    }
    return false;
  };
  for (const auto ranges : {OnigurumaWordRanges(), RustWordRanges()}) {
    EXPECT_TRUE(holds(ranges, 'a'));
    EXPECT_TRUE(holds(ranges, '_'));
    EXPECT_TRUE(holds(ranges, 0x301));
    EXPECT_FALSE(holds(ranges, ' '));
  }
  EXPECT_TRUE(holds(RustWordRanges(), 0x200D));  // Join_Control belongs to Rust's \w
  EXPECT_FALSE(holds(OnigurumaWordRanges(), 0x200D));
  EXPECT_TRUE(holds(UnknownToLlamaCpp(), 0x1C89));  // new in Unicode 16
  EXPECT_FALSE(holds(UnknownToLlamaCpp(), 'a'));
}

}  // namespace
}  // namespace tokgraft
