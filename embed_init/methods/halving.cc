// halving: each piece weighs half of the one before it: in output rows from the first on, since the
// token is predicted where it begins; in input rows from the last, where reading it ends.
#include <algorithm>
#include <cmath>

#include "embed_init/methods/method.h"

namespace tokgraft {

RowEntries HalvingRow(const OldPieces& pieces, Role role) {
  const std::size_t count = pieces.ids.size();
  const double sum =
      2.0 - std::ldexp(1.0, 1 - static_cast<int>(std::min<std::size_t>(count, 1000)));
  RowEntries entries;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t distance = role == Role::kOutput ? i : count - 1 - i;
    const int power = -static_cast<int>(std::min<std::size_t>(distance, 1000));
    entries.emplace_back(pieces.ids[i], std::ldexp(1.0, power) / sum);
  }
  return entries;
}

}  // namespace tokgraft
