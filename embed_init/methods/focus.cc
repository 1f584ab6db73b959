// focus (arXiv:2305.14481): the vectors of new and shared tokens stand in one space; the sparsemax
// of the cosines of a new token with all shared ones weighs their rows. There is no temperature and
// no number of neighbours: sparsemax leaves as many as lie near together. The same weights serve
// input and output rows. A token without a vector gets the mean of its pieces (in the paper, a row
// drawn from the distribution of all).
#include <algorithm>

#include "embed_init/methods/neighbours.h"
#include "embed_init/methods/vector_space.h"

namespace tokgraft {
namespace {

// The rows and weights of the sparsemax of all scores. A few of the highest are sorted at first, as
// few have a weight; they are enough where the last of them has none.
RowEntries SparsemaxOf(std::span<const float> scores, std::span<const OldVector> rows) {
  std::vector<std::uint32_t> order(scores.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto higher = [&](std::uint32_t a, std::uint32_t b) {
    return scores[a] != scores[b] ? scores[a] > scores[b] : a < b;
  };
  for (std::size_t count = 64;; count *= 4) {
    count = std::min(count, order.size());
    const auto end = order.begin() + static_cast<std::ptrdiff_t>(count);
    std::nth_element(order.begin(), end - 1, order.end(), higher);
    std::sort(order.begin(), end, higher);
    std::vector<double> highest;
    for (std::size_t i = 0; i < count; ++i) {
      highest.push_back(static_cast<double>(scores[order[i]]));
    }
    const std::vector<double> weights = Sparsemax(highest);
    if (weights.back() > 0 && count < order.size()) continue;
    RowEntries entries;
    for (std::size_t i = 0; i < count && weights[i] > 0; ++i) {
      entries.emplace_back(rows[order[i]].row, weights[i]);
    }
    return entries;
  }
}

}  // namespace

StatusOr<MadeRows> MakeFocusRows(const MethodInput& input) {
  const std::vector<OldVector> shared = UsableVectors(input, *input.vectors, true);
  TOKGRAFT_RETURN_IF_ERROR(RequireVectors(Method::kFocus, shared));
  const WantedVectors wanted = VectorsOfWanted(input);
  std::vector<RowEntries> entries(input.tokens.size());
  ForEachProducts(PackVectors(*input.vectors, shared), wanted.values,
                  [&](std::size_t query, std::span<const float> cosines) {
                    entries[wanted.tokens[query]] = SparsemaxOf(cosines, shared);
                  });
  MadeRows made;
  for (std::size_t i = 0; i < input.tokens.size(); ++i) {
    if (entries[i].empty()) {
      made.AddFallback(input, input.tokens[i]);
    } else {
      made.Add(RowOrigin::kMethod, std::move(entries[i]));
    }
  }
  return made;
}

}  // namespace tokgraft
