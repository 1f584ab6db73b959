// One byte of classes for every code point: all that the scanners of the known patterns ask.
//
// A table of pages (128 code points each, equal pages stored once), so a look-up is two loads; the
// ASCII page comes first. Built once per process from the generated tables, then read-only.
#ifndef TOKGRAFT_TOKENIZER_STAGES_SCANNERS_CLASS_TABLE_H_
#define TOKGRAFT_TOKENIZER_STAGES_SCANNERS_CLASS_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "tokenizer/text/utf8.h"

namespace tokgraft {

using CharClass = std::uint8_t;            // a set of the bits below
inline constexpr CharClass kUpper = 1;     // Lu, Lt
inline constexpr CharClass kLower = 2;     // Ll
inline constexpr CharClass kCaseless = 4;  // Lm, Lo
inline constexpr CharClass kMark = 8;      // Mn, Mc, Me
inline constexpr CharClass kNumber = 16;   // Nd, Nl, No
inline constexpr CharClass kSpace = 32;    // White_Space: \s
inline constexpr CharClass kSymbol = 64;   // P*, S*
inline constexpr CharClass kHan = 128;     // Script=Han, beside another bit
inline constexpr CharClass kLetter = kUpper | kLower | kCaseless;

class ClassTable {
 public:
  // Unicode 16: HF 0.23.3 (Oniguruma) and tiktoken 0.14 (they agree on every code point).
  static const ClassTable& Unicode16();
  // llama.cpp, which knows Unicode 15.1: what came later has no class there.
  static const ClassTable& LlamaCpp();

  CharClass Of(char32_t c) const {
    return blocks_[(std::size_t{pages_[c >> 7]} << 7) | (c & 0x7F)];
  }
  CharClass OfAscii(unsigned char c) const { return blocks_[c]; }  // c < 0x80

 private:
  explicit ClassTable(const std::vector<CharClass>& classes);
  std::vector<std::uint16_t> pages_;  // [0x110000 / 128]: which block
  std::vector<CharClass> blocks_;     // [blocks * 128]
};

// A place in the text, and the reading of the character there. Text that is not UTF-8 reads as one
// U+FFFD for each maximal bad subsequence.
class Reader {
 public:
  Reader(std::string_view text, const ClassTable& table)
      : end_(text.data() + text.size()), table_(&table) {}

  struct Character {
    char32_t code = 0;
    CharClass classes = 0;  // 0 at the end of the text too
    std::uint8_t length = 0;
  };

  const char* end() const { return end_; }
  const ClassTable& table() const { return *table_; }

  Character At(const char* p) const {
    if (p == end_) return {};
    const auto lead = static_cast<unsigned char>(*p);
    if (lead < 0x80) return {lead, table_->OfAscii(lead), 1};
    return Long(p);
  }

  // The end of the run of characters from `p` that have a class in `wanted`.
  const char* SkipWhile(const char* p, CharClass wanted) const {
    while (p != end_) {
      const Character c = At(p);
      if ((c.classes & wanted) == 0) break;
      p += c.length;
    }
    return p;
  }
  // ... that have no class in `unwanted`.
  const char* SkipUntil(const char* p, CharClass unwanted) const {
    while (p != end_) {
      const Character c = At(p);
      if ((c.classes & unwanted) != 0) break;
      p += c.length;
    }
    return p;
  }
  // At most `limit` characters with a class in `wanted`.
  const char* SkipAtMost(const char* p, CharClass wanted, int limit) const {
    for (int i = 0; i < limit && p != end_; ++i) {
      const Character c = At(p);
      if ((c.classes & wanted) == 0) break;
      p += c.length;
    }
    return p;
  }

 private:
  Character Long(const char* p) const {
    const auto at = [p](int i) { return static_cast<char32_t>(static_cast<unsigned char>(p[i])); };
    std::size_t bad = 0;
    const std::size_t length = CheckCharacter({p, static_cast<std::size_t>(end_ - p)}, &bad);
    char32_t c = 0xFFFD;
    switch (length) {
      case 2:
        c = ((at(0) & 0x1F) << 6) | (at(1) & 0x3F);
        break;
      case 3:
        c = ((at(0) & 0x0F) << 12) | ((at(1) & 0x3F) << 6) | (at(2) & 0x3F);
        break;
      case 4:
        c = ((at(0) & 0x07) << 18) | ((at(1) & 0x3F) << 12) | ((at(2) & 0x3F) << 6) |
            (at(3) & 0x3F);
        break;
      default:
        return {c, table_->Of(c), static_cast<std::uint8_t>(bad)};
    }
    return {c, table_->Of(c), static_cast<std::uint8_t>(length)};
  }

  const char* end_;
  const ClassTable* table_;
};

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_STAGES_SCANNERS_CLASS_TABLE_H_
