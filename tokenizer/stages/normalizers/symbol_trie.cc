#include "tokenizer/stages/normalizers/symbol_trie.h"

namespace tokgraft {
namespace {
constexpr int kMaxMatches = 64;
}

void SymbolTrie::Add(std::string_view symbol) {
  if (symbol.empty()) return;
  starts_[static_cast<unsigned char>(symbol[0])] = true;
  std::uint32_t node = 0;
  for (const char byte : symbol) {
    const auto next = static_cast<std::uint32_t>(ends_.size());
    const auto [edge, is_new] = children_.try_emplace(Edge(node, byte), next);
    if (is_new) ends_.push_back(false);
    node = edge->second;
  }
  ends_[node] = true;
}

std::size_t SymbolTrie::Match(std::string_view text) const {
  if (text.empty() || !starts_[static_cast<unsigned char>(text[0])]) return 0;
  std::uint32_t node = 0;
  std::size_t longest = 0;
  int matches = 0;
  for (std::size_t i = 0; i < text.size() && matches < kMaxMatches; ++i) {
    const auto edge = children_.find(Edge(node, text[i]));
    if (edge == children_.end()) break;
    node = edge->second;
    if (ends_[node]) {
      longest = i + 1;
      ++matches;
    }
  }
  return longest;
}

}  // namespace tokgraft
