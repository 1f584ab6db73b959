// Which neighbouring symbols join, in what order, and into what.
//
// Keyed by the two symbols; 16 bytes a slot, open addressing. A lower rank joins first; equal
// ranks (pieces of equal score) join leftmost first. Thread-safe once filled.
#ifndef TOKGRAFT_TOKENIZER_MODELS_PAIR_TABLE_H_
#define TOKGRAFT_TOKENIZER_MODELS_PAIR_TABLE_H_

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "tokenizer/models/word_key.h"

namespace tokgraft {

class PairTable {
 public:
  static constexpr std::uint32_t kNoRank = 0xFFFFFFFF;
  struct Join {
    std::uint32_t rank = kNoRank;
    std::uint32_t product = 0;
  };
  enum class Duplicate : std::uint8_t { kFirstWins, kLastWins };

  void Reserve(std::size_t pairs) {
    const std::size_t slots = std::bit_ceil(std::max<std::size_t>(16, pairs * 3 / 2));
    if (slots > slots_.size()) Rehash(slots);
  }

  void Set(std::uint32_t left, std::uint32_t right, Join join, Duplicate duplicate) {
    if (slots_.size() * 3 < 4 * (used_ + 1)) Rehash(std::max<std::size_t>(16, slots_.size() * 2));
    Slot& slot = slots_[FindSlot(KeyOf(left, right))];
    if (slot.key == kFree) {
      slot = {KeyOf(left, right), join};
      ++used_;
    } else if (duplicate == Duplicate::kLastWins) {
      slot.join = join;
    }
  }

  // rank == kNoRank: they do not join.
  Join Find(std::uint32_t left, std::uint32_t right) const {
    if (used_ == 0) return {};
    return slots_[FindSlot(KeyOf(left, right))].join;
  }

  std::size_t size() const { return used_; }

 private:
  static constexpr std::uint64_t kFree = ~std::uint64_t{0};
  struct Slot {
    std::uint64_t key = kFree;
    Join join;
  };

  static std::uint64_t KeyOf(std::uint32_t left, std::uint32_t right) {
    return (std::uint64_t{left} << 32) | right;
  }
  std::size_t FindSlot(std::uint64_t key) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t i = internal::MixWords(key ^ internal::kMixB, internal::kMixA) & mask;
    while (slots_[i].key != key && slots_[i].key != kFree) i = (i + 1) & mask;
    return i;
  }
  void Rehash(std::size_t slots) {
    std::vector<Slot> old(slots);
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.key != kFree) slots_[FindSlot(slot.key)] = slot;
    }
  }

  std::vector<Slot> slots_;
  std::size_t used_ = 0;
};

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_MODELS_PAIR_TABLE_H_
