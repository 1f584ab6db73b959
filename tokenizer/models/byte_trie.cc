#include "tokenizer/models/byte_trie.h"

#include <algorithm>

namespace tokgraft {

class ByteTrie::Builder {
 public:
  explicit Builder(std::vector<Key> keys) : keys_(std::move(keys)) {
    std::stable_sort(keys_.begin(), keys_.end(),
                     [](const Key& a, const Key& b) { return a.text < b.text; });
    Grow(512);
    Take(kRoot, kRoot);  // its own parent: no byte leads to it, since every base is above 0
  }

  std::vector<Node> Run() && {
    // Depth-first by a list of ranges of keys that share a node's path.
    std::vector<Range> todo = {{0, keys_.size(), 0, kRoot}};
    while (!todo.empty()) {
      const Range range = todo.back();
      todo.pop_back();
      Place(range, &todo);
    }
    std::size_t highest = 0;
    for (const Node& node : nodes_) highest = std::max<std::size_t>(highest, node.base);
    nodes_.resize(std::max<std::size_t>(highest, 1) + 256);
    for (Node& node : nodes_) {
      if (node.base == 0) node.base = 1;  // a leaf: looks at nodes that are not its children
    }
    return std::move(nodes_);
  }

 private:
  struct Range {
    std::size_t begin, end;  // of keys_
    std::size_t depth;
    std::uint32_t node;
  };

  void Grow(std::size_t size) {
    const std::size_t old = nodes_.size();
    if (size <= old) return;
    size = std::max(size, old * 2);
    nodes_.resize(size);
    next_free_.resize(size + 1);
    for (std::size_t i = old; i <= size; ++i) next_free_[i] = static_cast<std::uint32_t>(i);
  }

  // The first free node at or above `at` (may be one past the end). Paths are compressed.
  std::uint32_t FirstFree(std::uint32_t at) {
    std::uint32_t root = at;
    while (next_free_[root] != root) root = next_free_[root];
    while (next_free_[at] != root) {
      const std::uint32_t next = next_free_[at];
      next_free_[at] = root;
      at = next;
    }
    return root;
  }

  void Take(std::uint32_t at, std::uint32_t parent) {
    nodes_[at].parent = parent;
    next_free_[at] = at + 1;
  }

  std::uint32_t FindBase(const std::vector<unsigned char>& bytes) {
    // Nodes near the front fill up; after some failures the search starts further on for good.
    std::uint32_t at = FirstFree(std::max<std::uint32_t>(search_from_, bytes.front() + 1U));
    for (std::size_t tries = 0;; ++tries) {
      const std::uint32_t base = at - bytes.front();
      Grow(std::size_t{base} + 512);
      const bool fits = std::all_of(bytes.begin(), bytes.end(), [&](unsigned char byte) {
        return nodes_[base + byte].parent == kDead;
      });
      if (fits) {
        if (tries > 64) search_from_ = at;
        return base;
      }
      at = FirstFree(at + 1);
    }
  }

  void Place(const Range& range, std::vector<Range>* todo) {
    std::size_t begin = range.begin;
    while (begin < range.end && keys_[begin].text.size() == range.depth) {
      nodes_[range.node].value = keys_[begin].value;
      ++begin;
    }
    bytes_.clear();
    const std::size_t first_child = todo->size();
    for (std::size_t i = begin; i < range.end;) {
      const char byte = keys_[i].text[range.depth];
      std::size_t end = i + 1;
      while (end < range.end && keys_[end].text[range.depth] == byte) ++end;
      bytes_.push_back(static_cast<unsigned char>(byte));
      todo->push_back({i, end, range.depth + 1, 0});
      i = end;
    }
    if (bytes_.empty()) return;
    const std::uint32_t base = FindBase(bytes_);
    nodes_[range.node].base = base;
    for (std::size_t i = 0; i < bytes_.size(); ++i) {
      Take(base + bytes_[i], range.node);
      (*todo)[first_child + i].node = base + bytes_[i];
    }
  }

  std::vector<Key> keys_;
  std::vector<Node> nodes_;
  std::vector<std::uint32_t> next_free_;  // itself where free, else a later one to ask
  std::vector<unsigned char> bytes_;
  std::uint32_t search_from_ = 1;
};

ByteTrie ByteTrie::Build(std::vector<Key> keys) {
  ByteTrie trie;
  trie.nodes_ = Builder(std::move(keys)).Run();
  return trie;
}

}  // namespace tokgraft
