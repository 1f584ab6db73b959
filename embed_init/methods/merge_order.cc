// merge-order: the merge that makes the token is undone, then those that make its halves, down to
// old tokens; both halves of each merge weigh the same, so a piece weighs 2^-depth. A token that no
// merge of the plan makes has the mean of its pieces. (Merge-rule composition, arXiv:2406.11477.)
#include <algorithm>

#include "embed_init/methods/method.h"

namespace tokgraft {
namespace {

constexpr int kDeepest = 64;
constexpr std::size_t kMostPieces = 1024;  // an id map may be anybody's

class Undoing {
 public:
  Undoing(const IdMap& id_map, const std::vector<std::optional<std::uint32_t>>& old_of)
      : id_map_(id_map), old_of_(old_of) {}

  // False where a merge is missing.
  bool Add(TokenId id, double weight, int depth, RowEntries* entries) const {
    if (entries->size() == kMostPieces) return false;
    if (id < old_of_.size() && old_of_[id]) {
      entries->emplace_back(*old_of_[id], weight);
      return true;
    }
    const auto at = std::lower_bound(id_map_.added.begin(), id_map_.added.end(), id,
                                     [](const AddedPiece& a, TokenId b) { return a.id < b; });
    if (at == id_map_.added.end() || at->id != id || at->merges.empty() || depth == kDeepest) {
      return false;
    }
    // In order of rank: the last makes the piece itself.
    const auto& [left, right] = at->merges.back();
    return Add(left, weight / 2, depth + 1, entries) && Add(right, weight / 2, depth + 1, entries);
  }

 private:
  const IdMap& id_map_;
  const std::vector<std::optional<std::uint32_t>>& old_of_;
};

}  // namespace

RowEntries MergeOrderRow(const IdMap& id_map, std::size_t index,
                         const std::vector<std::optional<std::uint32_t>>& old_of) {
  RowEntries entries;
  if (!Undoing(id_map, old_of).Add(id_map.added[index].id, 1.0, 0, &entries)) entries.clear();
  return entries;
}

}  // namespace tokgraft
