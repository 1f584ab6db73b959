#include "tokenizer/models/bpe_merge.h"

#include <algorithm>

namespace tokgraft {
namespace {

constexpr std::size_t kShortWord = 40;  // symbols; above, the heap is faster
constexpr std::uint32_t kNone = 0xFFFFFFFF;

void MergeShort(const PairTable& pairs, BpeWord* word) {
  BpeWord::Symbol* symbols = word->symbols.data();
  std::size_t size = word->symbols.size();
  PairTable::Join joins[kShortWord];
  for (std::size_t i = 0; i + 1 < size; ++i) {
    joins[i] = pairs.Find(symbols[i].symbol, symbols[i + 1].symbol);
  }
  while (size > 1) {
    std::size_t best = 0;
    std::uint32_t best_rank = joins[0].rank;
    for (std::size_t i = 1; i + 1 < size; ++i) {
      if (joins[i].rank < best_rank) {
        best_rank = joins[i].rank;
        best = i;
      }
    }
    if (best_rank == PairTable::kNoRank) break;
    symbols[best] = {joins[best].product, symbols[best].length + symbols[best + 1].length};
    std::copy(symbols + best + 2, symbols + size, symbols + best + 1);
    std::copy(joins + best + 1, joins + size - 1, joins + best);
    --size;
    if (best + 1 < size) joins[best] = pairs.Find(symbols[best].symbol, symbols[best + 1].symbol);
    if (best > 0) joins[best - 1] = pairs.Find(symbols[best - 1].symbol, symbols[best].symbol);
  }
  word->symbols.resize(size);
}

class HeapMerger {
 public:
  HeapMerger(const PairTable& pairs, const BpeObserver* observer, BpeWord* word)
      : pairs_(pairs), observer_(observer), word_(*word) {}

  void Run() {
    const auto size = static_cast<std::uint32_t>(word_.symbols.size());
    word_.joins.assign(size, {});
    word_.previous.resize(size);
    word_.next.resize(size);
    word_.heap.clear();
    for (std::uint32_t i = 0; i < size; ++i) {
      word_.previous[i] = i == 0 ? kNone : i - 1;
      word_.next[i] = i + 1 == size ? kNone : i + 1;
    }
    for (std::uint32_t i = 0; i + 1 < size; ++i) Look(i);
    std::make_heap(word_.heap.begin(), word_.heap.end(), std::greater<>());
    heaped_ = true;
    while (!word_.heap.empty()) {
      std::pop_heap(word_.heap.begin(), word_.heap.end(), std::greater<>());
      const std::uint64_t top = word_.heap.back();
      word_.heap.pop_back();
      const auto at = static_cast<std::uint32_t>(top);
      if (word_.joins[at].rank == static_cast<std::uint32_t>(top >> 32)) Join(at);
    }
    Compact();
  }

 private:
  // Finds the join of the symbol at `left` with its neighbour and remembers it.
  void Look(std::uint32_t left) {
    const std::uint32_t right = word_.next[left];
    PairTable::Join join;
    if (right != kNone) {
      const std::uint32_t a = word_.symbols[left].symbol;
      const std::uint32_t b = word_.symbols[right].symbol;
      join = pairs_.Find(a, b);
      if (join.rank != PairTable::kNoRank) {
        word_.heap.push_back((std::uint64_t{join.rank} << 32) | left);
        if (heaped_) std::push_heap(word_.heap.begin(), word_.heap.end(), std::greater<>());
        if (observer_ != nullptr) (*observer_)(a, b, join.product);
      }
    }
    word_.joins[left] = join;
  }

  void Join(std::uint32_t at) {
    const std::uint32_t right = word_.next[at];
    word_.symbols[at] = {word_.joins[at].product,
                         word_.symbols[at].length + word_.symbols[right].length};
    word_.symbols[right].length = 0;  // gone
    word_.joins[right] = {};
    const std::uint32_t after = word_.next[right];
    word_.next[at] = after;
    if (after != kNone) word_.previous[after] = at;
    if (word_.previous[at] != kNone) Look(word_.previous[at]);
    Look(at);
  }

  void Compact() {
    std::uint32_t kept = 0;
    for (std::uint32_t i = 0; i != kNone; i = word_.next[i]) {
      word_.symbols[kept++] = word_.symbols[i];
    }
    word_.symbols.resize(kept);
  }

  const PairTable& pairs_;
  const BpeObserver* observer_;
  BpeWord& word_;
  bool heaped_ = false;
};

}  // namespace

void MergeSymbols(const PairTable& pairs, BpeWord* word) {
  if (word->symbols.size() < 2) return;
  if (word->symbols.size() <= kShortWord) {
    MergeShort(pairs, word);
  } else {
    HeapMerger(pairs, nullptr, word).Run();
  }
}

void MergeSymbolsObserved(const PairTable& pairs, const BpeObserver& observer, BpeWord* word) {
  if (word->symbols.size() < 2) return;
  HeapMerger(pairs, &observer, word).Run();
}

}  // namespace tokgraft
