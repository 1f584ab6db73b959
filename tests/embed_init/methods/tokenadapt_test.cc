#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/embed_init/made_vectors.h"
#include "tests/embed_init/one_core.h"

namespace tokgraft {
namespace {

TEST(TokenAdaptTest, WeightsAreThoseOfTheFormula) {
  testing::MadeVectors made(30, 4, 5, 1);
  MethodSettings& settings = made.made.options.settings;
  settings.tokenadapt_k = 3;
  settings.tokenadapt_global = 0.4;
  settings.tokenadapt_temperature = 0.5;
  const MadeRows rows = *MakeTokenAdaptRows(made.made.input);
  for (std::uint32_t token = 0; token < 3; ++token) {
    const std::uint32_t v = 30 + token;
    std::vector<double> plain(30, 0);
    // Pieces 0 (2 bytes) and 1 (1 byte).
    const double e0 = std::exp(made.Cosine(v, 0));
    const double e1 = std::exp(made.Cosine(v, 1));
    const double c0 = (e0 / (e0 + e1) + 2.0 / 3) / 2;
    const double c1 = (e1 / (e0 + e1) + 1.0 / 3) / 2;
    const double local = 1 / (1 + std::exp((c1 - c0) / 0.5));
    plain[0] += 0.6 * local;
    plain[1] += 0.6 * (1 - local);
    std::vector<std::pair<double, std::uint32_t>> all;
    for (std::uint32_t i = 0; i < 30; ++i) all.emplace_back(-made.Cosine(v, i), i);
    std::sort(all.begin(), all.end());
    double sum = 0;
    for (std::size_t i = 0; i < 3; ++i) sum += std::exp(-all[i].first / 0.5);
    for (std::size_t i = 0; i < 3; ++i) {
      plain[all[i].second] += 0.4 * std::exp(-all[i].first / 0.5) / sum;
    }
    std::vector<double> found(30, 0);
    for (const auto& [row, weight] : rows.entries[token]) {
      EXPECT_EQ(found[row], 0);  // one entry for each row
      found[row] = weight;
    }
    for (std::size_t i = 0; i < 30; ++i) EXPECT_NEAR(found[i], plain[i], 1e-5);
  }
  EXPECT_EQ(rows.origins[3], RowOrigin::kMeanOfPieces);
}

TEST(TokenAdaptTest, AllOfOnePartOrTheOther) {
  testing::MadeVectors made(30, 2, 5, 2);
  made.made.options.settings.tokenadapt_global = 0;
  const MadeRows local = *MakeTokenAdaptRows(made.made.input);
  ASSERT_EQ(local.entries[0].size(), 2U);
  EXPECT_EQ(local.entries[0][0].first, 0U);
  made.made.options.settings.tokenadapt_global = 1;
  made.made.options.settings.tokenadapt_k = 1;
  ASSERT_EQ(MakeTokenAdaptRows(made.made.input)->entries[0].size(), 1U);
  // Without pieces only neighbours are left.
  made.made.options.settings.tokenadapt_global = 0.3;
  made.made.input.tokens[0].pieces = {};
  const MadeRows global = *MakeTokenAdaptRows(made.made.input);
  ASSERT_EQ(global.entries[0].size(), 1U);
  EXPECT_DOUBLE_EQ(global.entries[0][0].second, 1);
}

TEST(TokenAdaptTest, APieceWithoutAVectorIsAsNearAsTheOthers) {
  testing::MadeVectors made(30, 2, 5, 3);
  made.made.options.settings.tokenadapt_global = 0;
  made.made.input.tokens[0].pieces = {{0, 1}, {1, 1}};
  made.vectors.old.erase(made.vectors.old.begin());
  const MadeRows rows = *MakeTokenAdaptRows(made.made.input);
  ASSERT_EQ(rows.entries[0].size(), 2U);
  EXPECT_DOUBLE_EQ(rows.entries[0][0].second, 0.5);
}

TEST(TokenAdaptTest, TheSameOnOneCoreAndOnMany) {
  if (!testing::HasManyCores()) GTEST_SKIP() << "one core";
  const testing::MadeVectors made(2000, 700, 16, 4);
  const auto entries = [&] { return MakeTokenAdaptRows(made.made.input)->entries; };
  EXPECT_EQ(testing::OnOneCore(entries), entries());
}

}  // namespace
}  // namespace tokgraft
