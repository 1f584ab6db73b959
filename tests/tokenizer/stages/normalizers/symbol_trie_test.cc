// The longest symbol a text starts with, among the first 64 as in sentencepiece's PrefixMatcher.
#include "tokenizer/stages/normalizers/symbol_trie.h"

#include <gtest/gtest.h>

#include <string>

namespace tokgraft {
namespace {

TEST(SymbolTrieTest, FindsTheLongest) {
  SymbolTrie trie;
  EXPECT_EQ(trie.Match("a"), 0U);
  EXPECT_EQ(trie.Match(""), 0U);
  trie.Add("");
  trie.Add("ab");
  trie.Add("abcd");
  trie.Add("你");
  EXPECT_EQ(trie.Match("abcx"), 2U);
  EXPECT_EQ(trie.Match("abcde"), 4U);
  EXPECT_EQ(trie.Match("a"), 0U);
  EXPECT_EQ(trie.Match("xab"), 0U);
  EXPECT_EQ(trie.Match("你好"), 3U);
  EXPECT_TRUE(trie.Starts('a'));
  EXPECT_TRUE(trie.Starts(0xE4));
  EXPECT_FALSE(trie.Starts('b'));
}

TEST(SymbolTrieTest, AnyByteMayBePartOfASymbol) {
  SymbolTrie trie;
  trie.Add(std::string("\0\xFF", 2));
  EXPECT_EQ(trie.Match(std::string("\0\xFF\0", 3)), 2U);
  EXPECT_TRUE(trie.Starts(0));
}

TEST(SymbolTrieTest, OnlySixtyFourMatchesAreLookedAt) {
  SymbolTrie trie;
  for (std::size_t size = 1; size <= 70; ++size) trie.Add(std::string(size, 'a'));
  EXPECT_EQ(trie.Match(std::string(63, 'a')), 63U);
  EXPECT_EQ(trie.Match(std::string(100, 'a')), 64U);
}

}  // namespace
}  // namespace tokgraft
