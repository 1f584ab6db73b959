// softmax: piece i of n weighs exp(2i) in input rows, so that the last dominates, and exp(-2i) in
// output rows, so that the first does; over their sum. (AdaptiVocab, arXiv:2503.19693.)
#include <cmath>

#include "embed_init/methods/method.h"

namespace tokgraft {

RowEntries SoftmaxRow(const OldPieces& pieces, Role role) {
  const std::size_t count = pieces.ids.size();
  RowEntries entries;
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t distance = role == Role::kOutput ? i : count - 1 - i;
    entries.emplace_back(pieces.ids[i], std::exp(-2.0 * static_cast<double>(distance)));
    sum += entries.back().second;
  }
  for (auto& [piece, weight] : entries) weight /= sum;
  return entries;
}

}  // namespace tokgraft
