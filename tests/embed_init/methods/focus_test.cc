#include <gtest/gtest.h>

#include <algorithm>

#include "tests/embed_init/made_vectors.h"
#include "tests/embed_init/one_core.h"

namespace tokgraft {
namespace {

// Sparsemax by bisection of its threshold.
std::vector<double> PlainSparsemax(const std::vector<double>& scores) {
  double low = *std::max_element(scores.begin(), scores.end()) - 1;
  double high = low + 1;
  for (int step = 0; step < 200; ++step) {
    const double middle = (low + high) / 2;
    double sum = 0;
    for (const double score : scores) sum += std::max(0.0, score - middle);
    (sum > 1 ? low : high) = middle;
  }
  std::vector<double> weights;
  for (const double score : scores) weights.push_back(std::max(0.0, score - low));
  return weights;
}

TEST(FocusTest, WeightsAreTheSparsemaxOfAllCosines) {
  const testing::MadeVectors made(300, 6, 3, 1);
  const MadeRows rows = *MakeFocusRows(made.made.input);
  std::size_t most = 0;
  for (std::size_t token = 0; token < 5; ++token) {
    std::vector<double> cosines;
    for (std::uint32_t i = 0; i < 299; ++i) {  // the last is not shared
      cosines.push_back(made.Cosine(300 + static_cast<std::uint32_t>(token), i));
    }
    const std::vector<double> weights = PlainSparsemax(cosines);
    std::vector<double> found(300, 0);
    double sum = 0;
    for (const auto& [row, weight] : rows.entries[token]) {
      found[row] += weight;
      sum += weight;
    }
    EXPECT_NEAR(sum, 1, 1e-5);
    for (std::size_t i = 0; i < 299; ++i) EXPECT_NEAR(found[i], weights[i], 1e-5);
    EXPECT_EQ(found[299], 0);
    most = std::max(most, rows.entries[token].size());
    EXPECT_EQ(rows.origins[token], RowOrigin::kMethod);
  }
  EXPECT_GT(most, 10U);
}

TEST(FocusTest, ManyNearVectorsAllWeigh) {
  // More than the first few that are sorted.
  testing::MadeVectors made(400, 2, 3, 2);
  for (std::size_t i = 0; i < 401; ++i) {
    const float turn = static_cast<float>(i) * 1e-4F;
    made.vectors.values[i * 3] = std::cos(turn);
    made.vectors.values[i * 3 + 1] = std::sin(turn);
    made.vectors.values[i * 3 + 2] = 0;
  }
  const MadeRows rows = *MakeFocusRows(made.made.input);
  EXPECT_EQ(rows.entries[0].size(), 399U);
}

TEST(FocusTest, ATokenWithoutAVectorGetsTheMeanOfItsPieces) {
  const testing::MadeVectors made(20, 2, 3, 1);
  const MadeRows rows = *MakeFocusRows(made.made.input);
  EXPECT_EQ(rows.origins[1], RowOrigin::kMeanOfPieces);
  ASSERT_EQ(rows.entries[1].size(), 2U);
  EXPECT_DOUBLE_EQ(rows.entries[1][0].second, 0.5);
}

TEST(FocusTest, HiddenRowsAndRowsWithoutNumbersAreNotUsed) {
  testing::MadeVectors made(8, 2, 3, 3);
  made.made.input.hidden.assign(8, true);
  made.made.input.hidden[4] = false;
  const MadeRows rows = *MakeFocusRows(made.made.input);
  ASSERT_EQ(rows.entries[0].size(), 1U);
  EXPECT_EQ(rows.entries[0][0].first, 4U);
  made.made.old[4 * 4] = std::nanf("");
  const auto refused = MakeFocusRows(made.made.input);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(FocusTest, TheSameOnOneCoreAndOnMany) {
  if (!testing::HasManyCores()) GTEST_SKIP() << "one core";
  const testing::MadeVectors made(2000, 700, 16, 4);
  const auto entries = [&] { return MakeFocusRows(made.made.input)->entries; };
  EXPECT_EQ(testing::OnOneCore(entries), entries());
}

}  // namespace
}  // namespace tokgraft
