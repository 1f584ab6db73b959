#include "vocab_merge/learn/words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/vocab_merge/toy.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

std::map<std::string, std::uint64_t> WordMap(const WordCounts& counts) {
  std::map<std::string, std::uint64_t> out;
  for (std::size_t i = 0; i < counts.size(); ++i)
    out[std::string(counts.text(i))] = counts.count(i);
  EXPECT_EQ(out.size(), counts.size());
  return out;
}

TEST(WordsTest, CountsAddUp) {
  WordCounts one;
  one.Add("a", 2);
  one.Add("", 1);
  WordCounts other;
  other.Add("b", 1);
  other.Add("a", 3);
  one.Add(other);
  EXPECT_THAT(WordMap(one), ElementsAre(Pair("", 1U), Pair("a", 5U), Pair("b", 1U)));
}

TEST(WordsTest, BytesThatAreNotUtf8AreInNoWord) {
  const TokenizerSpec base = toy::Metaspace({" ", "a", "b"}, {});
  const std::vector<std::string_view> documents = {
      "a\xFF\xFE"
      "b",
      "\xC4", "b\xE4\xB8"};
  EXPECT_THAT(WordMap(CountWords(*Compile(base), documents, 1, {})),
              ElementsAre(Pair("▁a", 1U), Pair("▁b", 2U)));
}

TEST(WordsTest, WordsAreThoseOfThePreTokenizer) {
  TokenizerSpec base = toy::ByteLevel({});
  base.added_tokens = {{.id = 256, .content = "<t>", .special = true}};
  const std::vector<std::string_view> documents = {"it's a<t>a", "a a"};
  EXPECT_THAT(WordMap(CountWords(*Compile(base), documents, 1, {})),
              ElementsAre(Pair(" a", 2U), Pair("'s", 1U), Pair("a", 2U), Pair("it", 1U)));
}

TEST(WordsTest, MetaspacesFallApartBeforeEachOfThem) {
  const TokenizerSpec base = toy::Metaspace({" ", "a", "b"}, {{" ", "a"}});
  const std::vector<std::string_view> documents = {"ab  ab"};
  EXPECT_THAT(WordMap(CountWords(*Compile(base), documents, 1, {})),
              ElementsAre(Pair("\u2581ab", 1U), Pair("\u2581\u2581ab", 1U)));
}

TEST(WordsTest, ThreadsDoNotChangeTheCounts) {
  const Tokenizer tokenizer = *Compile(toy::ByteLevel({}));
  std::vector<std::string> texts;
  for (int i = 0; i < 400; ++i) {  // several groups of documents
    std::string text;
    for (int n = 0; n < 800; ++n) text += " w" + std::to_string((i * n) % 977);
    texts.push_back(text);
  }
  const std::vector<std::string_view> documents(texts.begin(), texts.end());
  double last = 0;
  const WordCounts one = CountWords(tokenizer, documents, 1, [&](double fraction) {
    EXPECT_GT(fraction, last);
    last = fraction;
  });
  EXPECT_EQ(last, 1);
  EXPECT_EQ(WordMap(one), WordMap(CountWords(tokenizer, documents, 5, {})));
}

}  // namespace
}  // namespace tokgraft
