#include "tokenizer/models/byte_trie.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

#include "tokenizer/models/pair_table.h"
#include "tokenizer/models/piece_table.h"
#include "tokenizer/models/word_cache.h"

namespace tokgraft {
namespace {

std::string RandomWord(std::mt19937* random, std::size_t longest) {
  std::string word;
  const std::size_t size = 1 + (*random)() % longest;
  while (word.size() < size) word += static_cast<char>((*random)() % 7 * 41);
  return word;
}

TEST(ByteTrieTest, FindsWhatAMapFinds) {
  std::mt19937 random(1);
  std::map<std::string, std::uint32_t> map;
  while (map.size() < 3000) map[RandomWord(&random, 9)] = static_cast<std::uint32_t>(map.size());
  std::vector<ByteTrie::Key> keys;
  for (const auto& [text, value] : map) keys.push_back({text, value});
  const ByteTrie trie = ByteTrie::Build(keys);
  for (int i = 0; i < 20000; ++i) {
    const std::string word = RandomWord(&random, 11);
    const auto found = map.find(word);
    ASSERT_EQ(trie.Find(word), found == map.end() ? std::nullopt : std::optional(found->second));
    ByteTrie::Match longest;
    for (std::size_t size = 1; size <= word.size(); ++size) {
      const auto prefix = map.find(word.substr(0, size));
      if (prefix != map.end()) longest = {size, prefix->second};
    }
    const ByteTrie::Match match = trie.LongestPrefix(word);
    ASSERT_EQ(match.size, longest.size);
    ASSERT_EQ(match.value, longest.value);
  }
}

TEST(ByteTrieTest, EmptyTrieAndEmptyTextFindNothing) {
  const ByteTrie trie = ByteTrie::Build({});
  for (int byte = 0; byte < 256; ++byte) {
    EXPECT_EQ(trie.LongestPrefix(std::string(1, static_cast<char>(byte))).size, 0U);
  }
  EXPECT_EQ(ByteTrie::Build({{"a", 1}}).Find(""), std::nullopt);
}

TEST(PieceTableTest, HoldsTheLastValueOfWordsOfEveryLength) {
  std::mt19937 random(2);
  PieceTable table;
  std::map<std::string, std::uint32_t> map;
  for (std::uint32_t i = 0; i < 5000; ++i) {
    const std::string word = RandomWord(&random, 40);
    EXPECT_EQ(table.Set(word, i), !map.contains(word));
    map[word] = i;
  }
  for (const auto& [word, value] : map) ASSERT_EQ(table.Find(word), value);
  EXPECT_EQ(table.size(), map.size());
  EXPECT_EQ(table.Find(std::string(41, 'x')), std::nullopt);
}

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

TEST(WordCacheTest, GivesBackExactlyWhatItStillHolds) {
  std::mt19937 random(3);
  WordCache cache;
  std::map<std::string, std::vector<TokenId>> map;
  std::size_t hits = 0;
  for (int i = 0; i < 60000; ++i) {
    const std::string word = RandomWord(&random, i % 3 == 0 ? 300 : 5);
    const std::uint64_t hash = HashOfWord(word);
    const auto known = map.find(word);
    const std::span<const TokenId> ids = cache.Find(word, hash);
    if (!ids.empty()) {
      ++hits;
      ASSERT_NE(known, map.end());
      ASSERT_EQ(std::vector<TokenId>(ids.begin(), ids.end()), known->second);
      continue;
    }
    std::vector<TokenId> made;
    for (std::size_t n = 1 + random() % 6; n > 0; --n)
      made.push_back(static_cast<TokenId>(random()));
    cache.Insert(word, hash, made);
    map[word] = made;
  }
  EXPECT_GT(hits, 3000U);
}

}  // namespace
}  // namespace tokgraft
