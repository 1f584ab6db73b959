// The alphabet is GPT-2's bytes_to_unicode table: a bijection of the 256 bytes, and nothing else is
// in it.
#include "tokenizer/text/byte_alphabet.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace tokgraft {
namespace {

TEST(ByteAlphabetTest, PrintableLatin1StandsForItselfTheRestFollowsInOrder) {
  // The ends of each run, as the encoder of GPT-2 has them.
  EXPECT_EQ(ByteToAlphabet(0x00), 0x100U);
  EXPECT_EQ(ByteToAlphabet('\n'), U'Ċ');
  EXPECT_EQ(ByteToAlphabet(' '), U'Ġ');
  EXPECT_EQ(ByteToAlphabet('!'), U'!');
  EXPECT_EQ(ByteToAlphabet('~'), U'~');
  EXPECT_EQ(ByteToAlphabet(0x7F), 0x121U);
  EXPECT_EQ(ByteToAlphabet(0xA0), 0x142U);
  EXPECT_EQ(ByteToAlphabet(0xA1), 0xA1U);
  EXPECT_EQ(ByteToAlphabet(0xAC), 0xACU);
  EXPECT_EQ(ByteToAlphabet(0xAD), 0x143U);  // the soft hyphen cannot be seen
  EXPECT_EQ(ByteToAlphabet(0xAE), 0xAEU);
  EXPECT_EQ(ByteToAlphabet(0xFF), 0xFFU);
}

TEST(ByteAlphabetTest, EveryByteComesBack) {
  std::set<char32_t> letters;
  std::string all;
  for (unsigned byte = 0; byte < 256; ++byte) {
    const char32_t letter = ByteToAlphabet(static_cast<unsigned char>(byte));
    letters.insert(letter);
    EXPECT_EQ(AlphabetToByte(letter), byte);
    all += static_cast<char>(byte);
  }
  EXPECT_EQ(letters.size(), 256U);
  EXPECT_EQ(FromByteAlphabet(ToByteAlphabet(all)), all);
  EXPECT_EQ(ToByteAlphabet(""), "");
  EXPECT_EQ(FromByteAlphabet(""), "");
}

TEST(ByteAlphabetTest, NothingElseIsALetterOfIt) {
  for (const char32_t c : {char32_t{' '}, char32_t{0}, char32_t{0x7F}, char32_t{0xA0},
                           char32_t{0xAD}, char32_t{0x144}, char32_t{0x10FFFF}}) {
    EXPECT_EQ(AlphabetToByte(c), std::nullopt) << static_cast<unsigned>(c);
  }
  EXPECT_EQ(FromByteAlphabet("a b"), std::nullopt);
  EXPECT_EQ(FromByteAlphabet("▁a"), std::nullopt);
  EXPECT_EQ(FromByteAlphabet("\xC4"), std::nullopt);  // half a Ġ
  EXPECT_EQ(FromByteAlphabet("\xA1"), std::nullopt);
  EXPECT_EQ(FromByteAlphabet("\xC4\x41"), std::nullopt);
  EXPECT_EQ(FromByteAlphabet("\xC0\xA1"), std::nullopt);  // ! in two bytes
  EXPECT_EQ(FromByteAlphabet("\xC5\xBF"), std::nullopt);  // U+017F
}

TEST(ByteAlphabetTest, ABufferIsUsedAgain) {
  std::string bytes = "what was there";
  EXPECT_TRUE(FromByteAlphabet("ĠaÃ©", &bytes));
  EXPECT_EQ(bytes, " a\xC3\xA9");
  EXPECT_FALSE(FromByteAlphabet("a b", &bytes));
  EXPECT_TRUE(FromByteAlphabet("", &bytes));
  EXPECT_EQ(bytes, "");
}

}  // namespace
}  // namespace tokgraft
