// A bounded memory of words already encoded, one per thread and tokenizer.
//
// Most words of a text have been seen a moment ago. A word of up to 16 bytes and 3 tokens lives in
// one 32-byte slot (direct-mapped: a newcomer replaces what is there); longer ones in a second
// table with its own text, which is emptied when full. About 7 MB at most, whatever the text.
#ifndef TOKGRAFT_TOKENIZER_MODELS_WORD_CACHE_H_
#define TOKGRAFT_TOKENIZER_MODELS_WORD_CACHE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/models/word_key.h"
#include "tokenizer/token.h"

namespace tokgraft {

class WordCache {
 public:
  static constexpr std::size_t kLongestWord = 256;  // bytes; longer words are not kept

  // The ids of `word` (not empty), or an empty span: not known. `hash` is HashOfWord(word). Valid
  // until the next Insert.
  std::span<const TokenId> Find(std::string_view word, std::uint64_t hash) const {
    if (word.size() <= WordKey::kMaxSize && !short_.empty()) {
      const ShortSlot& slot = short_[hash >> (64 - kShortBits)];
      const WordKey key = KeyOfShortWord(word);
      if (slot.size == word.size() && slot.key.low == key.low && slot.key.high == key.high) {
        return {slot.ids, slot.count};
      }
    }
    return FindLong(word, hash);
  }
  void Insert(std::string_view word, std::uint64_t hash, std::span<const TokenId> ids);

 private:
  static constexpr int kShortBits = 16;  // 2 MiB
  static constexpr int kLongBits = 16;   // 1 MiB and what it points to
  static constexpr std::size_t kLongTextBytes = std::size_t{1} << 21;
  static constexpr std::size_t kLongIds = std::size_t{1} << 19;
  struct ShortSlot {
    WordKey key;
    TokenId ids[3] = {};
    std::uint16_t size = 0;  // 0: free
    std::uint16_t count = 0;
  };
  struct LongSlot {
    std::uint32_t text = 0;
    std::uint32_t ids = 0;
    std::uint32_t tag = 0;
    std::uint16_t size = 0;  // 0: free
    std::uint16_t count = 0;
  };
  static_assert(sizeof(ShortSlot) == 32);

  std::span<const TokenId> FindLong(std::string_view word, std::uint64_t hash) const;

  std::vector<ShortSlot> short_;
  std::vector<LongSlot> long_;
  std::string long_text_;
  std::vector<TokenId> long_ids_;
};

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_MODELS_WORD_CACHE_H_
