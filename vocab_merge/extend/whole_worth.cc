#include "vocab_merge/extend/whole_worth.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "tokenizer/tokenizer.h"
#include "vocab_merge/extend/batches.h"
#include "vocab_merge/extend/cuts.h"

namespace tokgraft {
namespace {

// As in select.cc: while there are many more pieces than the budget pays for, one in so many stays.
constexpr std::size_t kManyTimes = 8;
constexpr std::size_t kKeepOneIn = 4;

using Ids = std::span<const TokenId>;

// What a stretch saves, shared by its new pieces.
void Credit(const CutText& cuts, const Stretch& stretch, TokenId first_id,
            std::vector<double>* saved) {
  std::size_t new_pieces = 0;
  for (std::size_t i = stretch.after_begin; i < stretch.after_end; ++i) {
    new_pieces += cuts.after[i] >= first_id ? 1U : 0U;
  }
  if (new_pieces == 0) return;
  double spent = 0;
  for (std::size_t i = stretch.before_begin; i < stretch.before_end; ++i) {
    const std::uint64_t size = cuts.before_ends[i] - cuts.BeforeBegin(i);
    spent += cuts.IsUnknown(i) ? static_cast<double>(std::max<std::uint64_t>(1, size)) : 1.0;
  }
  for (std::size_t i = stretch.after_begin; i < stretch.after_end; ++i) {
    const bool unknown = cuts.unknown && cuts.after[i] == *cuts.unknown;
    const std::uint64_t size = cuts.after_ends[i] - cuts.AfterBegin(i);
    spent -= unknown ? static_cast<double>(std::max<std::uint64_t>(1, size)) : 1.0;
  }
  for (std::size_t i = stretch.after_begin; i < stretch.after_end; ++i) {
    if (cuts.after[i] < first_id) continue;
    (*saved)[cuts.after[i] - first_id] += spent / static_cast<double>(new_pieces);
  }
}

// What each of the pieces saves beside the others; the base's tokens too.
StatusOr<std::vector<double>> Measure(const TokenizerSpec& base, const Tokenizer& before,
                                      std::span<const WholePiece> pieces,
                                      const WholeWorthOptions& options,
                                      std::uint64_t* base_tokens) {
  TOKGRAFT_ASSIGN_OR_RETURN(TokenizerSpec spec, AddWhole(base, pieces));
  TOKGRAFT_ASSIGN_OR_RETURN(const Tokenizer after, Compile(std::move(spec)));
  const auto first_id = static_cast<TokenId>(base.id_limit());
  const std::optional<TokenId> unknown = UnknownOf(base);
  std::vector<double> saved(pieces.size());
  *base_tokens = 0;
  for (const auto texts : Batches(options.corpus)) {
    const EncodingBatch old_ids = before.EncodeBatch(texts, options.threads);
    const EncodingBatch new_ids = after.EncodeBatch(texts, options.threads);
    *base_tokens += old_ids.ids.size();
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const Ids a = old_ids.row(i);
      const Ids b = new_ids.row(i);
      if (std::equal(a.begin(), a.end(), b.begin(), b.end())) continue;
      const CutText cuts = CutsOf(before, a, after, b, unknown, texts[i]);
      VisitStretches(cuts,
                     [&](const Stretch& stretch) { Credit(cuts, stretch, first_id, &saved); });
    }
  }
  return saved;
}

}  // namespace

StatusOr<WholeRanking> RankWhole(const TokenizerSpec& base, std::span<const WholePiece> pieces,
                                 const WholeWorthOptions& options) {
  TOKGRAFT_ASSIGN_OR_RETURN(const Tokenizer before, Compile(base));
  WholeRanking out;
  const std::size_t budget = static_cast<std::size_t>(
      std::min<std::uint64_t>(options.budget.value_or(pieces.size()), pieces.size()));
  std::vector<std::size_t> in(pieces.size());
  std::iota(in.begin(), in.end(), std::size_t{0});
  std::vector<WholeRanking::Entry> gone;  // the latest and best first
  while (true) {
    std::vector<WholePiece> tried;
    for (const std::size_t i : in) tried.push_back(pieces[i]);
    TOKGRAFT_ASSIGN_OR_RETURN(const std::vector<double> saved,
                              Measure(base, before, tried, options, &out.base_tokens));
    std::vector<std::pair<double, std::size_t>> ranked;
    for (std::size_t i = 0; i < in.size(); ++i) {
      if (saved[i] >= 0.5) ranked.emplace_back(saved[i], in[i]);
    }
    std::sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) {
      return a.first != b.first ? a.first > b.first : a.second < b.second;
    });
    std::size_t target = std::min(ranked.size(), in.size());
    if (target > budget) {
      target = target / kManyTimes > budget ? target / kKeepOneIn : budget + (target - budget) / 2;
      if (target - budget <= budget / 16) target = budget;
    }
    std::vector<WholeRanking::Entry> entries;
    for (const auto& [tokens, piece] : ranked) {
      entries.push_back({piece, static_cast<std::uint64_t>(std::llround(tokens))});
    }
    if (in.size() <= budget || ranked.size() <= budget) {
      out.best_first = std::move(entries);
      out.best_first.insert(out.best_first.end(), gone.begin(), gone.end());
      return out;
    }
    gone.insert(gone.begin(), entries.begin() + static_cast<std::ptrdiff_t>(target), entries.end());
    in.clear();
    for (std::size_t i = 0; i < target; ++i) in.push_back(ranked[i].second);
    std::sort(in.begin(), in.end());  // the donor's order
  }
}

}  // namespace tokgraft
