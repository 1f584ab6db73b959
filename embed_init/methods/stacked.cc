// stacked: several estimates of a row, each with a weight. With m the mean of all old rows,
//
//   row = m + sum_i a_i (estimate_i - m),   estimates: omp, map, knn, and ridge (or mean)
//
// The weights are fitted by least squares on shared tokens that the tokenizer could spell without
// them: they are hidden from all estimators, made again, and compared with their rows. A small
// penalty draws the weights towards equal ones. Rows that come near the mean are what the estimates
// can vouch for; `--output-norm` and `--input-norm` stretch them.
#include <Eigen/Dense>
#include <algorithm>

#include "embed_init/methods/method.h"
#include "embed_init/methods/own_splits.h"
#include "tokenizer/base/report_text.h"

namespace tokgraft {
namespace {

constexpr std::size_t kMostHeldOut = 1000;
constexpr std::size_t kFewestHeldOut = 20;
constexpr double kPenalty = 1e-3;
constexpr std::size_t kEstimates = 4;

using Estimates = std::vector<std::vector<float>>;  // each [tokens, columns]

StatusOr<Estimates> Estimate(const MethodInput& input) {
  Estimates estimates;
  for (const auto make : {MakeOmpRows, MakeMapRows, MakeKnnRows}) {
    TOKGRAFT_ASSIGN_OR_RETURN(const MadeRows made, make(input));
    estimates.push_back(NumbersOf(input, made));
  }
  StatusOr<MadeRows> composed = MakeRidgeRows(input);
  if (absl::IsFailedPrecondition(composed.status())) composed = MakeRows(Method::kMean, input);
  TOKGRAFT_RETURN_IF_ERROR(composed.status());
  estimates.push_back(NumbersOf(input, *composed));
  return estimates;
}

// Shared tokens with pieces, spread over all of them.
std::vector<WantedToken> HeldOut(const MethodInput& input) {
  const std::vector<OwnSplit> splits = SplitOwnTokens(*input.base);
  std::vector<WantedToken> all;
  for (const Anchor& anchor : input.anchors) {
    const auto split = std::lower_bound(splits.begin(), splits.end(), anchor.base,
                                        [](const OwnSplit& a, TokenId id) { return a.id < id; });
    if (split == splits.end() || split->id != anchor.base) continue;
    const std::vector<TokenId>& ids = split->pieces.ids;
    if (input.is_hidden(anchor.base) ||
        std::any_of(ids.begin(), ids.end(), [&](TokenId id) { return id >= input.old.rows; })) {
      continue;
    }
    all.push_back({.pieces = split->pieces,
                   .bytes = input.base->token_bytes(anchor.base).value_or(std::string_view()),
                   .donor_row = anchor.donor,
                   .row = anchor.base});
  }
  const std::size_t wanted = std::min(kMostHeldOut, all.size() / 10);
  std::vector<WantedToken> held_out;
  for (std::size_t i = 0; i < wanted; ++i) held_out.push_back(all[i * all.size() / wanted]);
  return held_out;
}

}  // namespace

StatusOr<MadeRows> MakeStackedRows(const MethodInput& input) {
  const auto columns = static_cast<std::size_t>(input.old.columns);
  MethodInput rehearsal = input;
  rehearsal.tokens = HeldOut(input);
  if (rehearsal.tokens.size() < kFewestHeldOut) {
    return FailedPreconditionError(Cat("method stacked: ", rehearsal.tokens.size(),
                                       " shared tokens could be held out to fit its weights on, ",
                                       kFewestHeldOut, " were expected; choose omp, map or knn"));
  }
  rehearsal.hidden.resize(static_cast<std::size_t>(input.old.rows), false);
  for (const WantedToken& token : rehearsal.tokens) {
    rehearsal.hidden[static_cast<std::size_t>(token.row)] = true;
  }
  TOKGRAFT_ASSIGN_OR_RETURN(const Estimates guessed, Estimate(rehearsal));
  Eigen::MatrixXd squares = Eigen::MatrixXd::Zero(kEstimates, kEstimates);
  Eigen::VectorXd products = Eigen::VectorXd::Zero(kEstimates);
  std::vector<double> truth(columns);
  Eigen::VectorXd at(static_cast<Eigen::Index>(kEstimates));
  for (std::size_t i = 0; i < rehearsal.tokens.size(); ++i) {
    ReadRow(input.old, rehearsal.tokens[i].row, truth);
    for (std::size_t j = 0; j < columns; ++j) {
      for (std::size_t e = 0; e < kEstimates; ++e) {
        at(static_cast<Eigen::Index>(e)) =
            static_cast<double>(guessed[e][i * columns + j]) - input.mean[j];
      }
      squares += at * at.transpose();
      products += at * (truth[j] - input.mean[j]);
    }
  }
  const double penalty = kPenalty * squares.trace() / static_cast<double>(kEstimates) + 1e-12;
  squares.diagonal().array() += penalty;
  products.array() += penalty / static_cast<double>(kEstimates);
  const Eigen::VectorXd weights = squares.ldlt().solve(products);
  TOKGRAFT_ASSIGN_OR_RETURN(const Estimates estimates, Estimate(input));
  MadeRows made;
  std::vector<float> numbers(columns);
  for (std::size_t i = 0; i < input.tokens.size(); ++i) {
    if (!input.tokens[i].donor_row) {
      made.AddFallback(input, input.tokens[i]);
      continue;
    }
    for (std::size_t j = 0; j < columns; ++j) {
      double sum = input.mean[j];
      for (std::size_t e = 0; e < kEstimates; ++e) {
        sum += weights(static_cast<Eigen::Index>(e)) *
               (static_cast<double>(estimates[e][i * columns + j]) - input.mean[j]);
      }
      numbers[j] = static_cast<float>(sum);
    }
    made.AddDense(numbers);
  }
  made.notes.push_back(Cat("stacked weighs omp ", Fixed(weights(0), 3), ", map ",
                           Fixed(weights(1), 3), ", knn ", Fixed(weights(2), 3), ", ridge ",
                           Fixed(weights(3), 3)));
  return made;
}

}  // namespace tokgraft
