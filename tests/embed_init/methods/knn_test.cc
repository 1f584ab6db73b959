// knn: neighbours and weights against the plainest code.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/embed_init/made_input.h"

namespace tokgraft {
namespace {

TEST(KnnTest, NeighboursAndWeightsAreThoseOfAPlainLoop) {
  testing::MadeInput made(testing::RandomRows(70, 4, 1), 4);
  made.SetDonor(testing::RandomRows(75, 10, 2), 10, 70);
  made.options.settings.knn_k = 5;
  made.options.settings.knn_temperature = 0.3;
  std::vector<double> mean(10, 0);
  for (std::size_t i = 0; i < 700; ++i) mean[i % 10] += static_cast<double>(made.donor[i]) / 70;
  const auto cosine = [&](std::size_t a, std::size_t b) {
    double ab = 0, aa = 0, bb = 0;
    for (std::size_t j = 0; j < 10; ++j) {
      const double x = static_cast<double>(made.donor[a * 10 + j]) - mean[j];
      const double y = static_cast<double>(made.donor[b * 10 + j]) - mean[j];
      ab += x * y;
      aa += x * x;
      bb += y * y;
    }
    return ab / std::sqrt(aa * bb);
  };
  const MadeRows rows = *MakeKnnRows(made.input);
  for (std::size_t token = 0; token < 5; ++token) {
    std::vector<std::pair<double, std::uint32_t>> all;
    for (std::uint32_t i = 0; i < 70; ++i) all.emplace_back(-cosine(70 + token, i), i);
    std::sort(all.begin(), all.end());
    double sum = 0;
    for (std::size_t i = 0; i < 5; ++i) sum += std::exp(-all[i].first / 0.3);
    ASSERT_EQ(rows.entries[token].size(), 5U);
    for (std::size_t i = 0; i < 5; ++i) {
      EXPECT_EQ(rows.entries[token][i].first, all[i].second);
      EXPECT_NEAR(rows.entries[token][i].second, std::exp(-all[i].first / 0.3) / sum, 1e-5);
    }
  }
  // Sparsemax: weights on the simplex, each score less one threshold.
  made.options.settings.knn_sparsemax = true;
  made.options.settings.knn_k = 40;
  const MadeRows sparse = *MakeKnnRows(made.input);
  for (std::size_t token = 0; token < 5; ++token) {
    double sum = 0;
    for (const auto& [row, weight] : sparse.entries[token]) sum += weight;
    EXPECT_NEAR(sum, 1, 1e-5);
    EXPECT_LT(sparse.entries[token].size(), 40U);
    const double threshold =
        cosine(70 + token, sparse.entries[token][0].first) / 0.3 - sparse.entries[token][0].second;
    for (const auto& [row, weight] : sparse.entries[token]) {
      EXPECT_NEAR(cosine(70 + token, row) / 0.3 - weight, threshold, 1e-5);
    }
  }
}

}  // namespace
}  // namespace tokgraft
