// mean: the average of the rows of the old pieces. As an input row it is what the model saw when it
// read the pieces, order aside; a piece that occurs twice counts twice.
#include "embed_init/methods/method.h"

namespace tokgraft {

RowEntries MeanRow(const OldPieces& pieces) {
  RowEntries entries;
  const double weight = 1.0 / static_cast<double>(pieces.ids.size());
  for (const TokenId id : pieces.ids) entries.emplace_back(id, weight);
  return entries;
}

}  // namespace tokgraft
