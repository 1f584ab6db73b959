// Noise: every draw is keyed by (seed, row, draw) alone, is even over rows and signs, and its sum
// has the covariance of the old rows.
#include "embed_init/kernels/noise.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

namespace tokgraft {
namespace {

// The noise of rows [0, count) with factor one, as rows of doubles, over float32 old rows.
std::vector<std::vector<double>> NoiseOf(const std::vector<float>& old, std::uint64_t columns,
                                         std::uint64_t count, std::uint64_t seed = 0,
                                         double factor = 1) {
  InitPlan plan;
  plan.old_rows = plan.old_tokens = old.size() / columns;
  plan.seed = seed;
  plan.input.noise = factor;
  const MatrixView view{.data = reinterpret_cast<const char*>(old.data()),
                        .dtype = DType::kF32,
                        .rows = plan.old_rows,
                        .columns = columns};
  const std::vector<double> mean = MeanOfRows(view, plan.old_rows, 1);
  const Composition composition{.plan = &plan, .role = &plan.input, .old = view, .mean = mean};
  std::vector<std::vector<double>> rows;
  std::vector<double> term(columns);
  for (std::uint64_t row = 0; row < count; ++row) {
    AddNoise(composition, row, rows.emplace_back(columns), term);
  }
  return rows;
}

// These values are a promise: the same seed makes the same model in every later version.
TEST(NoiseTest, DrawsAreWhatTheyWere) {
  const auto draw = [](std::uint64_t seed, std::uint64_t row, int k) {
    const NoiseDraw drawn = DrawNoise(seed, row, k, 1000);
    return static_cast<std::int64_t>(drawn.row) * (drawn.negative ? -1 : 1);
  };
  EXPECT_EQ(draw(0, 0, 0), -216);
  EXPECT_EQ(draw(0, 0, 1), 912);
  EXPECT_EQ(draw(0, 7, 0), 693);
  EXPECT_EQ(draw(1, 0, 0), -297);
}

TEST(NoiseTest, DrawsAreEvenOverRowsAndSigns) {
  std::vector<int> counts(10);
  int negative = 0;
  for (std::uint64_t row = 0; row < 1000; ++row) {
    for (int k = 0; k < kNoiseDraws; ++k) {
      const NoiseDraw drawn = DrawNoise(3, row, k, 10);
      ASSERT_LT(drawn.row, 10u);
      ++counts[drawn.row];
      negative += drawn.negative ? 1 : 0;
    }
  }
  for (const int count : counts) EXPECT_NEAR(count, 6400, 400);  // five standard deviations
  EXPECT_NEAR(negative, 32000, 650);
}

// Every old row is mean +1 or -1, so each of the 64 draws adds 1/8 or takes it away.
TEST(NoiseTest, ARowIsSixtyFourSignedDraws) {
  const auto noise = NoiseOf({1, 3, 1, 3}, 1, 50);
  std::set<double> seen;
  for (std::uint64_t row = 0; row < 50; ++row) {
    double sum = 0;
    for (int k = 0; k < kNoiseDraws; ++k) {
      const NoiseDraw drawn = DrawNoise(0, row, k, 4);
      sum += (drawn.row % 2 == 0 ? -0.125 : 0.125) * (drawn.negative ? -1 : 1);
    }
    EXPECT_EQ(noise[row][0], sum) << row;
    seen.insert(sum);
  }
  EXPECT_GT(seen.size(), 8u);
  EXPECT_EQ(NoiseOf({1, 3, 1, 3}, 1, 1, 0, 0.5)[0][0], noise[0][0] / 2);
  EXPECT_NE(NoiseOf({1, 3, 1, 3}, 1, 50, 1), noise);
}

TEST(NoiseTest, HasTheMeanAndTheCovarianceOfTheOldRows) {
  std::vector<float> old;
  for (int i = 0; i < 512; ++i) {
    const float a = i % 2 == 0 ? 1.0F : -1.0F;
    const float b = i % 4 < 2 ? 1.0F : -1.0F;
    old.insert(old.end(), {7 + a, 3 * a + b});  // covariance [[1, 3], [3, 10]]
  }
  double x = 0, y = 0, xx = 0, xy = 0, yy = 0;
  for (const std::vector<double>& row : NoiseOf(old, 2, 4000)) {
    x += row[0] / 4000;
    y += row[1] / 4000;
    xx += row[0] * row[0] / 4000;
    xy += row[0] * row[1] / 4000;
    yy += row[1] * row[1] / 4000;
  }
  EXPECT_NEAR(x, 0, 0.08);
  EXPECT_NEAR(y, 0, 0.25);
  EXPECT_NEAR(xx, 1, 0.1);
  EXPECT_NEAR(xy, 3, 0.3);
  EXPECT_NEAR(yy, 10, 1);
}

// An infinity in the old rows adds nothing, and no old rows draw nothing.
TEST(NoiseTest, WhatIsNotFiniteIsLeftOut) {
  const float infinity = std::numeric_limits<float>::infinity();
  for (const std::vector<double>& row : NoiseOf({1, infinity, 3, std::nanf("")}, 1, 20)) {
    EXPECT_TRUE(std::isfinite(row[0]));
  }
  EXPECT_EQ(NoiseOf({}, 1, 1)[0][0], 0);
}

}  // namespace
}  // namespace tokgraft
