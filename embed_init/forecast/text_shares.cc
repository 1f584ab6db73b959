#include "embed_init/forecast/text_shares.h"

#include <algorithm>
#include <limits>

namespace tokgraft {
namespace {

constexpr std::uint32_t kKept = std::numeric_limits<std::uint32_t>::max();

}  // namespace

StatusOr<TextShares> CountShares(const Tokenizer& before, const Tokenizer& after,
                                 const IdMap& id_map, const std::vector<OldPieces>& pieces,
                                 const Corpus& corpus, Documents documents, int threads) {
  std::vector<std::uint32_t> added(after.vocab_size(), kKept);
  for (std::size_t i = 0; i < id_map.added.size(); ++i) {
    if (id_map.added[i].id < added.size()) {
      added[id_map.added[i].id] = static_cast<std::uint32_t>(i);
    }
  }
  std::vector<bool> seen(id_map.added.size(), false);
  TextShares shares;
  const auto count = [&](std::span<const std::string_view> batch, double) {
    for (const std::string_view document : batch) shares.bytes += document.size();
    shares.tokens_before += before.EncodeBatch(batch, threads).ids.size();
    const EncodingBatch made = after.EncodeBatch(batch, threads);
    shares.tokens_after += made.ids.size();
    for (std::size_t d = 0; d + 1 < made.row_splits.size(); ++d) {
      bool last_new = false;
      for (const TokenId id : made.row(d)) {
        const std::uint32_t index = added[id];
        if (index == kKept) {
          shares.after_new += last_new ? 1 : 0;
          last_new = false;
          continue;
        }
        last_new = true;
        seen[index] = true;
        ++shares.new_tokens;
        shares.new_bytes += id_map.added[index].bytes.size();
        // A token without old pieces counts as one of a single unknown piece.
        shares.old_pieces += std::max<std::size_t>(1, pieces[index].ids.size());
      }
    }
  };
  TOKGRAFT_RETURN_IF_ERROR(ForEachBatch(corpus, documents, count));
  shares.seen = static_cast<std::uint64_t>(std::count(seen.begin(), seen.end(), true));
  return shares;
}

}  // namespace tokgraft
