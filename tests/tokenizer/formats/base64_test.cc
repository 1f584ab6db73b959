// The test vectors of RFC 4648, section 10, and what a strict reader refuses.
#include "tokenizer/formats/base64.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace tokgraft {
namespace {

TEST(Base64Test, TheVectorsOfTheRfcBothWays) {
  const std::vector<std::pair<std::string, std::string>> vectors = {{"", ""},
                                                                    {"f", "Zg=="},
                                                                    {"fo", "Zm8="},
                                                                    {"foo", "Zm9v"},
                                                                    {"foob", "Zm9vYg=="},
                                                                    {"fooba", "Zm9vYmE="},
                                                                    {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(EncodeBase64(bytes), text);
    std::string decoded = "left from before";
    EXPECT_TRUE(DecodeBase64(text, &decoded)) << text;
    EXPECT_EQ(decoded, bytes);
  }
}

TEST(Base64Test, EveryByteAndBothLastLetters) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  std::string decoded;
  EXPECT_TRUE(DecodeBase64(EncodeBase64(all), &decoded));
  EXPECT_EQ(decoded, all);
  EXPECT_EQ(EncodeBase64("\xFB\xFF\xBF"), "+/+/");
  EXPECT_EQ(EncodeBase64(std::string(3, '\0')), "AAAA");
}

TEST(Base64Test, PaddingStandsAtTheEndAndIsTwoAtMost) {
  std::string bytes;
  for (const std::string_view text :
       {"=", "==", "===", "====", "A===", "Zg=", "Zg", "Zg==Zg==", "Z=g=", "=Zg=", "Zm9v="}) {
    EXPECT_FALSE(DecodeBase64(text, &bytes)) << text;
  }
}

TEST(Base64Test, NoOtherLetterIsTaken) {
  std::string bytes;
  // The alphabet for names of files, white space, bytes beyond ASCII, a zero byte.
  for (const std::string& text : {std::string("-_AA"), std::string("Zm9 "), std::string("\nZm9"),
                                  std::string("Zm\xC3\xA9"), std::string("Zm9\0", 4)}) {
    EXPECT_FALSE(DecodeBase64(text, &bytes)) << text;
  }
}

}  // namespace
}  // namespace tokgraft
