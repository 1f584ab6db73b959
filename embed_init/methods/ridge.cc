// ridge: composition learnt from the model's own tokens. Every old token that the tokenizer could
// spell without it is an example: the rows of its pieces, and the row that training gave their sum.
//
//   row ~ mean of the pieces + A f,   f = [mean, first, last row of the pieces; 1; ln n]
//
// A is found by ridge regression, so that with nothing to learn the method is `mean`. Frequent
// tokens weigh more, as 1 / (rank + c), c a tenth of the examples: new tokens are frequent ones,
// and their rows are those that were trained. A tenth of the examples is held out: its error
// chooses the penalty; at the end all examples count. Rows are as short as the regression makes
// them: stretched to the length of true rows they are farther from these than the mean of all.
// They are meant for input rows. As output rows they speak with the voice of tokens that the model
// has learnt to say, over first pieces that keep theirs.
//
// Sums of squares are gathered by blocks of examples, so memory holds a few matrices of
// (3 columns + 2)^2 numbers and a block; the threads share out columns, which changes no sum.
#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "embed_init/methods/method.h"
#include "embed_init/methods/own_splits.h"
#include "tokenizer/base/parallel.h"
#include "tokenizer/base/report_text.h"

namespace tokgraft {
namespace {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;
using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Exact = Eigen::MatrixXd;

constexpr std::size_t kBlock = 1024;  // examples
constexpr Eigen::Index kColumnsPerTask = 64;
constexpr std::size_t kHeldOutEvery = 10;
constexpr std::size_t kFewest = 100;  // examples; with fewer the method says so
constexpr double kPenalties[] = {1e-4, 1e-3, 1e-2, 1e-1, 1, 10};

struct Example {
  const OldPieces* pieces;
  std::uint32_t row;  // what is to be predicted; unused for new tokens
  double weight;
};

class Regression {
 public:
  explicit Regression(const MethodInput& input)
      : input_(input),
        columns_(static_cast<Eigen::Index>(input.old.columns)),
        features_(3 * columns_ + 2) {}

  Eigen::Index features() const { return features_; }

  // Features [examples, features] and means of pieces [examples, columns].
  void Describe(std::span<const Example> examples, Rows* features, Rows* means) const {
    const auto count = static_cast<Eigen::Index>(examples.size());
    features->resize(count, features_);
    means->resize(count, columns_);
    ParallelFor(examples.size(), 32, 0, [&](std::size_t begin, std::size_t end) {
      std::vector<double> term(static_cast<std::size_t>(columns_));
      std::vector<double> sum(term.size());
      for (std::size_t i = begin; i < end; ++i) {
        const std::vector<TokenId>& ids = examples[i].pieces->ids;
        const auto at = static_cast<Eigen::Index>(i);
        std::fill(sum.begin(), sum.end(), 0.0);
        for (std::size_t p = 0; p < ids.size(); ++p) {
          ReadRow(input_.old, ids[p], term);
          for (std::size_t j = 0; j < sum.size(); ++j) sum[j] += term[j];
          const auto put = [&](Eigen::Index block) {
            for (std::size_t j = 0; j < sum.size(); ++j) {
              (*features)(at, block* columns_ + static_cast<Eigen::Index>(j)) =
                  static_cast<float>(term[j] - input_.mean[j]);
            }
          };
          if (p == 0) put(1);
          if (p + 1 == ids.size()) put(2);
        }
        const auto n = static_cast<double>(ids.size());
        for (std::size_t j = 0; j < sum.size(); ++j) {
          const auto column = static_cast<Eigen::Index>(j);
          (*means)(at, column) = static_cast<float>(sum[j] / n);
          (*features)(at, column) = static_cast<float>(sum[j] / n - input_.mean[j]);
        }
        (*features)(at, 3 * columns_) = scale_;
        (*features)(at, 3 * columns_ + 1) = scale_ * static_cast<float>(std::log(n));
      }
    });
  }

  // The rows to be predicted, [examples, columns].
  Rows Targets(std::span<const Example> examples) const {
    Rows rows(static_cast<Eigen::Index>(examples.size()), columns_);
    std::vector<double> term(static_cast<std::size_t>(columns_));
    for (std::size_t i = 0; i < examples.size(); ++i) {
      ReadRow(input_.old, examples[i].row, term);
      for (std::size_t j = 0; j < term.size(); ++j) {
        rows(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) =
            static_cast<float>(term[j]);
      }
    }
    return rows;
  }

  // The constant features are as long as a row is, so that one penalty suits all.
  void SetScale(double rms_norm) { scale_ = static_cast<float>(rms_norm); }

  // Adds the weighted sums of squares and products of the examples.
  void Gather(std::span<const Example> examples, Exact* squares, Exact* products) const {
    Rows features;
    Rows means;
    for (std::size_t first = 0; first < examples.size(); first += kBlock) {
      const auto block = examples.subspan(first, std::min(kBlock, examples.size() - first));
      Describe(block, &features, &means);
      Matrix weighted = features;
      Matrix residual = Targets(block) - means;
      for (std::size_t i = 0; i < block.size(); ++i) {
        const auto root = static_cast<float>(std::sqrt(block[i].weight));
        weighted.row(static_cast<Eigen::Index>(i)) *= root;
        residual.row(static_cast<Eigen::Index>(i)) *= root;
      }
      const auto tasks =
          static_cast<std::size_t>((features_ + kColumnsPerTask - 1) / kColumnsPerTask);
      ParallelFor(tasks, 1, 0, [&](std::size_t begin, std::size_t end) {
        for (std::size_t task = begin; task < end; ++task) {
          const Eigen::Index at = static_cast<Eigen::Index>(task) * kColumnsPerTask;
          const Eigen::Index width = std::min(kColumnsPerTask, features_ - at);
          // The lower triangle only.
          const Matrix part =
              weighted.rightCols(features_ - at).transpose() * weighted.middleCols(at, width);
          squares->block(at, at, features_ - at, width) += part.cast<double>();
          const Matrix product = weighted.middleCols(at, width).transpose() * residual;
          products->middleRows(at, width) += product.cast<double>();
        }
      });
    }
  }

  // A [features, columns] for a penalty in units of the mean square of the features.
  Matrix Solve(const Exact& squares, const Exact& products, double penalty) const {
    Exact system = squares;
    const double unit = squares.diagonal().sum() / static_cast<double>(features_);
    system.diagonal().array() += penalty * unit + 1e-12;
    return system.selfadjointView<Eigen::Lower>().ldlt().solve(products).cast<float>();
  }

  // The predicted rows [examples, columns].
  Rows Predict(std::span<const Example> examples, const Matrix& map) const {
    Rows rows(static_cast<Eigen::Index>(examples.size()), columns_);
    Rows features;
    Rows means;
    for (std::size_t first = 0; first < examples.size(); first += kBlock) {
      const auto block = examples.subspan(first, std::min(kBlock, examples.size() - first));
      Describe(block, &features, &means);
      rows.middleRows(static_cast<Eigen::Index>(first), static_cast<Eigen::Index>(block.size())) =
          means + features * map;
    }
    return rows;
  }

 private:
  const MethodInput& input_;
  Eigen::Index columns_;
  Eigen::Index features_;
  float scale_ = 1;
};

Eigen::RowVectorXf MeanOf(const MethodInput& input) {
  Eigen::RowVectorXf mean(static_cast<Eigen::Index>(input.mean.size()));
  for (std::size_t j = 0; j < input.mean.size(); ++j) {
    mean(static_cast<Eigen::Index>(j)) = static_cast<float>(input.mean[j]);
  }
  return mean;
}

double WeightedError(const Rows& guess, const Rows& truth, std::span<const Example> examples) {
  double error = 0;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const auto at = static_cast<Eigen::Index>(i);
    error +=
        examples[i].weight * static_cast<double>((guess.row(at) - truth.row(at)).squaredNorm());
  }
  return error;
}

}  // namespace

StatusOr<MadeRows> MakeRidgeRows(const MethodInput& input) {
  const std::vector<OwnSplit> splits = SplitOwnTokens(*input.base);
  const std::vector<double> norms = SquaredNorms(input.old, 0, input.old_tokens, 0);
  const auto usable = [&](TokenId id) {
    return id < norms.size() && std::isfinite(norms[id]) && !input.is_hidden(id);
  };
  std::vector<Example> train;
  std::vector<Example> held_out;
  const double slack = 1 + static_cast<double>(splits.size()) / 10;
  double square = 0;
  for (const OwnSplit& split : splits) {
    const std::vector<TokenId>& ids = split.pieces.ids;
    if (!usable(split.id) || !std::all_of(ids.begin(), ids.end(), usable)) continue;
    const Example example{&split.pieces, split.id,
                          slack / (static_cast<double>(split.rank) + slack)};
    (split.rank % kHeldOutEvery == kHeldOutEvery / 2 ? held_out : train).push_back(example);
    square += norms[split.id];
  }
  const std::size_t count = train.size() + held_out.size();
  if (count < kFewest) {
    return FailedPreconditionError(Cat("method ridge: the model's tokenizer has ", count,
                                       " tokens that it could spell without them, ", kFewest,
                                       " were expected to learn from; choose mean"));
  }
  Regression regression(input);
  regression.SetScale(std::sqrt(square / static_cast<double>(count)));
  Exact squares = Exact::Zero(regression.features(), regression.features());
  Exact products = Exact::Zero(regression.features(), static_cast<Eigen::Index>(input.old.columns));
  regression.Gather(train, &squares, &products);
  const Rows truth = regression.Targets(held_out);
  const Eigen::RowVectorXf mean = MeanOf(input);
  double best_error = -1;
  double best_penalty = 0;
  for (const double penalty : kPenalties) {
    const Rows guess = regression.Predict(held_out, regression.Solve(squares, products, penalty));
    const double error = WeightedError(guess, truth, held_out);
    if (!std::isfinite(error) || (best_error >= 0 && error >= best_error)) continue;
    best_error = error;
    best_penalty = penalty;
  }
  if (best_error < 0) {
    return InternalError("method ridge: no penalty gave finite rows; choose mean");
  }
  regression.Gather(held_out, &squares, &products);
  const Matrix map = regression.Solve(squares, products, best_penalty);
  std::vector<Example> wanted;
  for (const WantedToken& token : input.tokens) {
    if (token.pieces.ids.size() > 1) wanted.push_back({&token.pieces, 0, 1});
  }
  const Rows rows = regression.Predict(wanted, map);
  MadeRows made;
  Eigen::Index next = 0;
  for (const WantedToken& token : input.tokens) {
    if (token.pieces.ids.size() > 1) {
      made.AddDense({rows.data() + next++ * rows.cols(), static_cast<std::size_t>(rows.cols())});
    } else {
      made.AddFallback(input, token);  // one piece: there is nothing to compose
    }
  }
  double spread = 0;
  for (std::size_t i = 0; i < held_out.size(); ++i) {
    spread += held_out[i].weight *
              static_cast<double>((truth.row(static_cast<Eigen::Index>(i)) - mean).squaredNorm());
  }
  made.notes.push_back(Cat("ridge learnt from ", Grouped(count), " old tokens; of the spread of ",
                           Grouped(held_out.size()), " held out ones it explains ",
                           Fixed(100 * (1 - best_error / spread), 1), " % (penalty ", best_penalty,
                           ")"));
  return made;
}

}  // namespace tokgraft
