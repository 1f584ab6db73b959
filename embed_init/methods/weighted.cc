// weighted: the average of the rows of the old pieces by their length in bytes, since a long piece
// says more about the token than a letter left over. Bytes, not characters: fragments have none.
#include "embed_init/methods/method.h"

namespace tokgraft {

RowEntries WeightedRow(const OldPieces& pieces) {
  std::uint64_t total = 0;
  for (const std::uint32_t size : pieces.size_bytes) total += size;
  if (total == 0) return MeanRow(pieces);
  RowEntries entries;
  for (std::size_t i = 0; i < pieces.ids.size(); ++i) {
    entries.emplace_back(pieces.ids[i], pieces.size_bytes[i] / static_cast<double>(total));
  }
  return entries;
}

}  // namespace tokgraft
