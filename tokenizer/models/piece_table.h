// An immutable map from byte strings to 32-bit values: the vocabulary as the models look it up.
//
// Open addressing over entry numbers; 8 bytes a slot, half of them a tag of the hash, so that a
// probe that fails reads one cache line and no string. Thread-safe once filled.
#ifndef TOKGRAFT_TOKENIZER_MODELS_PIECE_TABLE_H_
#define TOKGRAFT_TOKENIZER_MODELS_PIECE_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/models/word_key.h"

namespace tokgraft {

class PieceTable {
 public:
  // Room for `entries` without growing.
  void Reserve(std::size_t entries, std::size_t text_bytes);
  // The last value set for a key holds. Returns false where the key was there already.
  bool Set(std::string_view key, std::uint32_t value);

  std::optional<std::uint32_t> Find(std::string_view key) const {
    return Find(key, HashOfWord(key));
  }
  // `hash` is HashOfWord(key).
  std::optional<std::uint32_t> Find(std::string_view key, std::uint64_t hash) const {
    if (key.size() > longest_ || slots_.empty()) return std::nullopt;
    const std::size_t mask = slots_.size() - 1;
    const auto tag = static_cast<std::uint32_t>(hash >> 32);
    for (std::size_t i = hash & mask; slots_[i].entry != 0; i = (i + 1) & mask) {
      if (slots_[i].tag != tag) continue;
      const Entry& entry = entries_[slots_[i].entry - 1];
      if (KeyOf(entry) == key) return entry.value;
    }
    return std::nullopt;
  }

  std::size_t size() const { return entries_.size(); }
  std::size_t longest() const { return longest_; }  // bytes of the longest key

 private:
  struct Slot {
    std::uint32_t tag = 0;
    std::uint32_t entry = 0;  // its number + 1; 0: free
  };
  struct Entry {
    std::uint64_t offset = 0;
    std::uint32_t size = 0;
    std::uint32_t value = 0;
  };
  std::string_view KeyOf(const Entry& entry) const {
    return {arena_.data() + entry.offset, entry.size};
  }
  void Rehash(std::size_t slots);

  std::string arena_;
  std::vector<Entry> entries_;
  std::vector<Slot> slots_;
  std::size_t longest_ = 0;
};

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_MODELS_PIECE_TABLE_H_
