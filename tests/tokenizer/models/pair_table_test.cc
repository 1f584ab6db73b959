// Joins by the two symbols, up to the highest symbol, however many there are.
#include "tokenizer/models/pair_table.h"

#include <gtest/gtest.h>

namespace tokgraft {
namespace {

TEST(PairTableTest, KeepsTheFirstOrTheLastOfTwo) {
  PairTable table;
  EXPECT_EQ(table.Find(1, 2).rank, PairTable::kNoRank);
  table.Set(1, 2, {5, 7}, PairTable::Duplicate::kLastWins);
  table.Set(1, 2, {6, 8}, PairTable::Duplicate::kFirstWins);
  EXPECT_EQ(table.Find(1, 2).rank, 5U);
  table.Set(1, 2, {6, 8}, PairTable::Duplicate::kLastWins);
  EXPECT_EQ(table.Find(1, 2).product, 8U);
  EXPECT_EQ(table.Find(2, 1).rank, PairTable::kNoRank);
  EXPECT_EQ(table.size(), 1U);
}

TEST(PairTableTest, GrowsWithoutLosingPairsUpToTheHighestSymbols) {
  PairTable table;
  for (std::uint32_t i = 0; i < 3000; ++i) {
    table.Set(i, 4294967294 - i, {i, i + 1}, PairTable::Duplicate::kLastWins);
  }
  EXPECT_EQ(table.size(), 3000U);
  for (std::uint32_t i = 0; i < 3000; ++i) {
    ASSERT_EQ(table.Find(i, 4294967294 - i).rank, i);
    ASSERT_EQ(table.Find(4294967294 - i, i).rank, PairTable::kNoRank);
  }
  table.Reserve(100);  // fewer than there are: nothing moves
  EXPECT_EQ(table.Find(0, 4294967294).product, 1U);
}

}  // namespace
}  // namespace tokgraft
