#include "vocab_merge/strategies/unigram_lattice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace tokgraft {
namespace {

TEST(UnigramLatticeTest, TheBestCutOfAText) {
  const UnigramLattice lattice({{"a", -1}, {"b", -1}, {"ab", -1.5}, {"ba", -0.25}}, -10);
  EXPECT_DOUBLE_EQ(lattice.Best("ab"), -1.5);
  EXPECT_DOUBLE_EQ(lattice.Best("aba"), -1.25);
  EXPECT_DOUBLE_EQ(lattice.Best("a\u4e2d"), -11);  // one unknown character
  EXPECT_DOUBLE_EQ(lattice.Best(""), 0);
}

TEST(UnigramLatticeTest, ExpectedCountsAreThoseOfAllCuts) {
  // "ab": a b has probability 0.3 * 0.2, ab 0.5.
  const UnigramLattice lattice({{"a", std::log(0.3)}, {"b", std::log(0.2)}, {"ab", std::log(0.5)}},
                               -10);
  std::vector<double> counts(3);
  EXPECT_NEAR(lattice.Expect("ab", 2, &counts), std::log(0.56), 1e-12);
  EXPECT_NEAR(counts[0], 2 * 0.06 / 0.56, 1e-12);
  EXPECT_NEAR(counts[1], 2 * 0.06 / 0.56, 1e-12);
  EXPECT_NEAR(counts[2], 2 * 0.5 / 0.56, 1e-12);
}

TEST(UnigramLatticeTest, UnknownCharactersCountForNobody) {
  UnigramLattice lattice({{"a", -1}}, -10);
  std::vector<double> counts(1);
  EXPECT_NEAR(lattice.Expect("xax", 1, &counts), -21, 1e-12);
  EXPECT_NEAR(counts[0], 1, 1e-12);
  lattice.SetScores({-2}, -5);
  EXPECT_DOUBLE_EQ(lattice.Best("xax"), -12);
}

}  // namespace
}  // namespace tokgraft
