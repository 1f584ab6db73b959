#include "embed_init/methods/neighbours.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/embed_init/made_input.h"

namespace tokgraft {
namespace {

TEST(NeighboursTest, AreThoseOfAPlainLoop) {
  const std::vector<float> rows = testing::RandomRows(100, 7, 1);
  const std::vector<float> queries = testing::RandomRows(60, 7, 2);
  const auto nearest = Nearest(PackedRows(rows, 100, 7), queries, 4);
  ASSERT_EQ(nearest.size(), 60U);
  for (std::size_t q = 0; q < 60; ++q) {
    std::vector<std::pair<double, std::uint32_t>> all;
    for (std::uint32_t i = 0; i < 100; ++i) {
      double dot = 0;
      for (std::size_t j = 0; j < 7; ++j) {
        dot += static_cast<double>(rows[i * 7 + j]) * static_cast<double>(queries[q * 7 + j]);
      }
      all.emplace_back(-dot, i);
    }
    std::sort(all.begin(), all.end());
    ASSERT_EQ(nearest[q].size(), 4U);
    for (std::size_t i = 0; i < 4; ++i) {
      EXPECT_EQ(nearest[q][i].row, all[i].second);
      EXPECT_NEAR(nearest[q][i].cosine, -all[i].first, 1e-4);
    }
  }
}

TEST(NeighboursTest, OfEqualRowsTheFirstAndOfFewRowsAll) {
  const auto nearest =
      Nearest(PackedRows(std::vector<float>(10, 1), 5, 2), std::vector<float>{1, 0}, 3);
  ASSERT_EQ(nearest[0].size(), 3U);
  for (std::uint32_t i = 0; i < 3; ++i) EXPECT_EQ(nearest[0][i].row, i);
  EXPECT_EQ(
      Nearest(PackedRows(std::vector<float>(4, 1), 2, 2), std::vector<float>{1, 0}, 3)[0].size(),
      2U);
}

TEST(NeighboursTest, SoftmaxAddsUpToOneWhateverTheScores) {
  const std::vector<double> weights = Softmax({1000, 999, -1e6});
  EXPECT_NEAR(weights[0], 1 / (1 + std::exp(-1.0)), 1e-12);
  EXPECT_NEAR(weights[0] + weights[1], 1, 1e-12);
  EXPECT_EQ(weights[2], 0);
}

}  // namespace
}  // namespace tokgraft
