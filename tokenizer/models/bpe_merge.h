// The heart of BPE: join neighbouring symbols, lowest rank first, leftmost first among equals.
//
// Short words are scanned for the lowest rank after each join; long ones keep a heap of (rank,
// position) over a linked list, and drop an entry whose pair has changed since: n log n always.
#ifndef TOKGRAFT_TOKENIZER_MODELS_BPE_MERGE_H_
#define TOKGRAFT_TOKENIZER_MODELS_BPE_MERGE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "tokenizer/models/pair_table.h"

namespace tokgraft {

// The symbols of a word, in order, each with its length in bytes. Joined in place. The other
// members are working memory, kept between words.
struct BpeWord {
  struct Symbol {
    std::uint32_t symbol = 0;
    std::uint32_t length = 0;
  };
  std::vector<Symbol> symbols;

  std::vector<PairTable::Join> joins;  // of symbol i and its right neighbour
  std::vector<std::uint32_t> previous;
  std::vector<std::uint32_t> next;
  std::vector<std::uint64_t> heap;  // rank << 32 | position of the left symbol
};

// Told of each pair that could join, in the order in which the pairs come up: left, right, product.
using BpeObserver = std::function<void(std::uint32_t, std::uint32_t, std::uint32_t)>;

// Joins all of `word`.
void MergeSymbols(const PairTable& pairs, BpeWord* word);
// The same, always by heap, with `observer` called for each pair.
void MergeSymbolsObserved(const PairTable& pairs, const BpeObserver& observer, BpeWord* word);

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_MODELS_BPE_MERGE_H_
