// A set of byte strings with values, walked byte by byte: a double-array trie.
//
// A node is an index; its child by byte b is at base[node] + b + 1 if check says so. One load a
// byte, 12 bytes a node. Building sorts the keys and places each node's children where they fit.
// Thread-safe once built.
#ifndef TOKGRAFT_TOKENIZER_MODELS_BYTE_TRIE_H_
#define TOKGRAFT_TOKENIZER_MODELS_BYTE_TRIE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace tokgraft {

class ByteTrie {
 public:
  static constexpr std::uint32_t kNoValue = 0xFFFFFFFF;
  static constexpr std::uint32_t kRoot = 0;
  static constexpr std::uint32_t kDead = 0xFFFFFFFF;

  struct Key {
    std::string_view text;    // not empty
    std::uint32_t value = 0;  // below kNoValue
  };
  // Of several keys with the same text the last one's value holds.
  static ByteTrie Build(std::vector<Key> keys);

  // The child of `node` by `byte`, or kDead.
  std::uint32_t Child(std::uint32_t node, char byte) const {
    const std::uint32_t at = nodes_[node].base + static_cast<unsigned char>(byte);
    return nodes_[at].parent == node ? at : kDead;
  }
  // The value of the key that ends in `node`, or kNoValue.
  std::uint32_t Value(std::uint32_t node) const { return nodes_[node].value; }

  struct Match {
    std::size_t size = 0;  // bytes; 0: no key is a prefix of the text
    std::uint32_t value = kNoValue;
  };
  // The longest key that `text` starts with.
  Match LongestPrefix(std::string_view text) const {
    Match match;
    std::uint32_t node = kRoot;
    for (std::size_t i = 0; i < text.size(); ++i) {
      node = Child(node, text[i]);
      if (node == kDead) break;
      if (Value(node) != kNoValue) match = {i + 1, Value(node)};
    }
    return match;
  }
  std::optional<std::uint32_t> Find(std::string_view text) const {
    std::uint32_t node = kRoot;
    for (const char byte : text) {
      node = Child(node, byte);
      if (node == kDead) return std::nullopt;
    }
    if (Value(node) == kNoValue) return std::nullopt;
    return Value(node);
  }

 private:
  struct Node {
    std::uint32_t base = 0;
    std::uint32_t parent = kDead;  // kDead: free
    std::uint32_t value = kNoValue;
  };
  class Builder;

  // Always 256 nodes longer than the highest base, so that Child needs no bound.
  std::vector<Node> nodes_;
};

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_MODELS_BYTE_TRIE_H_
