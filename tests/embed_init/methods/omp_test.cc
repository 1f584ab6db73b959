// omp: what is a sum of shared tokens in the donor is the same sum in the model.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/embed_init/made_input.h"

namespace tokgraft {
namespace {

TEST(OmpTest, ASumOfSharedTokensIsFoundAgain) {
  for (const bool unit : {false, true}) {
    for (const bool centre : {false, true}) {
      testing::MadeInput made(testing::RandomRows(40, 8, 1), 8);
      std::vector<float> donor = testing::RandomRows(40, 30, 2);
      // Token 40: 2 * (row 7) - (row 3), a sum with weights 2 and -1.
      for (std::size_t j = 0; j < 30; ++j)
        donor.push_back(2 * donor[7 * 30 + j] - donor[3 * 30 + j]);
      made.SetDonor(donor, 30, 40);
      made.input.tokens.push_back({.pieces = {{4, 6}, {1, 1}}});  // no row in the donor
      made.input.tokens.push_back({});
      made.options.settings.omp_unit = unit;
      made.options.settings.omp_centre = centre;
      made.options.settings.omp_ridge = 0;
      const StatusOr<MadeRows> rows = MakeOmpRows(made.input);
      ASSERT_TRUE(rows.ok()) << Message(rows.status());
      const std::vector<float> numbers = NumbersOf(made.input, *rows);
      for (std::size_t j = 0; j < 8; ++j) {
        EXPECT_NEAR(numbers[j], 2 * made.old[7 * 8 + j] - made.old[3 * 8 + j], 0.02)
            << unit << centre;
      }
      EXPECT_EQ(rows->origins[0], RowOrigin::kMethod);
      EXPECT_EQ(rows->origins[1], RowOrigin::kMeanOfPieces);
      EXPECT_EQ(rows->origins[2], RowOrigin::kMeanOfAll);
      EXPECT_TRUE(rows->dense.rows.empty());
    }
  }
}

}  // namespace
}  // namespace tokgraft
