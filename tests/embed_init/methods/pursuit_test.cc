// Orthogonal matching pursuit against the plainest code in double precision.
#include "embed_init/methods/pursuit.h"

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "tests/embed_init/made_input.h"

namespace tokgraft {
namespace {

// The definition: after each choice the whole least squares problem again.
Pursuit Naive(const Eigen::MatrixXd& atoms, const Eigen::VectorXd& query, std::size_t k) {
  Pursuit found;
  Eigen::VectorXd residual = query;
  Eigen::VectorXd solved;
  for (std::size_t step = 0; step < k; ++step) {
    Eigen::Index best = 0;
    (atoms * residual).cwiseAbs().maxCoeff(&best);
    found.atoms.push_back(static_cast<std::uint32_t>(best));
    Eigen::MatrixXd taken(query.size(), static_cast<Eigen::Index>(found.atoms.size()));
    for (std::size_t i = 0; i < found.atoms.size(); ++i) {
      taken.col(static_cast<Eigen::Index>(i)) = atoms.row(found.atoms[i]).transpose();
    }
    solved = taken.colPivHouseholderQr().solve(query);
    residual = query - taken * solved;
  }
  found.coefficients.assign(solved.data(), solved.data() + solved.size());
  return found;
}

TEST(PursuitTest, ChoosesWhatTheDefinitionChooses) {
  for (const std::size_t columns : {5U, 48U}) {
    const std::size_t count = 700;
    const std::vector<float> atoms = testing::RandomRows(count, columns, 1);
    const std::vector<float> queries = testing::RandomRows(20, columns, 2);
    Eigen::MatrixXd exact(count, columns);
    for (std::size_t i = 0; i < atoms.size(); ++i) {
      exact(static_cast<Eigen::Index>(i / columns), static_cast<Eigen::Index>(i % columns)) =
          static_cast<double>(atoms[i]);
    }
    const std::size_t k = std::min<std::size_t>(columns - 2, 16);
    const std::vector<Pursuit> found = Pursue(atoms, queries, columns, {.k = k});
    ASSERT_EQ(found.size(), 20U);
    for (std::size_t q = 0; q < found.size(); ++q) {
      Eigen::VectorXd query(columns);
      for (std::size_t j = 0; j < columns; ++j) {
        query(static_cast<Eigen::Index>(j)) = static_cast<double>(queries[q * columns + j]);
      }
      const Pursuit naive = Naive(exact, query, k);
      ASSERT_EQ(found[q].atoms, naive.atoms);
      for (std::size_t i = 0; i < k; ++i) {
        EXPECT_NEAR(found[q].coefficients[i], naive.coefficients[i], 1e-6);
      }
    }
  }
}

TEST(PursuitTest, StopsWhereNothingIsLeft) {
  const std::vector<float> atoms = {1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 0};
  const std::vector<float> queries = {0, 3, 0, 0, 0, 0, 2, 0, -5};
  const std::vector<Pursuit> found = Pursue(atoms, queries, 3, {.k = 3});
  EXPECT_EQ(found[0], (Pursuit{{1}, {3}}));
  EXPECT_EQ(found[1], Pursuit{});  // of nothing there is nothing
  EXPECT_EQ(found[2], (Pursuit{{2, 0}, {-5, 2}}));
  // A penalty shortens the coefficients.
  EXPECT_NEAR(Pursue(atoms, queries, 3, {.k = 3, .ridge = 0.5})[0].coefficients[0], 2, 1e-9);
}

TEST(PursuitTest, ThreadsAndBatchesChangeNothing) {
  const std::vector<float> atoms = testing::RandomRows(900, 12, 5);
  const std::vector<float> queries = testing::RandomRows(500, 12, 6);
  const std::vector<Pursuit> one = Pursue(atoms, queries, 12, {.k = 6, .threads = 1});
  EXPECT_EQ(Pursue(atoms, queries, 12, {.k = 6, .threads = 5}), one);
  const std::vector<Pursuit> alone =
      Pursue(atoms, std::span(queries).subspan(499 * 12), 12, {.k = 6});
  EXPECT_EQ(alone[0], one[499]);
}

}  // namespace
}  // namespace tokgraft
