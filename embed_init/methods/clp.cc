// clp (arXiv:2301.09626): the row of a new token is the sum of the model's rows of all shared
// tokens, each weighing the cosine of its row with the new token's in the donor (a small model of
// the target language, in the paper), over the sum of these cosines.
//
// The paper lets negative cosines weigh as they are. Then what is unlike a token is taken off it,
// and where many cosines are negative, as in embeddings around zero, their sum comes near zero and
// the row has any length and sign. So negative ones weigh nothing here: all rows lie between the
// shared ones. clp_clip=false is the paper's rule, and a token whose weights do not sum to a
// positive number gets the mean of its pieces.
#include <algorithm>
#include <cmath>

#include "embed_init/methods/donor_space.h"
#include "embed_init/methods/neighbours.h"

namespace tokgraft {
namespace {

constexpr std::size_t kAnchorsPerStep = 1024;
constexpr double kLeastShare = 1e-6;  // of the sum of weights in that of their magnitudes

// The model's rows of these anchors, column by column: [columns, anchors].
PackedRows PackColumns(const MethodInput& input, std::span<const Anchor> anchors) {
  const auto columns = static_cast<std::size_t>(input.old.columns);
  std::vector<double> row(columns);
  std::vector<float> values(columns * anchors.size());
  for (std::size_t i = 0; i < anchors.size(); ++i) {
    ReadRow(input.old, anchors[i].base, row);
    for (std::size_t j = 0; j < columns; ++j) {
      values[j * anchors.size() + i] = static_cast<float>(row[j]);
    }
  }
  return {values, columns, anchors.size()};
}

struct Sums {
  std::vector<float> rows;  // [wanted, columns], not divided yet
  std::vector<double> weights;
  std::vector<double> magnitudes;
};

Sums SumOverAnchors(const MethodInput& input, const DonorSpace& space, const DonorRows& wanted) {
  const auto columns = static_cast<std::size_t>(input.old.columns);
  const std::size_t count = wanted.tokens.size();
  const bool clip = input.options->settings.clp_clip;
  Sums sums{std::vector<float>(count * columns, 0.0F), std::vector<double>(count, 0.0),
            std::vector<double>(count, 0.0)};
  for (std::size_t first = 0; first < space.anchors.size(); first += kAnchorsPerStep) {
    const std::size_t step = std::min(kAnchorsPerStep, space.anchors.size() - first);
    const PackedRows atoms(
        std::span<const float>(space.rows).subspan(first * space.columns, step * space.columns),
        step, space.columns);
    std::vector<float> weights(count * step);
    ForEachProducts(atoms, wanted.rows, [&](std::size_t query, std::span<const float> cosines) {
      for (std::size_t i = 0; i < step; ++i) {
        const float weight = clip ? std::max(cosines[i], 0.0F) : cosines[i];
        weights[query * step + i] = weight;
        sums.weights[query] += static_cast<double>(weight);
        sums.magnitudes[query] += std::fabs(static_cast<double>(weight));
      }
    });
    const PackedRows rows =
        PackColumns(input, std::span<const Anchor>(space.anchors).subspan(first, step));
    ForEachProducts(rows, weights, [&](std::size_t query, std::span<const float> sum) {
      for (std::size_t j = 0; j < columns; ++j) sums.rows[query * columns + j] += sum[j];
    });
  }
  return sums;
}

}  // namespace

StatusOr<MadeRows> MakeClpRows(const MethodInput& input) {
  TOKGRAFT_ASSIGN_OR_RETURN(DonorSpace space, OpenDonorSpace(input, false));
  ToUnitRows(space.columns, &space.rows);
  DonorRows wanted = RowsInDonor(input, space);
  ToUnitRows(space.columns, &wanted.rows);
  const Sums sums = SumOverAnchors(input, space, wanted);
  const auto columns = static_cast<std::size_t>(input.old.columns);
  MadeRows made;
  std::vector<float> numbers(columns);
  std::size_t next = 0;
  for (std::size_t i = 0; i < input.tokens.size(); ++i) {
    const bool has_row = next < wanted.tokens.size() && wanted.tokens[next] == i;
    const std::size_t query = has_row ? next++ : 0;
    if (!has_row || !(sums.weights[query] > kLeastShare * sums.magnitudes[query])) {
      made.AddFallback(input, input.tokens[i]);
      continue;
    }
    for (std::size_t j = 0; j < columns; ++j) {
      const auto sum = static_cast<double>(sums.rows[query * columns + j]);
      numbers[j] = static_cast<float>(sum / sums.weights[query]);
    }
    made.AddDense(numbers);
  }
  return made;
}

}  // namespace tokgraft
