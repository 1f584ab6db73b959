#include "vocab_merge/extend/worth.h"

#include <algorithm>
#include <queue>
#include <utility>

#include "tokenizer/tokenizer.h"
#include "vocab_merge/extend/batches.h"

namespace tokgraft {
namespace {

// The corpus is encoded in batches of about this size, so that memory stays bounded.

using PairCounts = std::unordered_map<std::uint64_t, std::uint64_t>;

void CountPairs(const EncodingBatch& batch, PairCounts* pairs) {
  for (std::size_t row = 0; row + 1 < batch.row_splits.size(); ++row) {
    const auto end = static_cast<std::size_t>(batch.row_splits[row + 1]);
    std::size_t joined = 0;  // where the last pair of equal tokens ends: aaa has one, not two
    for (auto at = static_cast<std::size_t>(batch.row_splits[row]) + 1; at < end; ++at) {
      const TokenId left = batch.ids[at - 1];
      const TokenId right = batch.ids[at];
      if (left == right) {
        if (joined == at) continue;
        joined = at + 1;
      }
      ++(*pairs)[std::uint64_t{left} << 32 | right];
    }
  }
}

// Names the pairs that are wanted.
void NamePairs(const Tokenizer& tokenizer, const PairCounts& pairs,
               const std::unordered_map<std::string_view, std::size_t>& wanted, Worth* worth) {
  std::size_t longest = 0;
  for (const auto& [bytes, index] : wanted) longest = std::max(longest, bytes.size());
  std::string both;
  for (const auto& [pair, count] : pairs) {
    const auto left = tokenizer.token_bytes(static_cast<TokenId>(pair >> 32));
    const auto right = tokenizer.token_bytes(static_cast<TokenId>(pair & 0xFFFFFFFFU));
    if (!left || !right || left->size() + right->size() > longest) continue;
    both.assign(*left).append(*right);
    const auto it = wanted.find(both);
    if (it != wanted.end()) worth->neighbours[it->first] += count;
  }
}

// The pieces that `piece` is made of, if they are new.
template <typename Visit>
void VisitParts(const Growth& growth, std::size_t piece, Visit visit) {
  for (const auto& part : {growth.pieces[piece].left, growth.pieces[piece].right}) {
    if (part && *part >= growth.first_id) visit(std::size_t{*part - growth.first_id});
  }
}

// A piece with what it needs and does not have yet.
struct Offer {
  std::uint64_t gain = 0;
  std::uint64_t cost = 0;
  std::size_t piece = 0;
  friend bool operator<(const Offer& a, const Offer& b) {  // the best one is the largest
    const std::uint64_t left = a.gain * b.cost;
    const std::uint64_t right = b.gain * a.cost;
    return left != right ? left < right : a.piece > b.piece;
  }
};

class Ranking {
 public:
  Ranking(const Growth& growth, const std::vector<std::uint64_t>& saved)
      : growth_(growth), saved_(saved), paid_(saved.size()), seen_(saved.size()) {}

  bool IsPaid(std::size_t piece) const { return paid_[piece]; }
  // Its needs are then in needs().
  Offer MakeOffer(std::size_t piece) {
    Offer offer{.piece = piece};
    needs_.assign({piece});
    seen_[piece] = ++stamp_;
    for (std::size_t at = 0; at < needs_.size(); ++at) {
      offer.gain += saved_[needs_[at]];
      VisitParts(growth_, needs_[at], [&](std::size_t part) {
        if (paid_[part] || seen_[part] == stamp_) return;
        seen_[part] = stamp_;
        needs_.push_back(part);
      });
    }
    offer.cost = needs_.size();
    return offer;
  }
  // Of the last offer; parts first.
  const std::vector<std::size_t>& Accept() {
    std::sort(needs_.begin(), needs_.end());
    for (const std::size_t piece : needs_) paid_[piece] = true;
    return needs_;
  }

 private:
  const Growth& growth_;
  const std::vector<std::uint64_t>& saved_;
  std::vector<bool> paid_;
  std::vector<std::size_t> seen_;
  std::size_t stamp_ = 0;
  std::vector<std::size_t> needs_;
};

}  // namespace

StatusOr<Worth> MeasureWorth(const TokenizerSpec& base, const Growth& growth,
                             const WorthOptions& options) {
  TOKGRAFT_ASSIGN_OR_RETURN(TokenizerSpec merged, ExtendSpec(base, growth));
  TOKGRAFT_ASSIGN_OR_RETURN(const Tokenizer tokenizer, Compile(std::move(merged)));
  std::vector<std::uint64_t> counts(tokenizer.vocab_size());
  PairCounts pairs;
  Worth worth;
  for (const auto texts : Batches(options.corpus)) {
    const EncodingBatch batch = tokenizer.EncodeBatch(texts, options.threads);
    for (const TokenId id : batch.ids) ++counts[id];
    worth.tokens += batch.ids.size();
    if (options.wanted != nullptr) CountPairs(batch, &pairs);
  }
  // Wholes come after their parts.
  worth.saved.assign(counts.begin() + growth.first_id, counts.end());
  for (std::size_t i = worth.saved.size(); i-- > 0;) {
    VisitParts(growth, i, [&](std::size_t part) { worth.saved[part] += worth.saved[i]; });
  }
  for (std::size_t i = 0; i < worth.saved.size(); ++i) worth.saved[i] *= growth.pieces[i].saves;
  if (options.wanted != nullptr) NamePairs(tokenizer, pairs, *options.wanted, &worth);
  return worth;
}

std::vector<RankedPiece> RankByWorth(const Growth& growth, const std::vector<std::uint64_t>& saved,
                                     const std::vector<bool>& wanted) {
  Ranking ranking(growth, saved);
  std::priority_queue<Offer> offers;
  for (std::size_t i = 0; i < saved.size(); ++i) {
    if (!wanted[i]) continue;
    const Offer offer = ranking.MakeOffer(i);
    if (offer.gain > 0) offers.push(offer);
  }
  std::vector<RankedPiece> out;
  std::uint64_t paid = 0;
  while (!offers.empty()) {
    const Offer best = offers.top();
    offers.pop();
    if (ranking.IsPaid(best.piece)) continue;
    const Offer now = ranking.MakeOffer(best.piece);
    if (now.cost != best.cost) {  // some of its parts have been paid for since
      if (now.gain > 0) offers.push(now);
      continue;
    }
    paid += now.cost;
    std::uint64_t helpers = 0;
    for (const std::size_t piece : ranking.Accept()) {
      if (!wanted[piece]) {
        helpers += saved[piece];
        continue;
      }
      const bool last = piece == best.piece;  // the others are its parts and come before it
      out.push_back({.piece = piece,
                     .saved = saved[piece] + (last ? helpers : 0),
                     .per_id = now.gain / now.cost,
                     .paid = paid});
    }
  }
  return out;
}

}  // namespace tokgraft
