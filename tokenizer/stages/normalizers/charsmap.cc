#include "tokenizer/stages/normalizers/charsmap.h"

#include "tokenizer/text/utf8.h"

namespace tokgraft {

StatusOr<Charsmap> Charsmap::Parse(std::string_view blob) {
  std::uint32_t trie_bytes = 0;
  if (blob.size() < sizeof(trie_bytes)) {
    return InvalidArgumentError(
        Cat("precompiled_charsmap: ", blob.size(), " bytes, at least 4 were expected"));
  }
  const auto u32_at = [&](std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      value |= static_cast<std::uint32_t>(static_cast<unsigned char>(blob[at + i])) << (8 * i);
    }
    return value;
  };
  trie_bytes = u32_at(0);
  if (trie_bytes == 0 || trie_bytes % 4 != 0 || trie_bytes > blob.size() - 4) {
    return InvalidArgumentError(Cat("precompiled_charsmap: a trie of ", trie_bytes, " bytes in ",
                                    blob.size(), ", a multiple of 4 that fits was expected"));
  }
  Charsmap map;
  map.units_.resize(trie_bytes / 4);
  for (std::size_t i = 0; i < map.units_.size(); ++i) map.units_[i] = u32_at(4 + 4 * i);
  map.replacements_.assign(blob.substr(4 + trie_bytes));
  if (!IsValidUtf8(map.replacements_)) {
    return InvalidArgumentError("precompiled_charsmap: its replacements are not UTF-8");
  }
  return map;
}

bool Charsmap::IsKey(unsigned char byte) const {
  const char key = static_cast<char>(byte);
  bool found = false;
  ForEachPrefix(std::string_view(&key, 1), [&](std::size_t, std::uint32_t) {
    found = true;
    return false;
  });
  return found;
}

bool Charsmap::IsPlainBeforeAscii(unsigned char byte) const {
  if (units_.empty()) return true;
  if (IsKey(byte)) return false;
  std::size_t node = Offset(units_[0]) ^ byte;
  if (node >= units_.size() || Label(units_[node]) != byte) return true;
  node ^= Offset(units_[node]);
  for (std::uint32_t next = 0; next < 0x80; ++next) {
    const std::size_t child = node ^ next;
    if (child < units_.size() && Label(units_[child]) == next) return false;
  }
  return true;
}

}  // namespace tokgraft
