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
  EXPECT_EQ(TokensToBreakEven(0, 4000), 0);
}

TEST(CalibrationTest, CostRisesWithNewTokensAndTheirPieces) {
  const auto change = [](std::uint64_t tokens, std::uint64_t pieces) {
    return ExpectChange({.bytes = 1000,
                         .tokens_before = 300 + pieces - tokens,
                         .tokens_after = 300,
                         .new_tokens = tokens,
                         .after_new = tokens / 2,
                         .old_pieces = pieces});
  };
  EXPECT_GT(change(50, 100).change, 0);
  EXPECT_GT(change(100, 200).change, change(50, 100).change);
  EXPECT_GT(change(50, 200).change, change(50, 100).change);
  EXPECT_LT(change(50, 100).low, change(50, 100).change);
  EXPECT_GT(change(50, 100).high, change(50, 100).change);
  EXPECT_GE(change(1, 2).low, 0);
}

TEST(CalibrationTest, MoreIsToBeLearntWhereMoreIsLost) {
  EXPECT_GT(TokensToBreakEven(0.5, 4000), TokensToBreakEven(0.1, 4000));
  EXPECT_GT(TokensToBreakEven(0.5, 8000), TokensToBreakEven(0.5, 4000));
}

}  // namespace
}  // namespace tokgraft
