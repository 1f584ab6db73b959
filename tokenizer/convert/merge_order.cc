#include "tokenizer/convert/merge_order.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <queue>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "tokenizer/models/pair_table.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

// A bound on the work for one piece: its cuts are tried one by one.
constexpr std::size_t kLongest = 4096;

// Where the symbols of a spelling begin, and its end: bytes of a raw one, else characters.
void FindBounds(std::string_view text, bool by_bytes, std::vector<std::size_t>* bounds) {
  bounds->clear();
  for (std::size_t at = 0; at < text.size();) {
    bounds->push_back(at);
    if (by_bytes) {
      ++at;
    } else {
      DecodeValid(text, &at);
    }
  }
  bounds->push_back(text.size());
}

bool Joins(const Piece& piece) { return piece.kind == PieceKind::kNormal; }

// The pieces that joins are made of, by spelling.
std::optional<TokenId> FindPart(const Vocab& vocab, std::string_view spelling) {
  const std::optional<TokenId> id = vocab.FindSpelling(spelling);
  if (!id || !Joins(*vocab.Get(*id))) return std::nullopt;
  return id;
}

// Calls f(left, right, product) for each way to cut each piece into two.
template <typename F>
void ForEachCut(const TokenizerSpec& spec, const Piece& piece, std::vector<std::size_t>* bounds,
                const F& f) {
  FindBounds(piece.spelling, spec.spelling == Spelling::kRaw, bounds);
  for (std::size_t i = 1; i + 1 < bounds->size(); ++i) {
    const std::optional<TokenId> left =
        FindPart(spec.vocab, piece.spelling.substr(0, (*bounds)[i]));
    if (!left) continue;
    const std::optional<TokenId> right = FindPart(spec.vocab, piece.spelling.substr((*bounds)[i]));
    if (right) f(*left, *right, piece.id);
  }
}

class OrderFinder {
 public:
  explicit OrderFinder(const TokenizerSpec& spec)
      : spec_(spec), bpe_(std::get<BpeModel>(spec.model)) {}

  StatusOr<MergeOrder> Find() {
    if (bpe_.continuing_subword_prefix.value_or("") != "" ||
        bpe_.end_of_word_suffix.value_or("") != "") {
      return UnimplementedError("a BPE whose pieces have a prefix or suffix for their place");
    }
    TOKGRAFT_RETURN_IF_ERROR(CheckPieces());
    FillPairs();
    for (std::size_t i = 0; i < spec_.vocab.size(); ++i) {
      const Piece piece = spec_.vocab.entry(i);
      if (Joins(piece) && !added_.contains(piece.id)) Follow(piece);
    }
    std::stable_sort(out_.live.begin(), out_.live.end(),
                     [](const LiveJoin& a, const LiveJoin& b) { return a.turn < b.turn; });
    out_.has_ties = TiesMatter();
    return std::move(out_);
  }

 private:
  // Joins of one turn commute if no two of them can want the same symbol, and none brings about a
  // pair whose turn is not later.
  bool TiesMatter() const {
    std::unordered_map<TokenId, std::uint64_t> turns;
    bool any = false;
    for (std::size_t i = 0; i < out_.live.size(); ++i) {
      turns[out_.live[i].merge.product] = out_.live[i].turn;
      any = any || (i > 0 && out_.live[i].turn == out_.live[i - 1].turn);
    }
    if (!any) return false;
    for (const LiveJoin& join : out_.live) {
      for (const TokenId part : {join.merge.left, join.merge.right}) {
        const auto made = turns.find(part);
        if (made != turns.end() && made->second >= join.turn) return true;
      }
    }
    for (std::size_t begin = 0, end = 0; begin < out_.live.size(); begin = end) {
      std::unordered_map<TokenId, std::size_t> lefts;  // of this turn, with how many have them
      for (end = begin; end < out_.live.size() && out_.live[end].turn == out_.live[begin].turn;) {
        ++lefts[out_.live[end++].merge.left];
      }
      for (std::size_t i = begin; i < end && end - begin > 1; ++i) {
        const Merge& merge = out_.live[i].merge;
        const auto found = lefts.find(merge.right);
        if (found == lefts.end()) continue;
        if (merge.left != merge.right || found->second > 1) return true;
      }
    }
    return false;
  }

  Status CheckPieces() const {
    for (std::size_t i = 0; i < spec_.vocab.size(); ++i) {
      const Piece piece = spec_.vocab.entry(i);
      if (spec_.spelling != Spelling::kRaw && !IsValidUtf8(piece.spelling)) {
        return UnimplementedError(Cat("the piece with id ", piece.id, " is not UTF-8"));
      }
      if (piece.spelling.size() > kLongest) {
        return UnimplementedError(Cat("the piece with id ", piece.id, " has ",
                                      piece.spelling.size(), " bytes, expected at most ",
                                      kLongest));
      }
    }
    return absl::OkStatus();
  }

  void FillPairs() {
    for (const AddedToken& token : spec_.added_tokens) added_.insert(token.id);
    if (bpe_.order == BpeModel::Order::kMergeList) {
      const auto duplicate = spec_.reference == Reference::kLlamaCpp
                                 ? PairTable::Duplicate::kFirstWins
                                 : PairTable::Duplicate::kLastWins;
      pairs_.Reserve(bpe_.merges.size());
      std::uint32_t rank = 0;
      for (const Merge& merge : bpe_.merges) {
        pairs_.Set(merge.left, merge.right, {rank++, merge.product}, duplicate);
      }
      return;
    }
    const std::vector<std::uint32_t> turns = TurnsById();
    for (std::size_t i = 0; i < spec_.vocab.size(); ++i) {
      const Piece piece = spec_.vocab.entry(i);
      if (!Joins(piece)) continue;
      ForEachCut(spec_, piece, &bounds_, [&](TokenId left, TokenId right, TokenId product) {
        pairs_.Set(left, right, {turns[product], product}, PairTable::Duplicate::kLastWins);
      });
    }
  }

  // By id: the place of its score, highest first and equal ones together, or the id itself.
  std::vector<std::uint32_t> TurnsById() const {
    std::vector<std::uint32_t> turns(spec_.vocab.id_limit());
    for (TokenId id = 0; id < turns.size(); ++id) turns[id] = id;
    if (bpe_.order == BpeModel::Order::kRank) return turns;
    std::vector<double> scores;
    for (std::size_t i = 0; i < spec_.vocab.size(); ++i) {
      scores.push_back(spec_.vocab.entry(i).score);
    }
    std::sort(scores.begin(), scores.end(), std::greater<>());
    scores.erase(std::unique(scores.begin(), scores.end()), scores.end());
    for (std::size_t i = 0; i < spec_.vocab.size(); ++i) {
      const Piece piece = spec_.vocab.entry(i);
      turns[piece.id] = static_cast<std::uint32_t>(
          std::lower_bound(scores.begin(), scores.end(), piece.score, std::greater<>()) -
          scores.begin());
    }
    return turns;
  }

  // Encodes one piece alone, and files it by how it ends.
  void Follow(const Piece& piece) {
    FindBounds(piece.spelling, spec_.spelling == Spelling::kRaw, &bounds_);
    const std::size_t size = bounds_.size() - 1;
    if (size < 2) return;
    symbols_.resize(size);
    for (std::size_t i = 0; i < size; ++i) {
      const std::optional<TokenId> id =
          FindPart(spec_.vocab, piece.spelling.substr(bounds_[i], bounds_[i + 1] - bounds_[i]));
      if (!id) {
        out_.lacks_characters = true;
        out_.dead.push_back(piece.id);
        return;
      }
      symbols_[i] = *id;
    }
    const std::size_t left = Join(size);
    if (left == 1 && symbols_[0] == piece.id) {
      out_.live.push_back(last_);
    } else {
      (left == 2 ? out_.stuck : out_.dead).push_back(piece.id);
    }
  }

  // Joins symbols_ lowest turn first, leftmost first; returns how many are left, the first of them
  // in symbols_[0]. last_ is the last join.
  std::size_t Join(std::size_t size) {
    using Entry = std::pair<std::uint32_t, std::uint32_t>;  // turn, place of the left symbol
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> heap;
    next_.resize(size);
    previous_.resize(size);
    for (std::uint32_t i = 0; i < size; ++i) {
      next_[i] = i + 1;
      previous_[i] = i == 0 ? kNone : i - 1;
    }
    const auto offer = [&](std::uint32_t at) {
      if (at == kNone || next_[at] >= size) return;
      const PairTable::Join join = pairs_.Find(symbols_[at], symbols_[next_[at]]);
      if (join.rank != PairTable::kNoRank) heap.emplace(join.rank, at);
    };
    for (std::uint32_t i = 0; i < size; ++i) offer(i);
    std::size_t left = size;
    while (!heap.empty()) {
      const auto [turn, at] = heap.top();
      heap.pop();
      if (symbols_[at] == kNone || next_[at] >= size) continue;
      const std::uint32_t right = next_[at];
      const PairTable::Join join = pairs_.Find(symbols_[at], symbols_[right]);
      if (join.rank != turn) continue;  // one of the two has changed since
      last_ = {{symbols_[at], symbols_[right], join.product}, turn};
      symbols_[at] = join.product;
      symbols_[right] = kNone;
      next_[at] = next_[right];
      if (next_[at] < size) previous_[next_[at]] = at;
      --left;
      offer(previous_[at]);
      offer(at);
    }
    return left;
  }

  static constexpr std::uint32_t kNone = 0xFFFFFFFF;
  const TokenizerSpec& spec_;
  const BpeModel& bpe_;
  std::unordered_set<TokenId> added_;  // found in text before any join
  PairTable pairs_;
  MergeOrder out_;
  LiveJoin last_;
  std::vector<std::size_t> bounds_;
  std::vector<std::uint32_t> symbols_, next_, previous_;
};

}  // namespace

StatusOr<MergeOrder> FindMergeOrder(const TokenizerSpec& spec) { return OrderFinder(spec).Find(); }

std::vector<std::string> SuspectTexts(const TokenizerSpec& spec, const MergeOrder& order,
                                      const std::function<bool(TokenId, TokenId)>& first,
                                      std::size_t limit) {
  std::unordered_map<TokenId, std::vector<std::size_t>> by_left;
  for (std::size_t i = 0; i < order.live.size(); ++i) {
    by_left[order.live[i].merge.left].push_back(i);
  }
  std::vector<std::string> out;
  std::size_t tried = 0;
  for (const LiveJoin& one : order.live) {
    const auto others = by_left.find(one.merge.right);
    if (others == by_left.end()) continue;
    for (const std::size_t index : others->second) {
      if (out.size() == limit || ++tried > limit * 1000) return out;
      const LiveJoin& other = order.live[index];
      const bool expected = one.turn <= other.turn;  // equal ones go leftmost first
      if (one.merge.product == other.merge.product ||
          expected == first(one.merge.product, other.merge.product)) {
        continue;
      }
      out.push_back(
          Cat(spec.vocab.Get(one.merge.product)->bytes, spec.vocab.Get(other.merge.right)->bytes));
    }
  }
  return out;
}

std::vector<Merge> AllJoins(const TokenizerSpec& spec, const std::vector<TokenId>& products) {
  std::vector<Merge> out;
  std::vector<std::size_t> bounds;
  for (const TokenId id : products) {
    ForEachCut(spec, *spec.vocab.Get(id), &bounds,
               [&](TokenId left, TokenId right, TokenId product) {
                 out.push_back({left, right, product});
               });
  }
  return out;
}

}  // namespace tokgraft
