#include "embed_init/methods/pursuit.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "embed_init/kernels/dots.h"
#include "tokenizer/base/parallel.h"

namespace tokgraft {
namespace {

using Vector = Eigen::Map<const Eigen::VectorXf>;
using Basis = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;

constexpr std::size_t kPanelsPerTask = 8;
constexpr std::size_t kMostQueries = 240;  // in a batch
constexpr std::size_t kBasisBytes = std::size_t{64} << 20;
// Relative to the query or the atom: below this there is nothing left but rounding.
constexpr float kNothing = 1e-5F;

struct Best {
  float product = -1;
  std::uint32_t atom = 0;
};

// One query on its way.
struct State {
  Basis basis;  // [columns, k]
  Eigen::VectorXf residual;
  float norm = 0;
  bool done = false;
};

class Batch {
 public:
  Batch(const PackedRows& packed, std::span<const float> atoms, std::span<const float> queries,
        const PursuitOptions& options)
      : packed_(packed),
        atoms_(atoms),
        queries_(queries),
        columns_(packed.columns()),
        options_(options),
        states_(queries.size() / columns_),
        found_(states_.size()),
        residuals_(states_.size(), columns_) {}

  std::vector<Pursuit> Run() {
    for (std::size_t i = 0; i < states_.size(); ++i) {
      State& state = states_[i];
      state.basis.resize(Size(columns_), Size(options_.k));
      state.residual = Query(i);
      state.norm = state.residual.norm();
      state.done = !(state.norm > 0);
      residuals_.Set(i, {state.residual.data(), columns_});
    }
    for (std::size_t step = 0; step < options_.k; ++step) {
      if (std::all_of(states_.begin(), states_.end(), [](const State& s) { return s.done; })) break;
      const std::vector<Best> best = FindBest();
      ParallelFor(states_.size(), 4, options_.threads, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
          if (!states_[i].done) Take(i, best[i]);
        }
      });
    }
    ParallelFor(states_.size(), 4, options_.threads, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) Solve(i);
    });
    return std::move(found_);
  }

 private:
  static Eigen::Index Size(std::size_t size) { return static_cast<Eigen::Index>(size); }
  Vector Query(std::size_t i) const { return {queries_.data() + i * columns_, Size(columns_)}; }
  Vector Atom(std::uint32_t atom) const {
    return {atoms_.data() + std::size_t{atom} * columns_, Size(columns_)};
  }

  std::vector<Best> FindBest() const {
    const std::size_t tasks = (packed_.panels() + kPanelsPerTask - 1) / kPanelsPerTask;
    std::vector<std::vector<Best>> parts(tasks);
    ParallelFor(tasks, 1, options_.threads, [&](std::size_t begin, std::size_t end) {
      std::vector<float> tile(residuals_.groups() * kQueryGroup * kPanelRows);
      for (std::size_t task = begin; task < end; ++task) {
        std::vector<Best>& best = parts[task];
        best.resize(states_.size());
        const std::size_t last = std::min(packed_.panels(), (task + 1) * kPanelsPerTask);
        for (std::size_t panel = task * kPanelsPerTask; panel < last; ++panel) {
          PanelDots(packed_, panel, residuals_, tile);
          const std::size_t rows = std::min(kPanelRows, packed_.count() - panel * kPanelRows);
          for (std::size_t i = 0; i < states_.size(); ++i) {
            const float* products = tile.data() + i * kPanelRows;
            // Mostly none of them is better, which a sum of comparisons tells without a branch.
            unsigned better = 0;
            for (std::size_t row = 0; row < kPanelRows; ++row) {
              better += std::fabs(products[row]) > best[i].product ? 1U : 0U;
            }
            if (better == 0) continue;
            for (std::size_t row = 0; row < rows; ++row) {
              const float product = std::fabs(products[row]);
              if (product > best[i].product) {
                best[i] = {product, static_cast<std::uint32_t>(panel * kPanelRows + row)};
              }
            }
          }
        }
      }
    });
    std::vector<Best> best(states_.size());
    for (const std::vector<Best>& part : parts) {
      for (std::size_t i = 0; i < best.size(); ++i) {
        if (part[i].product > best[i].product) best[i] = part[i];
      }
    }
    return best;
  }

  void Take(std::size_t i, const Best& best) {
    State& state = states_[i];
    std::vector<std::uint32_t>& taken = found_[i].atoms;
    if (!(best.product > 0) || std::find(taken.begin(), taken.end(), best.atom) != taken.end()) {
      state.done = true;
      return;
    }
    const auto count = Size(taken.size());
    const auto basis = state.basis.leftCols(count);
    Eigen::VectorXf direction = Atom(best.atom);
    const float length = direction.norm();
    for (int pass = 0; pass < 2; ++pass) {  // twice is enough
      direction -= basis * (basis.transpose() * direction).eval();
    }
    const float left = direction.norm();
    if (!(left > kNothing * length)) {
      state.done = true;
      return;
    }
    direction /= left;
    taken.push_back(best.atom);
    state.basis.col(count) = direction;
    state.residual -= direction.dot(state.residual) * direction;
    state.done = !(state.residual.norm() > kNothing * state.norm);
    residuals_.Set(i, {state.residual.data(), columns_});
  }

  void Solve(std::size_t i) {
    const std::vector<std::uint32_t>& taken = found_[i].atoms;
    if (taken.empty()) return;
    const Eigen::Index count = Size(taken.size());
    Eigen::MatrixXd rows(Size(columns_), count);
    for (Eigen::Index j = 0; j < count; ++j) {
      rows.col(j) = Atom(taken[static_cast<std::size_t>(j)]).cast<double>();
    }
    Eigen::MatrixXd squares = rows.transpose() * rows;
    squares.diagonal().array() += options_.ridge * squares.diagonal().mean();
    const Eigen::VectorXd solved = squares.ldlt().solve(rows.transpose() * Query(i).cast<double>());
    found_[i].coefficients.assign(solved.data(), solved.data() + count);
  }

  const PackedRows& packed_;
  std::span<const float> atoms_;
  std::span<const float> queries_;
  std::size_t columns_;
  const PursuitOptions& options_;
  std::vector<State> states_;
  std::vector<Pursuit> found_;
  PackedQueries residuals_;
};

}  // namespace

std::vector<Pursuit> Pursue(std::span<const float> atoms, std::span<const float> queries,
                            std::size_t columns, const PursuitOptions& options) {
  std::vector<Pursuit> found;
  const std::size_t count = queries.size() / columns;
  if (count == 0 || atoms.empty()) return std::vector<Pursuit>(count);
  PursuitOptions bounded = options;
  bounded.k = std::min({options.k, columns, atoms.size() / columns});
  const PackedRows packed(atoms, atoms.size() / columns, columns);
  const std::size_t fitting = kBasisBytes / (columns * bounded.k * sizeof(float));
  const std::size_t batch =
      std::clamp(fitting / kQueryGroup * kQueryGroup, kQueryGroup, kMostQueries);
  for (std::size_t first = 0; first < count; first += batch) {
    const std::size_t size = std::min(batch, count - first);
    std::vector<Pursuit> part =
        Batch(packed, atoms, queries.subspan(first * columns, size * columns), bounded).Run();
    std::move(part.begin(), part.end(), std::back_inserter(found));
  }
  return found;
}

}  // namespace tokgraft
