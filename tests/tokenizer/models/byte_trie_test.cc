#include "tokenizer/models/byte_trie.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

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

}  // namespace
}  // namespace tokgraft
