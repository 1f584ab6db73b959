// A word of up to 16 bytes as two machine words, and a hash of a word of any length.
//
// Two words of at most 16 bytes are equal exactly when size, low and high are: the loads overlap,
// so every byte is in one of them, and nothing outside the word is read.
#ifndef TOKGRAFT_TOKENIZER_MODELS_WORD_KEY_H_
#define TOKGRAFT_TOKENIZER_MODELS_WORD_KEY_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace tokgraft {

struct WordKey {
  static constexpr std::size_t kMaxSize = 16;
  std::uint64_t low = 0;
  std::uint64_t high = 0;
};

namespace internal {

template <typename Word>
inline std::uint64_t LoadWord(const char* p) {
  Word word;
  std::memcpy(&word, p, sizeof word);
  return word;
}

inline std::uint64_t MixWords(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

inline constexpr std::uint64_t kMixA = 0x9E3779B97F4A7C15;
inline constexpr std::uint64_t kMixB = 0xD6E8FEB86659FD93;

}  // namespace internal

// `word` has 1 to 16 bytes.
inline WordKey KeyOfShortWord(std::string_view word) {
  const char* p = word.data();
  const std::size_t size = word.size();
  if (size >= 8) {
    return {internal::LoadWord<std::uint64_t>(p), internal::LoadWord<std::uint64_t>(p + size - 8)};
  }
  if (size >= 4) {
    return {internal::LoadWord<std::uint32_t>(p) |
                (internal::LoadWord<std::uint32_t>(p + size - 4) << 32),
            0};
  }
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint64_t>(static_cast<unsigned char>(p[i]));
  };
  return {byte(0) | (byte(size / 2) << 8) | (byte(size - 1) << 16), 0};
}

inline std::uint64_t HashOfShortWord(const WordKey& key, std::size_t size) {
  return internal::MixWords(key.low ^ internal::kMixA ^ size, key.high ^ internal::kMixB);
}

// Of any size, zero included.
inline std::uint64_t HashOfWord(std::string_view word) {
  if (!word.empty() && word.size() <= WordKey::kMaxSize) {
    return HashOfShortWord(KeyOfShortWord(word), word.size());
  }
  std::uint64_t hash = internal::kMixA ^ word.size();
  const char* p = word.data();
  std::size_t left = word.size();
  while (left > 16) {
    hash = internal::MixWords(internal::LoadWord<std::uint64_t>(p) ^ hash,
                              internal::LoadWord<std::uint64_t>(p + 8) ^ internal::kMixB);
    p += 16;
    left -= 16;
  }
  if (left == 0) return hash;
  const WordKey tail = KeyOfShortWord({p, left});
  return internal::MixWords(tail.low ^ hash, tail.high ^ internal::kMixB);
}

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_MODELS_WORD_KEY_H_
