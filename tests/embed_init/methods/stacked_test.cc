// stacked: where one estimate is right, it gets the weight.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/embed_init/made_input.h"

namespace tokgraft {
namespace {

TEST(StackedTest, TheEstimateThatIsRightGetsTheWeight) {
  // Pairs of letters whose rows have nothing to do with the letters, but all with the donor.
  std::vector<std::string> tokens;
  for (int a = 0; a < 26; ++a) tokens.push_back(std::string(1, static_cast<char>('a' + a)));
  std::string merges = "[";
  for (std::size_t i = 0; i < 500; ++i) {
    const std::string left = tokens[i / 26];
    const std::string right = tokens[i % 26];
    tokens.push_back(left + right);
    merges += (i == 0 ? "[\"" : ",[\"") + left + "\",\"" + right + "\"]";
  }
  const Tokenizer base = testing::ByteLevelTokenizer(tokens, merges + "]");
  const std::vector<float> donor = testing::RandomRows(560, 8, 9);
  std::vector<float> old;
  for (std::size_t row = 0; row < 526; ++row) {
    for (std::size_t j = 0; j < 8; ++j) {
      old.push_back(2 * donor[row * 8 + j] - donor[row * 8 + (j + 1) % 8]);
    }
  }
  testing::MadeInput made(old, 8);
  made.SetDonor(donor, 8, 526);
  made.input.base = &base;
  made.input.tokens.push_back({.pieces = {{0, 1}, {1, 1}}});
  const StatusOr<MadeRows> rows = MakeStackedRows(made.input);
  ASSERT_TRUE(rows.ok()) << Message(rows.status());
  double error = 0;
  double square = 0;
  for (std::size_t i = 0; i < 34; ++i) {
    for (std::size_t j = 0; j < 8; ++j) {
      const std::size_t at = (526 + i) * 8;
      const double truth =
          2 * static_cast<double>(donor[at + j]) - static_cast<double>(donor[at + (j + 1) % 8]);
      error += std::pow(static_cast<double>(rows->dense.values[i * 8 + j]) - truth, 2);
      square += truth * truth;
    }
  }
  EXPECT_LT(error, 0.01 * square);
  EXPECT_EQ(rows->origins.back(), RowOrigin::kMeanOfPieces);
  ASSERT_EQ(rows->notes.size(), 1U);
  EXPECT_NE(rows->notes[0].find("stacked weighs omp"), std::string::npos);
}

}  // namespace
}  // namespace tokgraft
