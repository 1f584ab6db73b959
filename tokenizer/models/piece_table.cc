#include "tokenizer/models/piece_table.h"

#include <algorithm>
#include <bit>

namespace tokgraft {

void PieceTable::Reserve(std::size_t entries, std::size_t text_bytes) {
  entries_.reserve(entries);
  arena_.reserve(text_bytes);
  const std::size_t slots = std::bit_ceil(std::max<std::size_t>(16, entries * 2));
  if (slots > slots_.size()) Rehash(slots);
}

void PieceTable::Rehash(std::size_t slots) {
  slots_.assign(slots, Slot{});
  const std::size_t mask = slots - 1;
  for (std::size_t number = 0; number < entries_.size(); ++number) {
    const std::uint64_t hash = HashOfWord(KeyOf(entries_[number]));
    std::size_t i = hash & mask;
    while (slots_[i].entry != 0) i = (i + 1) & mask;
    slots_[i] = {static_cast<std::uint32_t>(hash >> 32), static_cast<std::uint32_t>(number + 1)};
  }
}

bool PieceTable::Set(std::string_view key, std::uint32_t value) {
  if (slots_.size() < 2 * (entries_.size() + 1)) {
    Rehash(std::max<std::size_t>(16, slots_.size() * 2));
  }
  const std::uint64_t hash = HashOfWord(key);
  const auto tag = static_cast<std::uint32_t>(hash >> 32);
  const std::size_t mask = slots_.size() - 1;
  std::size_t i = hash & mask;
  for (; slots_[i].entry != 0; i = (i + 1) & mask) {
    Entry& entry = entries_[slots_[i].entry - 1];
    if (slots_[i].tag == tag && KeyOf(entry) == key) {
      entry.value = value;
      return false;
    }
  }
  entries_.push_back({arena_.size(), static_cast<std::uint32_t>(key.size()), value});
  arena_.append(key);
  slots_[i] = {tag, static_cast<std::uint32_t>(entries_.size())};
  longest_ = std::max(longest_, key.size());
  return true;
}

}  // namespace tokgraft
