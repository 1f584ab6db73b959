// The classes of every code point against the tables they are made of, and the reading of bytes.
#include "tokenizer/stages/scanners/class_table.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "tokenizer/stages/regex_set.h"

namespace tokgraft {
namespace {

TEST(ClassTableTest, EveryCodePointHasTheClassesOfItsCategory) {
  std::vector<CharClass> expected(0x110000, 0);
  const auto add = [&](std::string_view property, CharClass bit) {
    const CodePointRanges set = PropertySet(property).value();
    for (const auto& [begin, end] : set) {
      for (char32_t c = begin; c < end; ++c) expected[c] |= bit;
    }
  };
  add("Lu", kUpper);
  add("Lt", kUpper);
  add("Ll", kLower);
  add("Lm", kCaseless);
  add("Lo", kCaseless);
  add("M", kMark);
  add("N", kNumber);
  add("P", kSymbol);
  add("S", kSymbol);
  add("White_Space", kSpace);
  add("Han", kHan);
  const ClassTable& table = ClassTable::Unicode16();
  for (char32_t c = 0; c < 0x110000; ++c) {
    ASSERT_EQ(table.Of(c), expected[c]) << static_cast<unsigned>(c);
  }
  for (unsigned char c = 0; c < 0x80; ++c) ASSERT_EQ(table.OfAscii(c), expected[c]);
}

TEST(ClassTableTest, LlamaCppLacksWhatUnicode16Brought) {
  EXPECT_EQ(ClassTable::Unicode16().Of(0x1C89), kUpper);
  EXPECT_EQ(ClassTable::LlamaCpp().Of(0x1C89), 0);
  EXPECT_EQ(ClassTable::LlamaCpp().Of('a'), kLower);
  EXPECT_EQ(ClassTable::LlamaCpp().Of(0x10FFFF), 0);
}

TEST(ReaderTest, ReadsCharactersAndBadSubsequences) {
  const std::string text = "aé你\U0001F600\xE4\xBD\xFF";
  const Reader reader(text, ClassTable::Unicode16());
  const char* p = text.data();
  const auto expect = [&](char32_t code, std::size_t length) {
    const Reader::Character c = reader.At(p);
    EXPECT_EQ(c.code, code);
    EXPECT_EQ(c.length, length);
    EXPECT_EQ(c.classes, ClassTable::Unicode16().Of(code));
    p += c.length;
  };
  expect('a', 1);
  expect(0xE9, 2);
  expect(0x4F60, 3);
  expect(0x1F600, 4);
  expect(0xFFFD, 2);
  expect(0xFFFD, 1);
  EXPECT_EQ(p, reader.end());
  EXPECT_EQ(reader.At(p).length, 0);
  EXPECT_EQ(reader.At(p).classes, 0);
}

TEST(ReaderTest, SkipsStopAtTheEndAndAtTheLimit) {
  const std::string text = "ab1é2";
  const Reader reader(text, ClassTable::Unicode16());
  const char* const p = text.data();
  EXPECT_EQ(reader.SkipWhile(p, kLetter) - p, 2);
  EXPECT_EQ(reader.SkipWhile(p, kNumber) - p, 0);
  EXPECT_EQ(reader.SkipWhile(p, kLetter | kNumber) - p, 6);
  EXPECT_EQ(reader.SkipUntil(p, kNumber) - p, 2);
  EXPECT_EQ(reader.SkipUntil(p, kSpace) - p, 6);
  EXPECT_EQ(reader.SkipAtMost(p, kLetter, 1) - p, 1);
  EXPECT_EQ(reader.SkipAtMost(p, kLetter, 9) - p, 2);
  EXPECT_EQ(reader.SkipAtMost(p, kLetter, 0) - p, 0);
  EXPECT_EQ(reader.SkipWhile(reader.end(), kLetter), reader.end());
}

}  // namespace
}  // namespace tokgraft
