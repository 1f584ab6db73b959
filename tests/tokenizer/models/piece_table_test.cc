// The vocabulary as the models look it up: any bytes of any length, the last value holds.
#include "tokenizer/models/piece_table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

namespace tokgraft {
namespace {

std::string RandomPiece(std::mt19937* random) {
  std::string piece;
  const std::size_t size = 1 + (*random)() % 40;
  while (piece.size() < size) piece += static_cast<char>((*random)() % 7 * 41);
  return piece;
}

TEST(PieceTableTest, HoldsTheLastValueOfWordsOfEveryLength) {
  std::mt19937 random(2);
  PieceTable table;
  std::map<std::string, std::uint32_t> map;
  for (std::uint32_t i = 0; i < 5000; ++i) {
    const std::string word = RandomPiece(&random);
    EXPECT_EQ(table.Set(word, i), !map.contains(word));
    map[word] = i;
  }
  for (const auto& [word, value] : map) ASSERT_EQ(table.Find(word), value);
  EXPECT_EQ(table.size(), map.size());
  EXPECT_EQ(table.Find(std::string(41, 'x')), std::nullopt);
}

TEST(PieceTableTest, NothingIsFoundInAnEmptyOne) {
  PieceTable table;
  EXPECT_EQ(table.Find(""), std::nullopt);
  EXPECT_EQ(table.Find("a"), std::nullopt);
  table.Reserve(0, 0);
  EXPECT_EQ(table.Find("a"), std::nullopt);
  EXPECT_EQ(table.size(), 0U);
  EXPECT_EQ(table.longest(), 0U);
}

TEST(PieceTableTest, TheEmptyKeyAndZeroBytesAreKeys) {
  PieceTable table;
  EXPECT_TRUE(table.Set("", 1));
  EXPECT_TRUE(table.Set(std::string(1, '\0'), 2));
  EXPECT_TRUE(table.Set(std::string(2, '\0'), 4294967295));
  EXPECT_EQ(table.Find(""), 1U);
  EXPECT_EQ(table.Find(std::string(1, '\0')), 2U);
  EXPECT_EQ(table.Find(std::string(2, '\0')), 4294967295U);
  EXPECT_EQ(table.longest(), 2U);
  table.Reserve(1000, 10);  // keeps what is there
  EXPECT_EQ(table.Find(std::string(2, '\0')), 4294967295U);
}

TEST(PieceTableTest, KeysAroundTheWidthsOfWordsAreTold) {
  // 3 to 4, 7 to 9, 15 to 17 and 32 bytes are read in different ways; any byte may differ.
  for (const std::size_t size : {1U, 2U, 3U, 4U, 7U, 8U, 9U, 15U, 16U, 17U, 32U, 33U}) {
    PieceTable table;
    std::string key(size, 'x');
    table.Set(key, 0);
    for (std::uint32_t i = 0; i < size; ++i) {
      key.assign(size, 'x');
      key[i] = 'y';
      EXPECT_EQ(table.Find(key), std::nullopt);
      EXPECT_TRUE(table.Set(key, i + 1)) << size << " " << i;
    }
    EXPECT_EQ(table.Find(std::string(size, 'x')), 0U);
  }
}

}  // namespace
}  // namespace tokgraft
