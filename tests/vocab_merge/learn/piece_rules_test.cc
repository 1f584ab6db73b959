#include "vocab_merge/learn/piece_rules.h"

#include <gtest/gtest.h>

#include "tests/vocab_merge/toy.h"

namespace tokgraft {
namespace {

TEST(PieceRulesTest, OnlyMetaspacesHaveRules) {
  EXPECT_FALSE(PieceRules::Of(toy::ByteLevel({})).any());
  EXPECT_TRUE(PieceRules::Of(toy::ByteLevel({})).Allows("a b 1"));
  EXPECT_TRUE(PieceRules::Of(toy::Metaspace({"a"}, {})).any());
}

TEST(PieceRulesTest, TheTrainersRulesHoldWhereTheBaseKeepsThem) {
  const PieceRules rules =
      PieceRules::Of(toy::Metaspace({" ", "a", "b"}, {{" ", "a"}, {"a", "b"}}));
  for (const char* good : {"ab", " ab", "1", "\u4e2d\u6587", "\u3042\u4e2d\u30a2\u30fc", "...",
                           " .", "e\u0301", "\u4e2d\u0301", "abcdefghijklmnop"}) {
    EXPECT_TRUE(rules.Allows(good)) << good;
  }
  for (const char* bad : {"a b", "ab ", "  ", "  a", "12", " 1", "a1", "a\u4e2d", "a.",
                          "\u4e2d\u3002", "\n\n", ".\n", "abcdefghijklmnopq"}) {
    EXPECT_FALSE(rules.Allows(bad)) << bad;
  }
}

TEST(PieceRulesTest, ARuleThatTheBaseBreaksDoesNotHold) {
  const PieceRules rules = PieceRules::Of(
      toy::Metaspace({" ", "a", "1", "."}, {{" ", " "}, {"1", "1"}, {"a", "."}, {"a", " "}}));
  for (const char* good : {"a b", "   ", "2025", "\u4e2d\u3002", "a1"}) {
    EXPECT_TRUE(rules.Allows(good)) << good;
  }
  EXPECT_FALSE(rules.Allows("\n\n"));
}

TEST(PieceRulesTest, SpacesMayEndPiecesWhereTheModelSaysSo) {
  TokenizerSpec base = toy::Metaspace({" ", "a"}, {});
  base.normalizers.clear();
  base.normalizers.emplace_back().emplace<normalizer::SentencePiece>().treat_whitespace_as_suffix =
      true;
  const PieceRules rules = PieceRules::Of(base);
  EXPECT_TRUE(rules.Allows("ab "));
  EXPECT_FALSE(rules.Allows(" ab"));
  EXPECT_TRUE(rules.KeepApart("a ", "b"));
  EXPECT_FALSE(rules.KeepApart("a", " "));
}

TEST(PieceRulesTest, WhatNoPieceCrossesIsKeptApart) {
  const PieceRules rules = PieceRules::Of(toy::Metaspace({" ", "a"}, {}));
  EXPECT_TRUE(rules.KeepApart("a", " b"));
  EXPECT_TRUE(rules.KeepApart("1", "2"));
  EXPECT_TRUE(rules.KeepApart("a", "\u4e2d"));
  EXPECT_TRUE(rules.KeepApart("a", "\n"));
  EXPECT_FALSE(rules.KeepApart("a", "b"));
  EXPECT_FALSE(rules.KeepApart(" ", "\u4e2d"));
  EXPECT_FALSE(rules.KeepApart("\u4e2d", "\u3042"));
  EXPECT_FALSE(rules.KeepApart("\u4e2d", "\u0301"));
}

}  // namespace
}  // namespace tokgraft
