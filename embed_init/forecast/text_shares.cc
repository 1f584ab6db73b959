#include "embed_init/forecast/text_shares.h"

#include <algorithm>
#include <limits>

#include "tokenizer/base/parallel.h"

namespace tokgraft {
namespace {

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

// What each id of the new vocabulary is.
struct Ids {
  std::vector<std::uint32_t> added;  // index into id_map.added, or kNone
  std::vector<std::uint32_t> old;    // the old id, or kNone
};

Ids IdsOf(const IdMap& id_map, std::size_t size) {
  Ids ids{std::vector<std::uint32_t>(size, kNone), std::vector<std::uint32_t>(size, kNone)};
  for (std::size_t i = 0; i < id_map.added.size(); ++i) {
    if (id_map.added[i].id < size) ids.added[id_map.added[i].id] = static_cast<std::uint32_t>(i);
  }
  for (std::size_t i = 0; i < id_map.base_to_merged.size(); ++i) {
    const std::optional<TokenId>& merged = id_map.base_to_merged[i];
    if (merged && *merged < size) ids.old[*merged] = static_cast<std::uint32_t>(i);
  }
  return ids;
}

// Where a token ends and what it is: two tokenizers may trim the space before it differently.
std::uint64_t Mark(const Span& span, std::uint32_t id) {
  return static_cast<std::uint64_t>(span.end) << 32 | id;
}

struct DocumentShares {
  TextShares shares;
  std::vector<std::uint32_t> seen;
};

DocumentShares CountDocument(const Tokenizer& before, const Tokenizer& after, const Ids& ids,
                             const IdMap& id_map, const std::vector<OldPieces>& pieces,
                             std::string_view document) {
  DocumentShares out;
  TextShares& shares = out.shares;
  const Encoding old = before.Encode(document);
  const Encoding made = after.Encode(document);
  std::vector<std::uint64_t> marks;
  marks.reserve(old.ids.size());
  for (std::size_t i = 0; i < old.ids.size(); ++i) {
    marks.push_back(Mark(old.offsets[i], old.ids[i]));
  }
  std::sort(marks.begin(), marks.end());
  shares.bytes = document.size();
  shares.tokens_before = old.ids.size();
  shares.tokens_after = made.ids.size();
  bool in_run = false;
  for (std::size_t i = 0; i < made.ids.size(); ++i) {
    const TokenId id = made.ids[i];
    const std::uint32_t index = ids.added[id];
    if (index == kNone) {
      const bool same =
          std::binary_search(marks.begin(), marks.end(), Mark(made.offsets[i], ids.old[id]));
      if (!same && !in_run) ++shares.other_cuts;
      in_run = !same;
      continue;
    }
    in_run = false;
    out.seen.push_back(index);
    ++shares.new_tokens;
    shares.new_bytes += id_map.added[index].bytes.size();
    // A token without old pieces counts as one of a single unknown piece.
    shares.old_pieces += std::max<std::size_t>(1, pieces[index].ids.size());
  }
  return out;
}

}  // namespace

StatusOr<TextShares> CountShares(const Tokenizer& before, const Tokenizer& after,
                                 const IdMap& id_map, const std::vector<OldPieces>& pieces,
                                 const Corpus& corpus, Documents documents, int threads) {
  const Ids ids = IdsOf(id_map, after.vocab_size());
  std::vector<bool> seen(id_map.added.size(), false);
  TextShares sum;
  const auto count = [&](std::span<const std::string_view> batch, double) {
    std::vector<DocumentShares> counted(batch.size());
    ParallelFor(batch.size(), 16, threads, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        counted[i] = CountDocument(before, after, ids, id_map, pieces, batch[i]);
      }
    });
    for (const DocumentShares& document : counted) {
      sum.bytes += document.shares.bytes;
      sum.tokens_before += document.shares.tokens_before;
      sum.tokens_after += document.shares.tokens_after;
      sum.new_tokens += document.shares.new_tokens;
      sum.new_bytes += document.shares.new_bytes;
      sum.other_cuts += document.shares.other_cuts;
      sum.old_pieces += document.shares.old_pieces;
      for (const std::uint32_t index : document.seen) seen[index] = true;
    }
  };
  TOKGRAFT_RETURN_IF_ERROR(ForEachBatch(corpus, documents, count));
  sum.seen = static_cast<std::uint64_t>(std::count(seen.begin(), seen.end(), true));
  return sum;
}

}  // namespace tokgraft
