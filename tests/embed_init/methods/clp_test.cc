#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/embed_init/made_input.h"
#include "tests/embed_init/one_core.h"

namespace tokgraft {
namespace {

// The formula, in plain loops: donor rows as they are, no mean taken off.
std::vector<double> PlainRow(const testing::MadeInput& made, std::size_t shared, std::size_t token,
                             std::size_t donor_columns, bool clip) {
  const auto cosine = [&](std::size_t a, std::size_t b) {
    double ab = 0, aa = 0, bb = 0;
    for (std::size_t j = 0; j < donor_columns; ++j) {
      const double x = static_cast<double>(made.donor[a * donor_columns + j]);
      const double y = static_cast<double>(made.donor[b * donor_columns + j]);
      ab += x * y;
      aa += x * x;
      bb += y * y;
    }
    return ab / std::sqrt(aa * bb);
  };
  std::vector<double> row(4, 0);
  double sum = 0;
  for (std::size_t i = 0; i < shared; ++i) {
    double weight = cosine(token, i);
    if (clip) weight = std::max(weight, 0.0);
    sum += weight;
    for (std::size_t j = 0; j < 4; ++j) row[j] += weight * static_cast<double>(made.old[i * 4 + j]);
  }
  for (double& value : row) value /= sum;
  return row;
}

TEST(ClpTest, RowsAreThoseOfTheFormula) {
  // More shared tokens than one step takes.
  constexpr std::size_t kShared = 2500;
  testing::MadeInput made(testing::RandomRows(kShared, 4, 1), 4);
  std::vector<float> donor = testing::RandomRows(kShared + 3, 6, 2);
  for (float& value : donor) value += 1;  // so that cosines do not sum to nothing
  made.SetDonor(donor, 6, kShared);
  for (const bool clip : {true, false}) {
    made.options.settings.clp_clip = clip;
    const std::vector<float> rows = NumbersOf(made.input, *MakeClpRows(made.input));
    for (std::size_t token = 0; token < 3; ++token) {
      const std::vector<double> plain = PlainRow(made, kShared, kShared + token, 6, clip);
      for (std::size_t j = 0; j < 4; ++j) EXPECT_NEAR(rows[token * 4 + j], plain[j], 2e-4);
    }
  }
}

TEST(ClpTest, WithoutPositiveWeightsTheMeanOfThePieces) {
  testing::MadeInput made(testing::RandomRows(3, 4, 1), 4);
  std::vector<float> donor(4 * 2, 0.0F);
  for (std::size_t i = 0; i < 3; ++i) donor[i * 2] = 1;
  donor[3 * 2] = -1;  // unlike all
  made.SetDonor(donor, 2, 3);
  const MadeRows rows = *MakeClpRows(made.input);
  EXPECT_EQ(rows.origins[0], RowOrigin::kMeanOfPieces);
  made.input.tokens[0].donor_row.reset();
  EXPECT_EQ(MakeClpRows(made.input)->origins[0], RowOrigin::kMeanOfPieces);
}

TEST(ClpTest, TheSameOnOneCoreAndOnMany) {
  if (!testing::HasManyCores()) GTEST_SKIP() << "one core";
  testing::MadeInput made(testing::RandomRows(2000, 4, 1), 4);
  made.SetDonor(testing::RandomRows(2700, 16, 2), 16, 2000);
  const auto values = [&] { return MakeClpRows(made.input)->dense.values; };
  EXPECT_EQ(testing::OnOneCore(values), values());
}

}  // namespace
}  // namespace tokgraft
