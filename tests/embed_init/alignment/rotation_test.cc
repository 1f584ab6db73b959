#include "embed_init/alignment/rotation.h"

#include <gtest/gtest.h>

#include <Eigen/Dense>

#include "tests/embed_init/made_input.h"

namespace tokgraft {
namespace {

// A random orthogonal matrix, reflections too.
std::vector<double> Orthogonal(Eigen::Index size, unsigned seed) {
  std::srand(seed);
  const Eigen::MatrixXd random = Eigen::MatrixXd::Random(size, size);
  const Eigen::MatrixXd q = Eigen::HouseholderQR<Eigen::MatrixXd>(random).householderQ();
  std::vector<double> values;
  for (Eigen::Index i = 0; i < size; ++i) {
    for (Eigen::Index j = 0; j < size; ++j) values.push_back(q(i, j));
  }
  return values;
}

TEST(RotationTest, FindsTheRotationThatWasUsed) {
  for (const unsigned seed : {1U, 2U, 3U}) {
    const std::vector<double> rotation = Orthogonal(12, seed);
    const std::vector<float> x = testing::RandomRows(40, 12, seed);
    const std::vector<float> y = Rotate(x, rotation, 12);
    const std::vector<double> found = FitRotation(x, y, 12);
    for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], rotation[i], 1e-5);
    const std::vector<float> back = RotateBack(y, found, 12);
    for (std::size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(back[i], x[i], 1e-4);
  }
}

TEST(RotationTest, NoOtherRotationIsNearer) {
  const std::vector<float> x = testing::RandomRows(30, 5, 7);
  const std::vector<float> y = testing::RandomRows(30, 5, 8);
  const auto distance = [&](const std::vector<double>& rotation) {
    const std::vector<float> rotated = Rotate(x, rotation, 5);
    double sum = 0;
    for (std::size_t i = 0; i < y.size(); ++i) {
      const double difference = static_cast<double>(rotated[i]) - static_cast<double>(y[i]);
      sum += difference * difference;
    }
    return sum;
  };
  const double best = distance(FitRotation(x, y, 5));
  for (unsigned seed = 0; seed < 200; ++seed) EXPECT_GE(distance(Orthogonal(5, seed)), best);
}

TEST(RotationTest, IsOrthogonalThoughPairsAreFew) {
  const std::vector<double> r =
      FitRotation(testing::RandomRows(2, 6, 1), testing::RandomRows(2, 6, 2), 6);
  for (std::size_t i = 0; i < 6; ++i) {
    for (std::size_t j = 0; j < 6; ++j) {
      double dot = 0;
      for (std::size_t k = 0; k < 6; ++k) dot += r[i * 6 + k] * r[j * 6 + k];
      EXPECT_NEAR(dot, i == j ? 1 : 0, 1e-9);
    }
  }
}

}  // namespace
}  // namespace tokgraft
