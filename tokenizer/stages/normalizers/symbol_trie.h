// A set of byte strings, asked for the longest that a text starts with.
//
// The shape follows sentencepiece's PrefixMatcher, which looks at no more than 64 matches of one
// position, shortest first.
#ifndef TOKGRAFT_TOKENIZER_STAGES_NORMALIZERS_SYMBOL_TRIE_H_
#define TOKGRAFT_TOKENIZER_STAGES_NORMALIZERS_SYMBOL_TRIE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tokgraft {

class SymbolTrie {
 public:
  // An empty symbol is ignored.
  void Add(std::string_view symbol);
  bool Starts(unsigned char byte) const { return starts_[byte]; }
  // Bytes of the longest symbol at the start of `text`, or 0.
  std::size_t Match(std::string_view text) const;

 private:
  static std::uint64_t Edge(std::uint32_t node, char byte) {
    return (static_cast<std::uint64_t>(node) << 8) | static_cast<unsigned char>(byte);
  }
  std::array<bool, 256> starts_{};
  std::unordered_map<std::uint64_t, std::uint32_t> children_;  // (node, byte) -> node
  std::vector<bool> ends_{false};                              // [nodes]; node 0 is the root
};

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_STAGES_NORMALIZERS_SYMBOL_TRIE_H_
