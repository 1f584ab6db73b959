// The script of a piece, and medians by script.
#include "embed_init/methods/piece_script.h"

#include <gtest/gtest.h>

#include "tests/embed_init/made_input.h"

namespace tokgraft {
namespace {

TEST(PieceScriptTest, MostCharactersDecide) {
  const std::uint8_t latin = ScriptOfPiece("a");
  const std::uint8_t han = ScriptOfPiece("国");
  EXPECT_NE(latin, han);
  EXPECT_NE(latin, ScriptOfPiece("ж"));
  EXPECT_EQ(ScriptOfPiece(" hello"), latin);
  EXPECT_EQ(ScriptOfPiece("国家a"), han);
  EXPECT_EQ(ScriptOfPiece("a国"), latin);   // equally many: the first
  EXPECT_EQ(ScriptOfPiece("\xE5\x9B"), 0);  // no whole character
  EXPECT_EQ(ScriptOfPiece(""), 0);
}

TEST(PieceScriptTest, MediansAreByScript) {
  const Tokenizer base = testing::ByteLevelTokenizer({"a", "b", "c", "åĽ½"}, "[]");
  testing::MadeInput made({1, 2, 30, 7}, 1);
  made.input.base = &base;
  const auto norms = MedianNorms(made.input);
  EXPECT_EQ(MedianNormOf(norms, ScriptOfPiece("x")), 2);
  EXPECT_EQ(MedianNormOf(norms, ScriptOfPiece("国")), 7);
  EXPECT_EQ(MedianNormOf(norms, ScriptOfPiece("ж")), 7);  // none: of all, 1 2 7 30
  made.input.hidden = {false, true, false, false};
  EXPECT_EQ(MedianNormOf(MedianNorms(made.input), ScriptOfPiece("x")), 30);  // upper of 1 and 30
}

}  // namespace
}  // namespace tokgraft
