#include "vocab_merge/learn/learner.h"

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

namespace tokgraft {
namespace {

constexpr std::uint32_t kNone = 0xFFFFFFFF;
constexpr double kFirstNewTurn = 1e12;  // after every join of the base

std::uint64_t Key(Symbol left, Symbol right) { return std::uint64_t{left} << 32 | right; }

struct Pair {
  Symbol left = 0;
  Symbol right = 0;  // kNone: a foreign character by itself
  std::uint32_t candidate = kNone;
  std::uint32_t next = kNone;       // pair of the same candidate
  std::uint32_t sequences = kNone;  // head of a list in Index
  // Where it joins already.
  Symbol product = kNone;
  double turn = 0;
};

// What one step may add.
struct Candidate {
  std::int64_t count = 0;
  std::int64_t gain = 0;     // tokens
  std::int64_t queued = 0;   // the highest gain that stands in the queue; never below `gain`
  std::uint64_t prefix = 0;  // first bytes of the product, for quick comparison
  std::uint32_t size = 0;    // of the product
  std::uint32_t first_pair = kNone;
  bool open = true;
};

// Lists of sequences, in one array.
class Index {
 public:
  void Add(std::uint32_t sequence, std::uint32_t* head) {
    if (*head != kNone && nodes_[*head].sequence == sequence) return;
    std::uint32_t at = free_;
    if (at == kNone) {
      at = static_cast<std::uint32_t>(nodes_.size());
      nodes_.emplace_back();
    } else {
      free_ = nodes_[at].next;
    }
    nodes_[at] = {sequence, *head};
    *head = at;
  }
  // Appends the list to `out` and empties it.
  void Take(std::uint32_t* head, std::vector<std::uint32_t>* out) {
    for (std::uint32_t at = *head; at != kNone;) {
      out->push_back(nodes_[at].sequence);
      const std::uint32_t next = nodes_[at].next;
      nodes_[at].next = free_;
      free_ = at;
      at = next;
    }
    *head = kNone;
  }

 private:
  struct Node {
    std::uint32_t sequence = 0;
    std::uint32_t next = kNone;
  };
  std::vector<Node> nodes_;
  std::uint32_t free_ = kNone;
};

class Learner {
 public:
  Learner(const TokenizerSpec& base, const ChainBuilder& builder, const PieceRules& rules,
          Sequences sequences, const LearnerOptions& options)
      : base_(base),
        builder_(builder),
        rules_(rules),
        options_(options),
        by_text_(builder.joins_by_text()),
        s_(std::move(sequences)),
        first_new_(s_.limit + static_cast<Symbol>(s_.foreign.size())) {
    growth_.first_id = s_.limit;
    for (const AddedToken& token : base.added_tokens) added_.insert(token.id);
    sizes_.resize(s_.size());
    for (std::size_t i = 0; i < s_.size(); ++i) {
      sizes_[i] = static_cast<std::uint32_t>(s_.at(i).size());
    }
  }

  Learnt Run() {
    for (std::uint32_t i = 0; i < s_.size(); ++i) Count(i, 0, sizes_[i], +1, Symbols(i));
    if (options_.whole_words) IndexWords();
    filled_ = true;
    for (std::uint32_t i = 0; i < candidates_.size(); ++i) Queue(i);
    while (growth_.pieces.size() < options_.size) {
      const std::optional<std::uint32_t> best = Next();
      if (!best) break;
      Step(*best);
      if (options_.progress && growth_.pieces.size() % 256 == 0) {
        options_.progress(static_cast<double>(growth_.pieces.size()) /
                          static_cast<double>(options_.size));
      }
    }
    // Joins into old pieces after the last new one belong to none.
    growth_.merges.resize(growth_.pieces.empty() ? 0 : growth_.pieces.back().merges_end);
    Compact();
    return {std::move(growth_), std::move(s_)};
  }

 private:
  Symbol* Begin(std::uint32_t sequence) {
    return s_.symbols.data() + (sequence == 0 ? 0 : s_.ends[sequence - 1]);
  }
  std::span<const Symbol> Symbols(std::uint32_t sequence) {
    return {Begin(sequence), sizes_[sequence]};
  }
  bool IsForeign(Symbol symbol) const { return symbol >= s_.limit && symbol < first_new_; }
  std::string_view Bytes(Symbol symbol) const {
    if (symbol < s_.limit) {
      const std::optional<Piece> piece = base_.vocab.Get(symbol);
      return piece ? piece->bytes : std::string_view();
    }
    if (symbol < first_new_) return s_.foreign[symbol - s_.limit].bytes;
    return growth_.pieces[symbol - first_new_].bytes;
  }
  std::optional<TokenId> Id(Symbol symbol) const {
    if (symbol < s_.limit) return symbol;
    if (symbol < first_new_) return std::nullopt;
    return static_cast<TokenId>(growth_.first_id + (symbol - first_new_));
  }
  Symbol SymbolOf(TokenId id) const {
    return id < s_.limit ? id : first_new_ + (id - growth_.first_id);
  }
  std::uint32_t Tokens(Symbol symbol) const {
    return IsForeign(symbol) ? s_.foreign[symbol - s_.limit].tokens : 1;
  }
  std::int64_t Saves(const Pair& pair) const {
    const std::int64_t right = pair.right == kNone ? 0 : Tokens(pair.right);
    return Tokens(pair.left) + right - 1;
  }
  std::string Product(const Pair& pair) const {
    std::string out(Bytes(pair.left));
    if (pair.right != kNone) out += Bytes(pair.right);
    return out;
  }

  std::uint32_t PairAt(Symbol left, Symbol right);
  void Introduce(std::uint32_t pair);
  std::uint32_t CandidateOfText(const std::string& product);
  bool IsPossible(const std::string& product) const;
  void SetExisting(const std::string& product, Pair* pair) const;

  void Count(std::uint32_t sequence, std::size_t begin, std::size_t end, int sign,
             std::span<const Symbol> symbols);
  void CountOne(Symbol left, Symbol right, std::int64_t count, std::uint32_t sequence);
  void Change(std::uint32_t sequence);
  void IndexWords();

  struct Entry {
    std::int64_t gain = 0;
    std::uint64_t prefix = 0;
    std::uint32_t size = 0;
    std::uint32_t candidate = 0;
  };
  bool Better(const Entry& a, const Entry& b) const;
  void Queue(std::uint32_t candidate);
  std::optional<std::uint32_t> Next();

  void Step(std::uint32_t candidate);
  Symbol Register(const Pair& pair, std::string product);
  void JoinAll(std::uint32_t candidate);
  void Join(std::vector<Symbol>* symbols, std::size_t at, Symbol product);
  void Compact();

  const TokenizerSpec& base_;
  const ChainBuilder& builder_;
  const PieceRules& rules_;
  const LearnerOptions& options_;
  const bool by_text_;
  Sequences s_;
  const Symbol first_new_;
  std::vector<std::uint32_t> sizes_;  // of the sequences, which shrink in place
  Growth growth_;
  absl::flat_hash_set<TokenId> added_;  // added tokens
  absl::flat_hash_map<std::string, Symbol> new_pieces_;
  absl::flat_hash_map<std::uint64_t, std::uint32_t> pair_index_;
  std::vector<Pair> pairs_;
  std::vector<Candidate> candidates_;
  absl::flat_hash_map<std::uint64_t, std::uint32_t> texts_;  // hash of a product -> candidate
  std::vector<std::uint32_t> same_hash_;                   // by candidate: the next with this hash
  absl::flat_hash_map<std::string, std::uint32_t> words_;  // whole words of several symbols
  Index index_;
  std::vector<Entry> queue_;
  bool filled_ = false;  // the queue is in use
  std::vector<std::uint32_t> touched_;
  std::vector<Symbol> before_;
  std::vector<Symbol> after_;
};

// ---- Pairs and candidates ----------------------------------------------------------------------

std::uint32_t Learner::PairAt(Symbol left, Symbol right) {
  const auto [it, is_new] =
      pair_index_.try_emplace(Key(left, right), static_cast<std::uint32_t>(pairs_.size()));
  if (!is_new) return it->second;
  const std::uint32_t pair = it->second;
  pairs_.push_back({.left = left, .right = right});
  Introduce(pair);
  return pair;
}

// The join of a pair whose product is a piece, where one is due.
void Learner::SetExisting(const std::string& product, Pair* pair) const {
  if (!by_text_) {
    if (pair->left >= s_.limit || pair->right >= s_.limit) return;
    const auto join = builder_.FindMerge(pair->left, pair->right);
    if (!join) return;
    pair->product = join->product;
    pair->turn = join->turn;
    return;
  }
  if (const auto it = new_pieces_.find(product); it != new_pieces_.end()) {
    pair->product = it->second;
    pair->turn = kFirstNewTurn + it->second;
  } else if (const auto join = builder_.FindText(product)) {
    const std::optional<Piece> piece = base_.vocab.Get(join->product);
    if (piece->kind == PieceKind::kUnused) return;  // joined and taken apart again
    pair->product = join->product;
    pair->turn = join->turn;
  }
}

// Whether a piece with these bytes may be made, or one that exists be joined to.
bool Learner::IsPossible(const std::string& product) const {
  if (product.empty() || product.size() > kMaxLearntBytes) return false;
  if (options_.forbidden != nullptr && options_.forbidden->contains(product)) return false;
  if (new_pieces_.contains(product)) return true;
  if (const auto id = builder_.FindPiece(product)) {
    const std::optional<Piece> piece = base_.vocab.Get(*id);
    return !by_text_ && piece->kind == PieceKind::kNormal && !added_.contains(*id);
  }
  return !builder_.SpellingTaken(product) && rules_.Allows(product);
}

void Learner::Introduce(std::uint32_t index) {
  Pair& pair = pairs_[index];
  const bool alone = pair.right == kNone;
  if (by_text_) {
    const std::string product = Product(pair);
    if (!alone) SetExisting(product, &pair);
    if (pair.product != kNone || product.size() > kMaxLearntBytes) return;
    pair.candidate = CandidateOfText(product);
    pair.next = candidates_[pair.candidate].first_pair;
  } else {
    if (!alone && (IsForeign(pair.left) || IsForeign(pair.right))) return;
    if (!alone) SetExisting({}, &pair);
    if (pair.product != kNone) return;
    pair.candidate = static_cast<std::uint32_t>(candidates_.size());
    candidates_.emplace_back();
  }
  Candidate& candidate = candidates_[pair.candidate];
  candidate.first_pair = index;
  const std::string_view left = Bytes(pair.left);
  const std::string_view right = alone ? std::string_view() : Bytes(pair.right);
  candidate.size = static_cast<std::uint32_t>(left.size() + right.size());
  candidate.prefix = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    unsigned char byte = 0;
    if (i < left.size()) {
      byte = static_cast<unsigned char>(left[i]);
    } else if (i - left.size() < right.size()) {
      byte = static_cast<unsigned char>(right[i - left.size()]);
    }
    candidate.prefix = candidate.prefix << 8 | byte;
  }
}

std::uint32_t Learner::CandidateOfText(const std::string& product) {
  const auto fresh = static_cast<std::uint32_t>(candidates_.size());
  const auto [it, is_new] = texts_.try_emplace(absl::Hash<std::string>()(product), fresh);
  if (!is_new) {
    for (std::uint32_t at = it->second;; at = same_hash_[at]) {
      if (Product(pairs_[candidates_[at].first_pair]) == product) return at;
      if (same_hash_[at] == kNone) {
        same_hash_[at] = fresh;
        break;
      }
    }
  }
  candidates_.emplace_back();
  same_hash_.push_back(kNone);
  return fresh;
}

// ---- Counts ------------------------------------------------------------------------------------

void Learner::CountOne(Symbol left, Symbol right, std::int64_t count, std::uint32_t sequence) {
  Pair& pair = pairs_[PairAt(left, right)];
  if (pair.candidate == kNone) return;
  if (count > 0) index_.Add(sequence, &pair.sequences);
  Candidate& candidate = candidates_[pair.candidate];
  candidate.count += count;
  candidate.gain += count * Saves(pair);
  if (filled_ && count > 0) touched_.push_back(pair.candidate);
}

// Counts the pairs of `symbols` that begin in [begin, end). `begin` starts a run of equal symbols.
void Learner::Count(std::uint32_t sequence, std::size_t begin, std::size_t end, int sign,
                    std::span<const Symbol> symbols) {
  const auto count = sign * static_cast<std::int64_t>(s_.counts[sequence]);
  bool joined = false;  // the pair before, of equal symbols
  for (std::size_t i = begin; i < end && i < symbols.size(); ++i) {
    if (IsForeign(symbols[i])) CountOne(symbols[i], kNone, count, sequence);
    if (i + 1 >= symbols.size()) break;
    const bool equal = symbols[i] == symbols[i + 1];
    if (equal && joined) {
      joined = false;
      continue;
    }
    joined = equal;
    CountOne(symbols[i], symbols[i + 1], count, sequence);
  }
}

// Puts after_ in the place of before_.
void Learner::Change(std::uint32_t sequence) {
  const std::size_t shorter = std::min(before_.size(), after_.size());
  std::size_t head = 0;
  while (head < shorter && before_[head] == after_[head]) ++head;
  std::size_t tail = 0;
  while (tail < shorter - head &&
         before_[before_.size() - 1 - tail] == after_[after_.size() - 1 - tail]) {
    ++tail;
  }
  // The pairs across the borders changed too, and the runs of equal symbols that touch them.
  std::size_t begin = head == 0 ? 0 : head - 1;
  while (begin > 0 && before_[begin - 1] == before_[begin]) --begin;
  std::size_t keep = tail;  // symbols at the end whose pairs stay as they are
  while (keep > 1 && before_[before_.size() - keep] == before_[before_.size() - keep + 1]) --keep;
  // Only the last run's first symbol may pair with what changed.
  Count(sequence, begin, before_.size() - keep, -1, before_);
  Count(sequence, begin, after_.size() - keep, +1, after_);
  std::copy(after_.begin(), after_.end(), Begin(sequence));
  sizes_[sequence] = static_cast<std::uint32_t>(after_.size());
}

void Learner::IndexWords() {
  for (std::uint32_t i = 0; i < s_.size(); ++i) {
    if (!s_.whole[i]) continue;
    std::string text;
    for (const Symbol symbol : Symbols(i)) text += Bytes(symbol);
    if (text.size() <= kMaxLearntBytes) words_.emplace(std::move(text), i);
  }
}

// ---- The queue ---------------------------------------------------------------------------------

bool Learner::Better(const Entry& a, const Entry& b) const {
  if (a.gain != b.gain) return a.gain > b.gain;
  if (a.size != b.size) return a.size < b.size;
  if (a.prefix != b.prefix) return a.prefix < b.prefix;
  if (a.candidate == b.candidate) return false;
  const Pair& one = pairs_[candidates_[a.candidate].first_pair];
  const Pair& other = pairs_[candidates_[b.candidate].first_pair];
  const int order = a.size <= 8 ? 0 : Product(one).compare(Product(other));
  return order != 0 ? order < 0 : one.left < other.left;
}

void Learner::Queue(std::uint32_t index) {
  Candidate& candidate = candidates_[index];
  if (!candidate.open || candidate.gain <= candidate.queued ||
      candidate.count < static_cast<std::int64_t>(options_.min_count)) {
    return;
  }
  candidate.queued = candidate.gain;
  queue_.push_back({candidate.gain, candidate.prefix, candidate.size, index});
  std::push_heap(queue_.begin(), queue_.end(),
                 [&](const Entry& a, const Entry& b) { return Better(b, a); });
}

std::optional<std::uint32_t> Learner::Next() {
  const auto worse = [&](const Entry& a, const Entry& b) { return Better(b, a); };
  while (!queue_.empty()) {
    std::pop_heap(queue_.begin(), queue_.end(), worse);
    const Entry top = queue_.back();
    queue_.pop_back();
    Candidate& candidate = candidates_[top.candidate];
    if (!candidate.open || top.gain != candidate.queued) continue;  // a newer entry stands for it
    if (candidate.gain == top.gain &&
        candidate.count >= static_cast<std::int64_t>(options_.min_count)) {
      if (IsPossible(Product(pairs_[candidate.first_pair]))) return top.candidate;
      candidate.open = false;
      continue;
    }
    candidate.queued = 0;
    Queue(top.candidate);
  }
  return std::nullopt;
}

// ---- Steps -------------------------------------------------------------------------------------

Symbol Learner::Register(const Pair& pair, std::string product) {
  const std::uint32_t begin = growth_.pieces.empty() ? 0 : growth_.pieces.back().merges_end;
  NewPiece piece{.bytes = std::move(product),
                 .owner = growth_.pieces.size(),
                 .merges_begin = begin,
                 .merges_end = static_cast<std::uint32_t>(growth_.merges.size())};
  if (pair.right != kNone) {
    piece.left = Id(pair.left);
    piece.right = Id(pair.right);
  }
  piece.saves = static_cast<std::uint32_t>(Saves(pair));
  const Symbol symbol = first_new_ + static_cast<Symbol>(growth_.pieces.size());
  new_pieces_.emplace(piece.bytes, symbol);
  growth_.pieces.push_back(std::move(piece));
  return symbol;
}

void Learner::Step(std::uint32_t index) {
  candidates_[index].open = false;
  const Pair first = pairs_[candidates_[index].first_pair];
  std::string product = Product(first);
  Symbol symbol = kNone;
  if (const auto it = new_pieces_.find(product); it != new_pieces_.end()) {
    symbol = it->second;
  } else if (const auto id = builder_.FindPiece(product)) {
    symbol = *id;
  }
  const bool is_new = symbol == kNone;
  if (!by_text_ && first.right != kNone) {
    const auto id =
        is_new ? static_cast<TokenId>(growth_.first_id + growth_.pieces.size()) : *Id(symbol);
    growth_.merges.push_back({*Id(first.left), *Id(first.right), id});
  }
  if (is_new) symbol = Register(first, product);

  std::vector<std::uint32_t> sequences;
  const double turn = by_text_ ? kFirstNewTurn + symbol
                               : kFirstNewTurn + static_cast<double>(growth_.merges.size());
  for (std::uint32_t at = candidates_[index].first_pair; at != kNone; at = pairs_[at].next) {
    pairs_[at].product = symbol;
    pairs_[at].turn = turn;
    index_.Take(&pairs_[at].sequences, &sequences);
  }
  const auto word = is_new && options_.whole_words ? words_.find(product) : words_.end();
  if (word != words_.end()) sequences.push_back(word->second);
  std::sort(sequences.begin(), sequences.end());
  sequences.erase(std::unique(sequences.begin(), sequences.end()), sequences.end());
  touched_.clear();
  for (const std::uint32_t sequence : sequences) {
    const std::span<const Symbol> symbols = Symbols(sequence);
    before_.assign(symbols.begin(), symbols.end());
    if (word != words_.end() && word->second == sequence) {
      after_.assign(1, symbol);
    } else {
      JoinAll(index);
    }
    if (after_ != before_) Change(sequence);
  }
  std::sort(touched_.begin(), touched_.end());
  touched_.erase(std::unique(touched_.begin(), touched_.end()), touched_.end());
  for (const std::uint32_t candidate : touched_) Queue(candidate);
}

// after_ becomes before_ with all joins of the candidate, and with those that become possible by
// them. Whatever else could join in the sequence did so earlier.
void Learner::JoinAll(std::uint32_t candidate) {
  after_.clear();
  std::size_t next = 0;  // what of before_ is not in after_ yet begins here
  const auto follows = [&](Symbol right) {
    return next < before_.size() && before_[next] == right;
  };
  const auto joins = [&]() -> const Pair* {
    for (std::uint32_t p = candidates_[candidate].first_pair; p != kNone; p = pairs_[p].next) {
      const Pair& pair = pairs_[p];
      if (after_.back() == pair.left && (pair.right == kNone || follows(pair.right))) return &pair;
    }
    return nullptr;
  };
  while (next < before_.size()) {
    after_.push_back(before_[next++]);
    const Pair* found = joins();
    if (found == nullptr) continue;
    if (found->right != kNone) ++next;
    after_.back() = found->product;
    // Joins with an earlier turn that the product makes possible, the left one first among equals.
    while (true) {
      const bool has_left = after_.size() > 1;
      const Pair left =
          has_left ? pairs_[PairAt(after_[after_.size() - 2], after_.back())] : Pair();
      const bool has_right = next < before_.size();
      const Pair right = has_right ? pairs_[PairAt(after_.back(), before_[next])] : Pair();
      if (left.product == kNone && right.product == kNone) break;
      if (right.product == kNone || (left.product != kNone && left.turn <= right.turn)) {
        after_.pop_back();
        after_.back() = left.product;
      } else {
        ++next;
        after_.back() = right.product;
      }
    }
  }
}

void Learner::Compact() {
  std::vector<Symbol> symbols;  // ends[i - 1] says where i begins, so ends change afterwards
  for (std::uint32_t i = 0; i < s_.size(); ++i) {
    const std::span<const Symbol> left = Symbols(i);
    symbols.insert(symbols.end(), left.begin(), left.end());
  }
  std::uint64_t end = 0;
  for (std::size_t i = 0; i < s_.size(); ++i) s_.ends[i] = end += sizes_[i];
  s_.symbols = std::move(symbols);
}

}  // namespace

std::string Learnt::BytesOf(const TokenizerSpec& base, std::size_t sequence) const {
  std::string out;
  const auto first_new = sequences.limit + static_cast<Symbol>(sequences.foreign.size());
  for (const Symbol symbol : sequences.at(sequence)) {
    if (symbol >= first_new) {
      out += growth.pieces[symbol - first_new].bytes;
    } else if (symbol >= sequences.limit) {
      out += sequences.foreign[symbol - sequences.limit].bytes;
    } else if (const std::optional<Piece> piece = base.vocab.Get(symbol)) {
      out += piece->bytes;
    }
  }
  return out;
}

Learnt Learn(const TokenizerSpec& base, const ChainBuilder& builder, const PieceRules& rules,
             Sequences sequences, const LearnerOptions& options) {
  return Learner(base, builder, rules, std::move(sequences), options).Run();
}

}  // namespace tokgraft
