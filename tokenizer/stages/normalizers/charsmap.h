// The compiled normalization map of sentencepiece: a double-array trie from byte strings to texts.
//
// Layout: u32 size of the trie in bytes, the trie's little-endian u32 units, then the replacements,
// each ended by a zero byte. A unit: bits 0-7 the label (bit 31 set: a leaf, whose value is bits
// 0-30, an offset into the replacements), bit 8 "has a leaf", bit 9 and up the offset of its
// children. Every index is checked: a broken trie ends a search, never reads outside.
#ifndef TOKGRAFT_TOKENIZER_STAGES_NORMALIZERS_CHARSMAP_H_
#define TOKGRAFT_TOKENIZER_STAGES_NORMALIZERS_CHARSMAP_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/status.h"

namespace tokgraft {

class Charsmap {
 public:
  Charsmap() = default;  // maps nothing
  // InvalidArgument: the sizes contradict each other, or the replacements are not UTF-8.
  static StatusOr<Charsmap> Parse(std::string_view blob);

  bool empty() const { return units_.empty(); }
  std::string_view replacements() const { return replacements_; }

  // Calls visit(length, value) for each key that `text` starts with, shortest first, until it
  // returns false.
  template <typename Visit>
  void ForEachPrefix(std::string_view text, Visit visit) const {
    if (units_.empty()) return;
    std::size_t node = Offset(units_[0]);
    for (std::size_t i = 0; i < text.size(); ++i) {
      const auto byte = static_cast<unsigned char>(text[i]);
      node ^= byte;
      if (node >= units_.size()) return;
      const std::uint32_t unit = units_[node];
      if (Label(unit) != byte) return;
      node ^= Offset(unit);
      if (!HasLeaf(unit)) continue;
      if (node >= units_.size()) return;
      if (!visit(i + 1, units_[node] & 0x7FFFFFFFu)) return;
    }
  }

  // The replacement at `value`, up to its zero byte; empty where `value` lies outside or inside a
  // character. Always UTF-8.
  std::string_view Replacement(std::uint32_t value) const {
    if (value >= replacements_.size()) return {};
    if ((static_cast<unsigned char>(replacements_[value]) & 0xC0) == 0x80) return {};
    const std::string_view rest = std::string_view(replacements_).substr(value);
    return rest.substr(0, rest.find('\0'));
  }

  // Whether no key is `byte` alone and none continues it by an ASCII byte.
  bool IsPlainBeforeAscii(unsigned char byte) const;
  // Whether the byte alone is a key.
  bool IsKey(unsigned char byte) const;

 private:
  static std::uint32_t Label(std::uint32_t unit) { return unit & 0x800000FFu; }
  static bool HasLeaf(std::uint32_t unit) { return ((unit >> 8) & 1) != 0; }
  static std::size_t Offset(std::uint32_t unit) {
    return static_cast<std::size_t>(unit >> 10) << ((unit & 0x200u) >> 6);
  }

  std::vector<std::uint32_t> units_;
  std::string replacements_;
};

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_STAGES_NORMALIZERS_CHARSMAP_H_
