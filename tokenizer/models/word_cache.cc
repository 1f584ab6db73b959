#include "tokenizer/models/word_cache.h"

#include <algorithm>

namespace tokgraft {

std::span<const TokenId> WordCache::FindLong(std::string_view word, std::uint64_t hash) const {
  if (long_.empty()) return {};
  const LongSlot& slot = long_[hash >> (64 - kLongBits)];
  if (slot.size != word.size() || slot.tag != static_cast<std::uint32_t>(hash) ||
      word != std::string_view(long_text_).substr(slot.text, slot.size)) {
    return {};
  }
  return {long_ids_.data() + slot.ids, slot.count};
}

void WordCache::Insert(std::string_view word, std::uint64_t hash, std::span<const TokenId> ids) {
  if (word.empty() || word.size() > kLongestWord || ids.empty()) return;
  if (word.size() <= WordKey::kMaxSize && ids.size() <= std::size(ShortSlot{}.ids)) {
    if (short_.empty()) short_.resize(std::size_t{1} << kShortBits);
    ShortSlot& slot = short_[hash >> (64 - kShortBits)];
    slot.key = KeyOfShortWord(word);
    std::copy(ids.begin(), ids.end(), slot.ids);
    slot.size = static_cast<std::uint16_t>(word.size());
    slot.count = static_cast<std::uint16_t>(ids.size());
    return;
  }
  if (long_.empty()) {
    long_.resize(std::size_t{1} << kLongBits);
    long_text_.reserve(kLongTextBytes);
    long_ids_.reserve(kLongIds);
  }
  if (long_text_.size() + word.size() > kLongTextBytes ||
      long_ids_.size() + ids.size() > kLongIds) {
    std::fill(long_.begin(), long_.end(), LongSlot{});
    long_text_.clear();
    long_ids_.clear();
  }
  LongSlot& slot = long_[hash >> (64 - kLongBits)];
  slot = {.text = static_cast<std::uint32_t>(long_text_.size()),
          .ids = static_cast<std::uint32_t>(long_ids_.size()),
          .tag = static_cast<std::uint32_t>(hash),
          .size = static_cast<std::uint16_t>(word.size()),
          .count = static_cast<std::uint16_t>(ids.size())};
  long_text_.append(word);
  long_ids_.insert(long_ids_.end(), ids.begin(), ids.end());
}

}  // namespace tokgraft
