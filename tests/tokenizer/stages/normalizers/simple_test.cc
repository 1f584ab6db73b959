// The simple steps at their edges: text that does not change is not copied, empty text stays empty.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/tokenizer/stages/normalizers/step_texts.h"

namespace tokgraft {
namespace {

using step_texts::Applied;
using step_texts::Origins;

TEST(SimpleNormalizersTest, Lowercase) {
  EXPECT_EQ(Applied(*MakeLowercase(), ""), "(unchanged)");
  EXPECT_EQ(Applied(*MakeLowercase(), "a@[`{9"), "(unchanged)");
  EXPECT_EQ(Applied(*MakeLowercase(), "a\u4e2d"), "a\u4e2d");  // beyond ASCII it looks, and copies
  EXPECT_EQ(Applied(*MakeLowercase(), "@AZ["), "@az[");
  EXPECT_EQ(Applied(*MakeLowercase(), "xÀΣ"), "xàσ");
  EXPECT_EQ(Origins(*MakeLowercase(), "İa"),  // i and a dot, both from one character
            (std::vector<Span>{{0, 2}, {0, 2}, {0, 2}, {2, 3}}));
}

TEST(SimpleNormalizersTest, NmtAtTheEndsOfItsRanges) {
  EXPECT_EQ(Applied(*MakeNmt(), std::string("\0", 1)), std::string("\0", 1));
  EXPECT_EQ(Applied(*MakeNmt(), "\x01\x08\x0B\x0E\x1F\x7F\u008F\u009F"), "");
  EXPECT_EQ(Applied(*MakeNmt(), "\t\n\f\r"), "    ");
  EXPECT_EQ(Applied(*MakeNmt(), "\u1680\u200B\u200F\u2028\u2029▁\uFEFF\uFFFD"), "        ");
  EXPECT_EQ(Applied(*MakeNmt(), "\u200A\u2010\u0090\u00A0"), "\u200A\u2010\u0090\u00A0");
}

TEST(SimpleNormalizersTest, StripAccentsDropsMarksAlone) {
  EXPECT_EQ(Applied(*MakeStripAccents(), ""), "(unchanged)");
  EXPECT_EQ(Applied(*MakeStripAccents(), "é"), "(unchanged)");  // composed: no mark
  EXPECT_EQ(Applied(*MakeStripAccents(), "e\u0301\u0301x"), "ex");
  EXPECT_EQ(Applied(*MakeStripAccents(), "\u0301"), "");
}

TEST(SimpleNormalizersTest, ByteLevelSpellsBytes) {
  EXPECT_EQ(Applied(*MakeByteLevel(), ""), "");
  EXPECT_EQ(Applied(*MakeByteLevel(), "a é"), "aĠÃ©");
  EXPECT_EQ(Origins(*MakeByteLevel(), "é"), (std::vector<Span>{{0, 2}, {0, 2}, {0, 2}, {0, 2}}));
}

TEST(SimpleNormalizersTest, PrependNeedsTextAndSomethingToPrepend) {
  EXPECT_EQ(Applied(*MakePrepend({"▁"}), ""), "(unchanged)");
  EXPECT_EQ(Applied(*MakePrepend({""}), "a"), "(unchanged)");
  EXPECT_EQ(Applied(*MakePrepend({"▁"}), "▁a"), "▁▁a");  // also where it stands already
}

TEST(SimpleNormalizersTest, StripEndsAtTheFirstOtherCharacter) {
  EXPECT_EQ(Applied(*MakeStrip({.left = true, .right = true}), "a b"), "(unchanged)");
  EXPECT_EQ(Applied(*MakeStrip({.left = true, .right = true}), "\u3000 é\u2003"), "é");
  EXPECT_EQ(Applied(*MakeStrip({.left = false, .right = false}), " a "), "(unchanged)");
  EXPECT_EQ(Applied(*MakeStrip({.left = true, .right = false}), " \n"), "");
  EXPECT_EQ(Applied(*MakeStrip({.left = false, .right = true}), " a "), " a");
  EXPECT_EQ(Origins(*MakeStrip({.left = true, .right = true}), " é "),
            (std::vector<Span>{{1, 3}, {1, 3}}));
}

}  // namespace
}  // namespace tokgraft
