// The merge engine on symbols alone: order, lengths, and the same result on both sides of the
// length from which it keeps a heap.
#include "tokenizer/models/bpe_merge.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace tokgraft {
namespace {

using SymbolLengths = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

BpeWord WordOf(const std::vector<std::uint32_t>& symbols) {
  BpeWord word;
  for (const std::uint32_t symbol : symbols) word.symbols.push_back({symbol, 1});
  return word;
}
SymbolLengths Merged(const PairTable& pairs, const std::vector<std::uint32_t>& symbols) {
  BpeWord word = WordOf(symbols);
  MergeSymbols(pairs, &word);
  BpeWord heaped = WordOf(symbols);
  MergeSymbolsObserved(
      pairs, [](std::uint32_t, std::uint32_t, std::uint32_t) {}, &heaped);
  SymbolLengths out;
  SymbolLengths other;
  for (const BpeWord::Symbol& s : word.symbols) out.emplace_back(s.symbol, s.length);
  for (const BpeWord::Symbol& s : heaped.symbols) other.emplace_back(s.symbol, s.length);
  EXPECT_EQ(out, other);
  return out;
}
void Join(std::uint32_t left, std::uint32_t right, std::uint32_t rank, std::uint32_t product,
          PairTable* pairs) {
  pairs->Set(left, right, {rank, product}, PairTable::Duplicate::kLastWins);
}

TEST(BpeMergeTest, WithoutPairsNothingJoins) {
  const PairTable none;
  EXPECT_EQ(Merged(none, {}), SymbolLengths{});
  EXPECT_EQ(Merged(none, {7}), (SymbolLengths{{7, 1}}));
  EXPECT_EQ(Merged(none, {7, 8}), (SymbolLengths{{7, 1}, {8, 1}}));
}

TEST(BpeMergeTest, TheLowestRankFirstTheLeftmostAmongEquals) {
  PairTable pairs;
  Join(1, 1, 5, 2, &pairs);
  EXPECT_EQ(Merged(pairs, {1, 1, 1}), (SymbolLengths{{2, 2}, {1, 1}}));
  Join(1, 3, 4, 6, &pairs);  // overtakes
  EXPECT_EQ(Merged(pairs, {1, 1, 3}), (SymbolLengths{{1, 1}, {6, 2}}));
  Join(2, 2, 0, 9, &pairs);  // a product that joins before what is left
  EXPECT_EQ(Merged(pairs, {1, 1, 1, 1, 1, 3}), (SymbolLengths{{9, 4}, {6, 2}}));
}

TEST(BpeMergeTest, RankZeroAndTheHighestRankJoin) {
  PairTable pairs;
  Join(0, 0, 0, 1, &pairs);
  Join(1, 1, PairTable::kNoRank - 1, 2, &pairs);
  EXPECT_EQ(Merged(pairs, {0, 0, 0, 0}), (SymbolLengths{{2, 4}}));
}

TEST(BpeMergeTest, LengthsAroundTheHeapAgree) {
  PairTable pairs;
  Join(1, 1, 3, 2, &pairs);
  Join(2, 2, 2, 4, &pairs);
  Join(4, 4, 1, 8, &pairs);
  for (const std::uint32_t size : {38U, 39U, 40U, 41U, 42U, 80U}) {
    const SymbolLengths merged = Merged(pairs, std::vector<std::uint32_t>(size, 1));
    std::uint32_t total = 0;
    for (const auto& [symbol, length] : merged) {
      EXPECT_EQ(symbol, length);
      total += length;
    }
    EXPECT_EQ(total, size);
    EXPECT_EQ(merged.size(), size / 8 + static_cast<std::size_t>(__builtin_popcount(size % 8)));
  }
}

TEST(BpeMergeTest, TheObserverIsToldOfEachPairAsItComesUp) {
  PairTable pairs;
  Join(1, 2, 0, 3, &pairs);
  Join(3, 3, 1, 4, &pairs);
  BpeWord word = WordOf({1, 2, 1, 2});
  std::vector<std::vector<std::uint32_t>> seen;
  MergeSymbolsObserved(
      pairs,
      [&](std::uint32_t a, std::uint32_t b, std::uint32_t c) {
        seen.push_back({a, b, c});
      },
      &word);
  EXPECT_EQ(seen, (std::vector<std::vector<std::uint32_t>>{{1, 2, 3}, {1, 2, 3}, {3, 3, 4}}));
}

}  // namespace
}  // namespace tokgraft
