// UTF-8 at its edges: shortest and longest form of each length, surrogates, and the maximal bad
// subsequences of Unicode 16, section 3.9 (tables 3-8 to 3-11).
#include "tokenizer/text/utf8.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tokenizer/text/ascii.h"

namespace tokgraft {
namespace {

TEST(Utf8Test, FirstAndLastCharacterOfEachLength) {
  const std::vector<std::pair<char32_t, std::string>> cases = {
      {0x0, std::string(1, '\0')},   {0x7F, "\x7F"},           {0x80, "\xC2\x80"},
      {0x7FF, "\xDF\xBF"},           {0x800, "\xE0\xA0\x80"},  {0xD7FF, "\xED\x9F\xBF"},
      {0xE000, "\xEE\x80\x80"},      {0xFFFF, "\xEF\xBF\xBF"}, {0x10000, "\xF0\x90\x80\x80"},
      {0x10FFFF, "\xF4\x8F\xBF\xBF"}};
  for (const auto& [c, bytes] : cases) {
    std::string out;
    AppendUtf8(c, &out);
    EXPECT_EQ(out, bytes);
    EXPECT_TRUE(IsValidUtf8(bytes));
    EXPECT_EQ(Utf8Length(bytes[0]), bytes.size());
    std::size_t bad = 0;
    EXPECT_EQ(CheckCharacter(bytes, &bad), bytes.size());
    std::size_t position = 0;
    EXPECT_EQ(DecodeValid(bytes, &position), c);
    EXPECT_EQ(position, bytes.size());
  }
}

TEST(Utf8Test, WhatIsNoCharacterIsBadAsFarAsItCouldHaveBeenOne) {
  const std::vector<std::pair<std::string, std::size_t>> cases = {
      {"\x80", 1},  // a continuation alone
      {"\xBF", 1},
      {"\xC0\x80", 1},  // overlong
      {"\xC1\xBF", 1},
      {"\xC2", 1},  // cut off
      {"\xC2\x41", 1},
      {"\xE0\x9F\xBF", 1},  // overlong
      {"\xE4\xBD", 2},
      {"\xE4\xBD\x41", 2},
      {"\xED\xA0\x80", 1},      // a surrogate
      {"\xF0\x8F\xBF\xBF", 1},  // overlong
      {"\xF0\x90\x80", 3},
      {"\xF4\x90\x80\x80", 1},  // above U+10FFFF
      {"\xF5\x80\x80\x80", 1},
      {"\xFF", 1}};
  for (const auto& [bytes, length] : cases) {
    std::size_t bad = 0;
    EXPECT_EQ(CheckCharacter(bytes, &bad), 0U) << testing::PrintToString(bytes);
    EXPECT_EQ(bad, length) << testing::PrintToString(bytes);
    EXPECT_FALSE(IsValidUtf8(bytes)) << testing::PrintToString(bytes);
  }
}

TEST(Utf8Test, EachBadSubsequenceIsOneReplacementCharacter) {
  const std::string r = "\uFFFD";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", ""},
      {"aé", "aé"},
      {"\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41", r + r + r + r + r + r + r + r + "A"},    // 3-8
      {"\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41", r + r + r + r + r + r + r + r + "A"},    // 3-9
      {"\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42", r + r + r + r + r + "A" + r + r + "B"},  // 3-10
      {"\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41", r + r + r + r + "A"}};                   // 3-11
  for (const auto& [bytes, text] : cases) {
    std::string out = "_";
    const std::uint64_t count = ReplaceInvalid(bytes, &out);
    EXPECT_EQ(out, "_" + text);
    EXPECT_EQ(CountInvalid(bytes), count);
    std::uint64_t expected = 0;
    for (std::size_t at = text.find(r); at != text.npos; at = text.find(r, at + 1)) ++expected;
    EXPECT_EQ(count, expected);
  }
}

TEST(Utf8Test, CharactersAreCounted) {
  EXPECT_EQ(CountCharacters(""), 0U);
  EXPECT_EQ(CountCharacters(std::string(3, '\0')), 3U);
  EXPECT_EQ(CountCharacters("aé你\U0001F600"), 4U);
}

TEST(Utf8Test, TheFirstByteBeyondAsciiIsFoundAtEveryPlace) {
  for (std::size_t size = 0; size < 20; ++size) {
    for (std::size_t from = 0; from <= size; ++from) {
      std::string text(size, 'a');
      EXPECT_EQ(FindNonAscii(text, from), size);
      for (std::size_t at = 0; at < size; ++at) {
        text.assign(size, '\x7F');
        text[at] = '\x80';
        EXPECT_EQ(FindNonAscii(text, from), at >= from ? at : size);
      }
    }
  }
}

}  // namespace
}  // namespace tokgraft
