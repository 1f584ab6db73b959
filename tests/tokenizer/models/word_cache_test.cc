// A word gives back the ids it was kept with, or nothing; never another word's.
#include "tokenizer/models/word_cache.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

namespace tokgraft {
namespace {

std::string CachedWord(std::mt19937* random, std::size_t longest) {
  std::string word;
  const std::size_t size = 1 + (*random)() % longest;
  while (word.size() < size) word += static_cast<char>((*random)() % 7 * 41);
  return word;
}
std::vector<TokenId> Kept(const WordCache& cache, const std::string& word) {
  const std::span<const TokenId> ids = cache.Find(word, HashOfWord(word));
  return {ids.begin(), ids.end()};
}
void Keep(const std::string& word, const std::vector<TokenId>& ids, WordCache* cache) {
  cache->Insert(word, HashOfWord(word), ids);
}

TEST(WordCacheTest, GivesBackExactlyWhatItStillHolds) {
  std::mt19937 random(3);
  WordCache cache;
  std::map<std::string, std::vector<TokenId>> map;
  std::size_t hits = 0;
  for (int i = 0; i < 60000; ++i) {
    const std::string word = CachedWord(&random, i % 3 == 0 ? 300 : 5);
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

TEST(WordCacheTest, KeepsWordsUpTo256Bytes) {
  WordCache cache;
  const std::string longest(WordCache::kLongestWord, 'x');
  EXPECT_EQ(Kept(cache, longest), std::vector<TokenId>{});
  Keep(longest, {1, 2}, &cache);
  EXPECT_EQ(Kept(cache, longest), (std::vector<TokenId>{1, 2}));
  Keep(longest + "x", {3}, &cache);
  EXPECT_EQ(Kept(cache, longest + "x"), std::vector<TokenId>{});
}

TEST(WordCacheTest, AShortWordOfManyTokensIsKeptToo) {
  WordCache cache;
  const std::string word(16, '\0');
  Keep(word, {1, 2, 3}, &cache);
  EXPECT_EQ(Kept(cache, word), (std::vector<TokenId>{1, 2, 3}));
  EXPECT_EQ(Kept(cache, std::string(15, '\0')), std::vector<TokenId>{});
  WordCache other;
  Keep(word, {1, 2, 3, 4}, &other);
  EXPECT_EQ(Kept(other, word), (std::vector<TokenId>{1, 2, 3, 4}));
}

TEST(WordCacheTest, NothingIsNotKept) {
  WordCache cache;
  Keep("", {1}, &cache);
  Keep("a", {}, &cache);
  EXPECT_EQ(Kept(cache, "a"), std::vector<TokenId>{});
}

TEST(WordCacheTest, AFullTableIsEmptiedNotOverrun) {
  WordCache cache;
  // 2 MiB of text, or half a million ids, whichever comes first.
  for (std::uint32_t i = 0; i < 20000; ++i) {
    std::string word = std::to_string(i);
    word.resize(250, '.');
    Keep(word, std::vector<TokenId>(100, i), &cache);
    ASSERT_EQ(Kept(cache, word), std::vector<TokenId>(100, i));
  }
}

}  // namespace
}  // namespace tokgraft
