// Properties of characters as HF's normalizers know them, at the edges of their tables.
#include "tokenizer/text/unicode_data.h"

#include <gtest/gtest.h>

#include <string>

namespace tokgraft {
namespace {

std::string LowerOf(char32_t c) {
  std::string out = "_";  // is appended to
  AppendLowercase(c, &out);
  return out.substr(1);
}

TEST(UnicodeDataTest, WhitespaceIsWhiteSpaceOfUnicode) {
  int count = 0;
  for (char32_t c = 0; c < 0x110000; ++c) count += IsWhitespace(c) ? 1 : 0;
  EXPECT_EQ(count, 25);                // as PropList.txt counts them
  EXPECT_FALSE(IsWhitespace(0x1C));    // a separator of Python, not of Unicode
  EXPECT_FALSE(IsWhitespace(0x180E));  // until Unicode 6.2
  EXPECT_FALSE(IsWhitespace(0x200B));
  EXPECT_FALSE(IsWhitespace(0xFEFF));
}

TEST(UnicodeDataTest, LowercaseIsThatOfRust) {
  EXPECT_EQ(LowerOf('A'), "a");
  EXPECT_EQ(LowerOf('a'), "a");
  EXPECT_EQ(LowerOf('@'), "@");
  EXPECT_EQ(LowerOf('['), "[");
  EXPECT_EQ(LowerOf(0x130), "i\u0307");  // the one that becomes two
  EXPECT_EQ(LowerOf(0x178), "ÿ");        // grows smaller
  EXPECT_EQ(LowerOf(0x100), "ā");        // every second of a run
  EXPECT_EQ(LowerOf(0x101), "ā");
  EXPECT_EQ(LowerOf(U'ẞ'), "ß");
  EXPECT_EQ(LowerOf(0x212A), "k");  // the Kelvin sign
  EXPECT_EQ(LowerOf(U'Σ'), "σ");    // never ς: it looks at no neighbour
  EXPECT_EQ(LowerOf(0x10400), "\U00010428");
  EXPECT_EQ(LowerOf(0), std::string(1, '\0'));
}

TEST(UnicodeDataTest, MarksAreNotTheSameToBoth) {
  EXPECT_TRUE(IsCombiningMark(0x300));
  EXPECT_TRUE(IsCombiningMark(0x903));  // spacing
  EXPECT_TRUE(IsBertNonspacing(0x300));
  EXPECT_FALSE(IsBertNonspacing(0x903));
  EXPECT_FALSE(IsCombiningMark('a'));
  EXPECT_FALSE(IsBertNonspacing('^'));
}

TEST(UnicodeDataTest, CleaningKeepsTheThreeSpacesAmongControls) {
  for (const char32_t c : {U'\t', U'\n', U'\r', U' ', U'a'}) EXPECT_FALSE(IsBertRemoved(c));
  for (const char32_t c : {char32_t{0}, char32_t{0xB}, char32_t{0x7F}, char32_t{0xAD},
                           char32_t{0x200B}, char32_t{0xFFFD}, char32_t{0xE000}}) {
    EXPECT_TRUE(IsBertRemoved(c)) << static_cast<unsigned>(c);
  }
}

TEST(UnicodeDataTest, IdeographsEndWhereBertSaysSo) {
  for (const char32_t c :
       {0x3400U, 0x4DBFU, 0x4E00U, 0x9FFFU, 0xF900U, 0xFAFFU, 0x20000U, 0x2A6DFU, 0x2A700U,
        0x2B73FU, 0x2B740U, 0x2B81FU, 0x2B920U, 0x2CEAFU, 0x2F800U, 0x2FA1FU}) {
    EXPECT_TRUE(IsBertIdeograph(c)) << static_cast<unsigned>(c);
  }
  // 2B820 to 2B91F are ideographs of Unicode that the reference leaves out.
  for (const char32_t c : {0x33FFU, 0x4DC0U, 0x4DFFU, 0xA000U, 0xF8FFU, 0xFB00U, 0x1FFFFU, 0x2A6E0U,
                           0x2B820U, 0x2B91FU, 0x2CEB0U, 0x2FA20U, 0x3042U, 0xAC00U}) {
    EXPECT_FALSE(IsBertIdeograph(c)) << static_cast<unsigned>(c);
  }
}

}  // namespace
}  // namespace tokgraft
