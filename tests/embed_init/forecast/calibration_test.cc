#include "embed_init/forecast/calibration.h"

#include <gtest/gtest.h>

namespace tokgraft {
namespace {

TEST(CalibrationTest, NothingNewCostsNothing) {
  const ExpectedChange change =
      ExpectChange({.bytes = 1000, .tokens_before = 300, .tokens_after = 300});
  EXPECT_EQ(change.change, 0);
  EXPECT_EQ(change.low, 0);
  EXPECT_EQ(change.high, 0);
  EXPECT_EQ(ExpectChange({}).change, 0);
}

TEST(CalibrationTest, TheLine) {
  // 0.05 new tokens a byte, of 2.5 pieces each, and 0.01 other cuts: 0.42 + 0.21.
  const ExpectedChange change =
      ExpectChange({.bytes = 1000, .new_tokens = 50, .other_cuts = 10, .old_pieces = 125});
  EXPECT_NEAR(change.change, 0.63, 1e-12);
  EXPECT_NEAR(change.low, 0.63 - 0.46 * 0.73, 1e-12);
  EXPECT_NEAR(change.high, 0.63 + 0.46 * 0.73, 1e-12);
  EXPECT_NEAR(ExpectChange({.bytes = 1000, .other_cuts = 10}).change, 0.21, 1e-12);
  EXPECT_EQ(ExpectChange({.bytes = 100'000, .other_cuts = 10}).low, 0);
}

TEST(CalibrationTest, BreakingEvenTakesLongerWhereMoreIsLost) {
  EXPECT_EQ(TokensToBreakEven(0, 4000), 0);
  EXPECT_EQ(TokensToBreakEven(kNoChange, 4000), 0);
  // 0.08 is four times 0.02; 4^2.5 = 32.
  EXPECT_NEAR(TokensToBreakEven(0.08, 4000), 5 * 31 * 4000.0, 1e-3);
  EXPECT_NEAR(TokensToBreakEven(0.08, 8000), 5 * 31 * 8000.0, 1e-3);
  EXPECT_NEAR(TokensToBreakEven(0.08, 3), 5 * 31 * 1000.0, 1e-3);
}

}  // namespace
}  // namespace tokgraft
