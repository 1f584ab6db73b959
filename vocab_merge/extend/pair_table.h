// A hash table from a pair of ids to the rank and product of their merge: open addressing, one
// cache line a probe, a few hundred thousand entries.
#ifndef TOKGRAFT_VOCAB_MERGE_EXTEND_PAIR_TABLE_H_
#define TOKGRAFT_VOCAB_MERGE_EXTEND_PAIR_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tokenizer/token.h"

namespace tokgraft {

class PairTable {
 public:
  struct Value {
    std::uint32_t rank = 0;
    TokenId product = 0;
  };

  void Reserve(std::size_t pairs) {
    std::size_t slots = 64;
    while (slots < 2 * pairs) slots *= 2;
    if (slots > slots_.size()) Rehash(slots);
  }
  // Null: no such pair. Valid until the next Insert.
  const Value* Find(TokenId left, TokenId right) const {
    if (slots_.empty()) return nullptr;
    const Slot& slot = slots_[Probe(Key(left, right))];
    return slot.state == State::kUsed ? &slot.value : nullptr;
  }
  // Replaces the value of a pair that is there.
  void Insert(TokenId left, TokenId right, Value value) {
    if (slots_.size() < 2 * (used_ + 1)) Rehash(slots_.empty() ? 64 : slots_.size() * 2);
    Slot& slot = slots_[Probe(Key(left, right))];
    if (slot.state == State::kFree) ++used_;
    slot = {Key(left, right), value, State::kUsed};
  }
  void Erase(TokenId left, TokenId right) {
    if (slots_.empty()) return;
    Slot& slot = slots_[Probe(Key(left, right))];
    if (slot.state == State::kUsed) slot.state = State::kErased;  // its slot keeps the key
  }

 private:
  enum class State : std::uint32_t { kFree, kUsed, kErased };
  struct Slot {
    std::uint64_t key = 0;
    Value value;
    State state = State::kFree;
  };
  static std::uint64_t Key(TokenId left, TokenId right) {
    return (std::uint64_t{left} << 32) | right;
  }
  std::size_t Probe(std::uint64_t key) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = static_cast<std::size_t>((key * 0x9E3779B97F4A7C15u) >> 20) & mask;
    while (slots_[at].state != State::kFree && slots_[at].key != key) at = (at + 1) & mask;
    return at;
  }
  void Rehash(std::size_t size) {
    std::vector<Slot> old(size);
    old.swap(slots_);
    used_ = 0;
    for (const Slot& slot : old) {
      if (slot.state != State::kUsed) continue;
      slots_[Probe(slot.key)] = slot;
      ++used_;
    }
  }

  std::vector<Slot> slots_;
  std::size_t used_ = 0;  // slots that are not free
};

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_EXTEND_PAIR_TABLE_H_
