// map: one linear map from the donor's rows to the model's, fitted on the rows of shared tokens,
// both centred. ridge: least squares with a penalty that a tenth of the tokens, held out, chooses.
// procrustes: a rotation (or projection onto fewer columns) and one scale. cca: both spaces
// whitened, rotated onto each other by their correlations, and coloured as the model's; so it keeps
// covariance.
#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "embed_init/methods/donor_space.h"

namespace tokgraft {
namespace {

using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using RowsView = Eigen::Map<const Rows>;
using Exact = Eigen::MatrixXd;

constexpr Eigen::Index kHeldOutEvery = 10;
constexpr double kPenalties[] = {1e-4, 1e-3, 1e-2, 1e-1, 1, 10};

// Sums of squares and products of some rows of x and y.
struct Sums {
  Exact squares;   // x'x
  Exact products;  // x'y
  Exact targets;   // y'y, where asked for
};

constexpr Eigen::Index kBlock = 2048;

void Gather(const Rows& x, const Rows& y, bool targets, Sums* sums) {
  sums->squares = Exact::Zero(x.cols(), x.cols());
  sums->products = Exact::Zero(x.cols(), y.cols());
  if (targets) sums->targets = Exact::Zero(y.cols(), y.cols());
  for (Eigen::Index first = 0; first < x.rows(); first += kBlock) {
    const Eigen::Index size = std::min(kBlock, x.rows() - first);
    const auto part_x = x.middleRows(first, size);
    const auto part_y = y.middleRows(first, size);
    sums->squares += (part_x.transpose() * part_x).eval().cast<double>();
    sums->products += (part_x.transpose() * part_y).eval().cast<double>();
    if (targets) sums->targets += (part_y.transpose() * part_y).eval().cast<double>();
  }
}

Exact SolveRidge(const Sums& sums, double penalty) {
  Exact system = sums.squares;
  system.diagonal().array() += penalty * sums.squares.diagonal().mean() + 1e-12;
  return system.ldlt().solve(sums.products);
}

// Rows i with i % kHeldOutEvery == 0, or the others.
Rows Part(const Rows& rows, bool held_out) {
  std::vector<Eigen::Index> kept;
  for (Eigen::Index i = 0; i < rows.rows(); ++i) {
    if ((i % kHeldOutEvery == 0) == held_out) kept.push_back(i);
  }
  Rows part(static_cast<Eigen::Index>(kept.size()), rows.cols());
  for (std::size_t i = 0; i < kept.size(); ++i) {
    part.row(static_cast<Eigen::Index>(i)) = rows.row(kept[i]);
  }
  return part;
}

Exact FitRidge(const Rows& x, const Rows& y) {
  Sums train;
  Gather(Part(x, false), Part(y, false), false, &train);
  const Rows held_x = Part(x, true);
  const Rows held_y = Part(y, true);
  double best = std::numeric_limits<double>::infinity();
  double chosen = kPenalties[0];
  for (const double penalty : kPenalties) {
    const Eigen::MatrixXf map = SolveRidge(train, penalty).cast<float>();
    const auto error = static_cast<double>((held_x * map - held_y).squaredNorm());
    if (error < best) {
      best = error;
      chosen = penalty;
    }
  }
  Sums all;
  Gather(x, y, false, &all);
  return SolveRidge(all, chosen);
}

Exact FitProcrustes(const Rows& x, const Rows& y) {
  Sums sums;
  Gather(x, y, false, &sums);
  const Eigen::BDCSVD<Exact> svd(sums.products, Eigen::ComputeThinU | Eigen::ComputeThinV);
  const double square = sums.squares.trace();
  const double scale = square > 0 ? svd.singularValues().sum() / square : 0;
  return scale * svd.matrixU() * svd.matrixV().transpose();
}

// The symmetric power of a covariance; directions without variance are left out.
Exact PowerOf(const Exact& covariance, double power) {
  const Eigen::SelfAdjointEigenSolver<Exact> solver(covariance);
  const double least = solver.eigenvalues().maxCoeff() * 1e-6;
  Eigen::VectorXd values = solver.eigenvalues();
  for (double& value : values) value = value > least ? std::pow(value, power) : 0;
  return solver.eigenvectors() * values.asDiagonal() * solver.eigenvectors().transpose();
}

Exact FitCca(const Rows& x, const Rows& y) {
  Sums sums;
  Gather(x, y, true, &sums);
  const Exact whiten = PowerOf(sums.squares, -0.5);
  const Exact correlation = whiten * sums.products * PowerOf(sums.targets, -0.5);
  const Eigen::BDCSVD<Exact> svd(correlation, Eigen::ComputeThinU | Eigen::ComputeThinV);
  return whiten * svd.matrixU() * svd.matrixV().transpose() * PowerOf(sums.targets, 0.5);
}

}  // namespace

StatusOr<MadeRows> MakeMapRows(const MethodInput& input) {
  TOKGRAFT_ASSIGN_OR_RETURN(const DonorSpace space, OpenDonorSpace(input, true));
  const auto count = static_cast<Eigen::Index>(space.anchors.size());
  const auto columns = static_cast<Eigen::Index>(input.old.columns);
  const Rows x = RowsView(space.rows.data(), count, static_cast<Eigen::Index>(space.columns));
  Rows y(count, columns);
  std::vector<double> term(static_cast<std::size_t>(columns));
  for (Eigen::Index i = 0; i < count; ++i) {
    ReadRow(input.old, space.anchors[static_cast<std::size_t>(i)].base, term);
    for (Eigen::Index j = 0; j < columns; ++j) {
      y(i, j) = static_cast<float>(term[static_cast<std::size_t>(j)]);
    }
  }
  const Eigen::RowVectorXf mean =
      y.cast<double>().colwise().mean().cast<float>();  // of the shared tokens
  y.rowwise() -= mean;
  const MapKind kind = input.options->settings.map;
  const Exact map = kind == MapKind::kProcrustes ? FitProcrustes(x, y)
                    : kind == MapKind::kCca      ? FitCca(x, y)
                                                 : FitRidge(x, y);
  const DonorRows wanted = RowsInDonor(input, space);
  const RowsView rows(wanted.rows.data(), static_cast<Eigen::Index>(wanted.tokens.size()),
                      static_cast<Eigen::Index>(space.columns));
  const Rows mapped = (rows * map.cast<float>()).rowwise() + mean;
  MadeRows made;
  std::size_t next = 0;
  for (std::size_t i = 0; i < input.tokens.size(); ++i) {
    if (next == wanted.tokens.size() || wanted.tokens[next] != i) {
      made.AddFallback(input, input.tokens[i]);
    } else {
      made.AddDense({mapped.data() + static_cast<Eigen::Index>(next++) * columns,
                     static_cast<std::size_t>(columns)});
    }
  }
  return made;
}

}  // namespace tokgraft
