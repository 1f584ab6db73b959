#include "vocab_merge/rules/token_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tokgraft {
namespace {

using ::testing::ElementsAre;

TokenizerSpec OnePieceOfEachKind() {
  TokenizerSpec spec;
  spec.spelling = Spelling::kMetaspace;
  TokenId id = 0;
  for (const PieceKind kind : {PieceKind::kNormal, PieceKind::kByte, PieceKind::kControl,
                               PieceKind::kUserDefined, PieceKind::kUnused, PieceKind::kUnknown}) {
    const std::string name = "p" + std::to_string(id);
    spec.vocab.Add({.id = id++, .bytes = name, .spelling = name, .kind = kind});
  }
  return spec;
}

std::vector<TokenClass> ClassesOf(const TokenizerSpec& spec) {
  std::vector<TokenClass> out;
  for (const ListedToken& token : ListTokens(spec)) out.push_back(token.token_class);
  return out;
}

TEST(TokenListTest, TheKindOfAPieceIsItsClass) {
  EXPECT_THAT(ClassesOf(OnePieceOfEachKind()),
              ElementsAre(TokenClass::kText, TokenClass::kByte, TokenClass::kSpecial,
                          TokenClass::kDeclared, TokenClass::kUnused, TokenClass::kSpecial));
}

TEST(TokenListTest, WhatAPieceIsAddedAsComesBeforeItsKind) {
  TokenizerSpec spec = OnePieceOfEachKind();
  spec.added_tokens = {{.id = 0, .content = "p0", .special = true}, {.id = 2, .content = "p2"}};
  EXPECT_THAT(ClassesOf(spec),
              ElementsAre(TokenClass::kSpecial, TokenClass::kByte, TokenClass::kDeclared,
                          TokenClass::kDeclared, TokenClass::kUnused, TokenClass::kSpecial));
}

TEST(TokenListTest, AnAddedPieceIsFoundByItsContentNotByItsBytes) {
  TokenizerSpec spec;
  spec.vocab.Add({.id = 0, .bytes = " a", .spelling = "\u2581a"});
  spec.added_tokens = {{.id = 0, .content = "\u2581a"}};
  const std::vector<ListedToken> tokens = ListTokens(spec);
  ASSERT_EQ(tokens.size(), 1U);
  EXPECT_EQ(tokens[0].bytes, "\u2581a");  // raw text
  EXPECT_EQ(tokens[0].token_class, TokenClass::kDeclared);
}

TEST(TokenListTest, AddedTokensBesideTheVocabularyComeLast) {
  TokenizerSpec spec = OnePieceOfEachKind();
  spec.added_tokens = {{.id = 9, .content = "<s>", .special = true}, {.id = 8, .content = "x"}};
  const std::vector<ListedToken> tokens = ListTokens(spec);
  ASSERT_EQ(tokens.size(), 8U);
  EXPECT_TRUE(tokens[5].in_vocab);
  EXPECT_FALSE(tokens[6].in_vocab);
  EXPECT_EQ(tokens[6].id, 9U);
  EXPECT_EQ(tokens[6].token_class, TokenClass::kSpecial);
  EXPECT_EQ(tokens[7].id, 8U);
  EXPECT_EQ(tokens[7].token_class, TokenClass::kDeclared);
}

TEST(TokenListTest, OfTwoTokensOnOneIdTheFirstCounts) {
  TokenizerSpec spec;
  spec.vocab.Add({.id = 0, .bytes = "a", .spelling = "a"});
  spec.vocab.Add({.id = 0, .bytes = "b", .spelling = "b"});
  EXPECT_EQ(TokensById(ListTokens(spec)).at(0).bytes, "a");
  const std::vector<ListedToken> first = FirstOfEachId(ListTokens(spec));
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].bytes, "a");
}

TEST(TokenListTest, OffersTextAndDeclaredWhiteSpace) {
  EXPECT_TRUE(IsOfferedText({.bytes = "a"}));
  EXPECT_FALSE(IsOfferedText({.bytes = ""}));
  EXPECT_TRUE(IsOfferedText({.token_class = TokenClass::kDeclared, .bytes = " \t\r\n"}));
  EXPECT_FALSE(IsOfferedText({.token_class = TokenClass::kDeclared, .bytes = " a"}));
  for (const TokenClass other : {TokenClass::kByte, TokenClass::kSpecial, TokenClass::kUnused}) {
    EXPECT_FALSE(IsOfferedText({.token_class = other, .bytes = " "}));
  }
}

}  // namespace
}  // namespace tokgraft
