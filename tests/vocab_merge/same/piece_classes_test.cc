#include "vocab_merge/same/piece_classes.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace tokgraft {
namespace {

TEST(PieceClassesTest, AClassForEachKindOfText) {
  const std::vector<std::pair<std::string_view, std::string_view>> expected = {
      {"12", "digits"},
      {"\u0661\u2167", "digits"},
      {" \t\r\n", "spaces"},
      {"\u3000", "spaces"},
      {"...", "punctuation"},
      {"\u3002", "punctuation"},
      {"\u4e2d", "han"},
      {"\u3042\u30a2", "kana"},
      {"\ud55c", "hangul"},
      {"abc", "latin"},
      {"\u043c", "cyrillic"},
      {"\u03b1", "other_letters"},
      {"+\U0001F600", "symbols"},
      {"\xE4\xB8", "parts_of_characters"},
      {"a1", "mixed"},
      {"\u4e2d\u3042", "mixed"},
      {"", "other_letters"}};
  for (const auto& [bytes, name] : expected) {
    EXPECT_EQ(ClassOfPiece({.bytes = bytes}), name) << bytes;
  }
}

TEST(PieceClassesTest, SpacesCountOnlyWhereThereIsNothingElse) {
  EXPECT_EQ(ClassOfPiece({.bytes = " the"}), "latin");
  EXPECT_EQ(ClassOfPiece({.bytes = "of the "}), "latin");
  EXPECT_EQ(ClassOfPiece({.bytes = "\n\n12"}), "digits");
}

TEST(PieceClassesTest, AMarkIsOfTheClassBesideIt) {
  EXPECT_EQ(ClassOfPiece({.bytes = "e\u0301"}), "latin");
  EXPECT_EQ(ClassOfPiece({.bytes = "\u0301"}), "other_letters");
}

TEST(PieceClassesTest, WhatIsNoTextIsNamedByItsKind) {
  EXPECT_EQ(ClassOfPiece({.token_class = TokenClass::kSpecial, .bytes = "a"}), "special");
  EXPECT_EQ(ClassOfPiece({.token_class = TokenClass::kUnused, .bytes = "a"}), "unused");
  EXPECT_EQ(ClassOfPiece({.token_class = TokenClass::kByte, .bytes = "a"}), "bytes");
  EXPECT_EQ(ClassOfPiece({.token_class = TokenClass::kDeclared, .bytes = "a"}), "latin");
}

}  // namespace
}  // namespace tokgraft
