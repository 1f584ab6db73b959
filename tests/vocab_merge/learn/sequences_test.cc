#include "vocab_merge/learn/sequences.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/vocab_merge/toy.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Parts = std::vector<std::string>;

Sequences SequencesOf(const TokenizerSpec& base, const std::vector<std::string_view>& documents,
                      int threads = 1) {
  const Tokenizer tokenizer = *Compile(base);
  return MakeSequences(tokenizer, *ChainBuilder::Make(base), PieceRules::Of(base),
                       CountWords(tokenizer, documents, 1, {}), threads);
}

// "a|b x2" for each sequence, "!" where it is a whole word; sorted.
Parts Shown(const TokenizerSpec& base, const Sequences& sequences) {
  Parts out;
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    std::string text;
    for (const Symbol symbol : sequences.at(i)) {
      if (!text.empty()) text += "|";
      text += symbol < sequences.limit ? std::string(base.vocab.Get(symbol)->bytes)
                                       : sequences.foreign[symbol - sequences.limit].bytes;
    }
    out.push_back(text + " x" + std::to_string(sequences.counts[i]) +
                  (sequences.whole[i] ? "!" : ""));
  }
  std::sort(out.begin(), out.end());
  return out;
}

TEST(SequencesTest, AreTheTokensOfTheBase) {
  const TokenizerSpec base = toy::ByteLevel({{"a", "b"}});
  EXPECT_THAT(Shown(base, SequencesOf(base, {"abc abc", "abc ab d"})),
              ElementsAre(" |ab x1!", " |ab|c x1!", " |d x1!", "ab|c x2!"));
}

TEST(SequencesTest, CharactersThatTheBaseLacksAreWhole) {
  const TokenizerSpec base = toy::Metaspace({" ", "a"}, {});
  const Sequences sequences = SequencesOf(base, {"\u4e2d\u6587\u4e2d", "\u4e2d"});
  EXPECT_THAT(Shown(base, sequences), ElementsAre(" |\u4e2d x1!", " |\u4e2d|\u6587|\u4e2d x1!"));
  ASSERT_EQ(sequences.foreign.size(), 2U);
  EXPECT_EQ(sequences.foreign[0].bytes, "\u4e2d");
  EXPECT_EQ(sequences.foreign[0].tokens, 3U);
}

TEST(SequencesTest, WhatTheBaseLosesIsWorthTwoTokens) {
  TokenizerSpec base = toy::Metaspace({"a"}, {});
  toy::Bpe(&base).byte_fallback = false;
  toy::Bpe(&base).fuse_unk = false;
  base.normalizers.clear();
  const Sequences sequences = SequencesOf(base, {"a\u4e2d"});
  ASSERT_EQ(sequences.foreign.size(), 1U);
  EXPECT_EQ(sequences.foreign[0].tokens, 2U);
}

TEST(SequencesTest, SpecialTokensAreWalls) {
  TokenizerSpec base = toy::ByteLevel({}, /*use_regex=*/false);
  base.added_tokens = {{.id = 256, .content = "<t>", .special = true},
                       {.id = 'c', .content = "c", .special = false}};
  EXPECT_THAT(Shown(base, SequencesOf(base, {"ab<t>abcdex"})), ElementsAre("a|b x2!", "d|e|x x1!"));
}

TEST(SequencesTest, NoSequenceCrossesWhatTheRulesKeepApart) {
  const TokenizerSpec base = toy::Metaspace({" ", "a", "b", "1", "."}, {});
  EXPECT_THAT(Shown(base, SequencesOf(base, {"ab..11ab"})),
              ElementsAre(" |a|b x1", ".|. x1", "a|b x1"));
}

TEST(SequencesTest, AWordOfOneTokenTeachesNothing) {
  const TokenizerSpec base = toy::ByteLevel({{"a", "b"}});
  EXPECT_THAT(Shown(base, SequencesOf(base, {"ab"})), IsEmpty());
}

TEST(SequencesTest, ThreadsDoNotChangeThem) {
  const TokenizerSpec base = toy::Metaspace({" ", "a", "b"}, {});
  std::vector<std::string> texts;
  for (char32_t c = 0x4e00; c < 0x9000; ++c) {
    std::string text = "ab";
    AppendUtf8(c, &text);
    texts.push_back(text);
  }
  const std::vector<std::string_view> documents(texts.begin(), texts.end());
  const Sequences one = SequencesOf(base, documents, 1);
  const Sequences many = SequencesOf(base, documents, 4);
  EXPECT_EQ(one.foreign.size(), 0x9000U - 0x4e00U);
  EXPECT_EQ(Shown(base, one), Shown(base, many));
  EXPECT_EQ(one.symbols, many.symbols);
}

}  // namespace
}  // namespace tokgraft
