// bil: input rows are the mean of the pieces (PlanInit scales them to the median norm of the old
// rows of the same script); output rows weigh each piece by its length in characters. A piece that
// ends inside a character counts those that begin in it. (arXiv:2608.03494.)
#include <algorithm>

#include "embed_init/methods/method.h"

namespace tokgraft {

RowEntries BilRow(const OldPieces& pieces, Role role, const Tokenizer& base) {
  if (role == Role::kInput) return MeanRow(pieces);
  std::vector<double> characters;
  double total = 0;
  for (const TokenId id : pieces.ids) {
    const std::string_view bytes = base.token_bytes(id).value_or(std::string_view());
    const auto count = std::count_if(bytes.begin(), bytes.end(), [](char c) {
      return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    });
    characters.push_back(static_cast<double>(count));
    total += characters.back();
  }
  if (total == 0) return MeanRow(pieces);
  RowEntries entries;
  for (std::size_t i = 0; i < characters.size(); ++i) {
    if (characters[i] > 0) entries.emplace_back(pieces.ids[i], characters[i] / total);
  }
  return entries;
}

}  // namespace tokgraft
