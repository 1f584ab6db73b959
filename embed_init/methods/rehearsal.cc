#include "embed_init/methods/rehearsal.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>

#include "embed_init/methods/own_splits.h"
#include "embed_init/methods/role_rows.h"
#include "tokenizer/base/parallel.h"

namespace tokgraft {
namespace {

constexpr std::size_t kMost = 2000;        // tokens
constexpr std::size_t kMostOfDonor = 500;  // omp takes its time
constexpr std::size_t kFewest = 50;
constexpr double kStandardErrors = 2;

struct Trial {
  AutoScore score;
  std::vector<double> errors;  // [tokens] squared distance from the true row
};

// Numbers of the tokens' true rows, [tokens, columns].
std::vector<float> TrueRows(const MethodInput& input, const std::vector<WantedToken>& tokens) {
  const auto columns = static_cast<std::size_t>(input.old.columns);
  std::vector<float> rows(tokens.size() * columns);
  std::vector<double> row(columns);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    ReadRow(input.old, tokens[i].row, row);
    for (std::size_t j = 0; j < columns; ++j) {
      rows[i * columns + j] = static_cast<float>(row[j]);
    }
  }
  return rows;
}

StatusOr<Trial> Try(Method method, const MethodInput& input, const std::vector<double>& weights,
                    const std::vector<float>& truth) {
  const auto start = std::chrono::steady_clock::now();
  TOKGRAFT_ASSIGN_OR_RETURN(const MadeRows made, MakeRoleRows(method, NormPolicy::kNone, input));
  const std::vector<float> rows = NumbersOf(input, made);
  const auto columns = static_cast<std::size_t>(input.old.columns);
  Trial trial;
  double left = 0;
  double all = 0;
  double cosines = 0;
  double weight = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    double error = 0;
    double product = 0;
    double guess = 0;
    double true_square = 0;
    for (std::size_t j = 0; j < columns; ++j) {
      const double mean = input.mean[j];
      const double g = static_cast<double>(rows[i * columns + j]) - mean;
      const double t = static_cast<double>(truth[i * columns + j]) - mean;
      error += (g - t) * (g - t);
      product += g * t;
      guess += g * g;
      true_square += t * t;
    }
    trial.errors.push_back(error);
    left += weights[i] * error;
    all += weights[i] * true_square;
    weight += weights[i];
    if (guess > 0 && true_square > 0) {
      cosines += weights[i] * product / std::sqrt(guess * true_square);
    }
  }
  trial.score.method = std::string(MethodName(method));
  trial.score.left = all > 0 ? left / all : 0;
  trial.score.cosine = weight > 0 ? cosines / weight : 0;
  trial.score.seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return trial;
}

// The weighted mean of a - b over the tokens and its standard error.
std::pair<double, double> Difference(const std::vector<double>& a, const std::vector<double>& b,
                                     const std::vector<double>& weights) {
  double sum = 0;
  double weight = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    sum += weights[i] * (a[i] - b[i]);
    weight += weights[i];
  }
  const double mean = sum / weight;
  double square = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const double off = weights[i] * (a[i] - b[i] - mean);
    square += off * off;
  }
  return {mean, std::sqrt(square) / weight};
}

}  // namespace

HiddenTokens HideOwnTokens(const MethodInput& input, std::size_t most) {
  std::vector<OwnSplit> splits = SplitOwnTokens(*input.base);
  const std::size_t count = splits.size();
  std::sort(splits.begin(), splits.end(),
            [](const OwnSplit& a, const OwnSplit& b) { return a.rank < b.rank; });
  const auto rows = static_cast<std::size_t>(std::min(input.old_tokens, input.old.rows));
  std::vector<std::optional<std::uint32_t>> donor_of(rows);
  for (const Anchor& anchor : input.anchors) {
    if (anchor.base < rows) donor_of[anchor.base] = anchor.donor;
  }
  const std::vector<double> norms = SquaredNorms(input.old, 0, rows, 0);
  const auto is_sound = [&](TokenId id) {
    return id < rows && std::isfinite(norms[id]) && norms[id] > 0 && !input.is_hidden(id);
  };
  std::erase_if(splits, [&](const OwnSplit& split) {
    const std::vector<TokenId>& ids = split.pieces.ids;
    return !is_sound(split.id) || (input.donor.data != nullptr && !donor_of[split.id]) ||
           !std::all_of(ids.begin(), ids.end(), is_sound);
  });
  HiddenTokens hidden;
  const std::size_t wanted = std::min(most, splits.size() / 4);
  const double slack = 1 + static_cast<double>(count) / 10;
  std::vector<bool> is_piece(rows, false);
  std::vector<bool> is_hidden(rows, false);
  for (std::size_t i = 0; i < wanted; ++i) {
    const OwnSplit& split = splits[i * splits.size() / wanted];
    const std::vector<TokenId>& ids = split.pieces.ids;
    // What is hidden must be no piece of another hidden token.
    if (is_piece[split.id] ||
        std::any_of(ids.begin(), ids.end(), [&](TokenId id) { return is_hidden[id]; })) {
      continue;
    }
    is_hidden[split.id] = true;
    for (const TokenId id : ids) is_piece[id] = true;
    hidden.tokens.push_back(
        {.pieces = split.pieces,
         .bytes = input.base->token_bytes(split.id).value_or(std::string_view()),
         .donor_row = donor_of[split.id],
         .row = split.id});
    hidden.weights.push_back(slack / (static_cast<double>(split.rank) + slack));
  }
  return hidden;
}

StatusOr<AutoReport> Rehearse(const MethodInput& input, bool serves_both, Method fallback) {
  AutoReport report;
  report.role = serves_both ? "both" : input.role == Role::kInput ? "input" : "output";
  report.chosen = std::string(MethodName(fallback));
  report.otherwise = report.chosen;
  const bool has_donor = input.donor.data != nullptr;
  MethodInput rehearsal = input;
  HiddenTokens hidden = HideOwnTokens(input, has_donor ? kMostOfDonor : kMost);
  if (hidden.tokens.size() < kFewest) return report;
  rehearsal.tokens = std::move(hidden.tokens);
  rehearsal.hidden.resize(static_cast<std::size_t>(input.old.rows), false);
  for (const WantedToken& token : rehearsal.tokens) {
    rehearsal.hidden[static_cast<std::size_t>(token.row)] = true;
  }
  report.tokens = rehearsal.tokens.size();
  const std::vector<float> truth = TrueRows(input, rehearsal.tokens);
  std::vector<Trial> trials;
  std::optional<std::size_t> usual;
  for (const Method method : RehearsedMethods(input.role, serves_both, has_donor)) {
    StatusOr<Trial> trial = Try(method, rehearsal, hidden.weights, truth);
    // Too few anchors, or too few tokens to learn from: this model cannot have the method.
    if (absl::IsFailedPrecondition(trial.status())) continue;
    if (!trial.ok()) return trial.status();
    if (method == fallback) usual = trials.size();
    report.scores.push_back(trial->score);
    trials.push_back(*std::move(trial));
  }
  if (!usual) return InternalError(Cat("auto: ", report.chosen, " was not rehearsed"));
  std::vector<std::size_t> order(trials.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return trials[a].score.left < trials[b].score.left;
  });
  std::size_t taken = order.front();
  if (taken != *usual) {
    const auto [lead, error] =
        Difference(trials[*usual].errors, trials[taken].errors, hidden.weights);
    if (!(lead > kStandardErrors * error)) taken = *usual;
  }
  std::size_t next = *usual;
  if (taken == *usual) {
    for (const std::size_t i : order) {
      if (i == taken) continue;
      next = i;
      break;
    }
  }
  // The lead over what would be taken otherwise, in units of the scores.
  const auto [lead, error] = Difference(trials[next].errors, trials[taken].errors, hidden.weights);
  const auto [whole, ignored] = Difference(
      trials[taken].errors, std::vector<double>(trials[taken].errors.size(), 0), hidden.weights);
  const double unit = trials[taken].score.left > 0 ? trials[taken].score.left / whole : 0;
  report.chosen = trials[taken].score.method;
  report.otherwise = trials[next].score.method;
  report.lead = lead * unit;
  report.lead_error = error * unit;
  return report;
}

}  // namespace tokgraft
