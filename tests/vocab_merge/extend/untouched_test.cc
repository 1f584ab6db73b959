#include "vocab_merge/extend/untouched.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/vocab_merge/toy.h"
#include "tests/vocab_merge/toy_whole.h"
#include "vocab_merge/extend/whole.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Untouched UntouchedWith(const TokenizerSpec& base, const std::string& piece) {
  const std::vector<WholePiece> pieces = {*SpellWhole(base, piece, false)};
  return ProveUntouched(base, *AddWhole(base, pieces), *ScriptSet::Parse({"Latin"}));
}

TEST(UntouchedTest, WordPieceNeedsAForeignCharacterOnly) {
  const TokenizerSpec base = toy::WordPiece({"a"});
  const Untouched out = UntouchedWith(base, "\u4e2d\u6587");
  EXPECT_EQ(out.why_not, "");
  EXPECT_THAT(out.scripts, ElementsAre("Han"));
  EXPECT_EQ(out.reason,
            "every new piece needs a character of Han; a valid text that has none keeps its ids "
            "(scripts by the Script_Extensions of Unicode " +
                UnicodeVersion() + ")");
  EXPECT_EQ(UntouchedWith(base, "ab").why_not,
            "the model chooses among all pieces at once, and new piece 2, \"ab\", needs no "
            "character of another script");
}

TEST(UntouchedTest, UnigramOnlyWhereUnknownCharactersKeepTheirScore) {
  EXPECT_THAT(UntouchedWith(toy::Unigram({{"a", -2}}), "\u4e2d").why_not,
              HasSubstr("no character that the base does not know, keeps its ids"));
  EXPECT_THAT(UntouchedWith(toy::Unigram({{"a", -2}}), "\u4e2d").why_not,
              HasSubstr("follows the lowest score, and went from -12 to -12"));
  EXPECT_EQ(UntouchedWith(toy::Unigram({{"a", -2}}, /*unk_score=*/-50), "\u4e2d").why_not, "");
  // sentencepiece looks at normal pieces only.
  EXPECT_THAT(UntouchedWith(toy::SentencePieceUnigram({{"a", -20}}), "\u4e2d").why_not,
              HasSubstr("follows the lowest score"));
  // Its float sum rounds the difference away here.
  EXPECT_EQ(UntouchedWith(toy::SentencePieceUnigram({{"a", -2}}), "\u4e2d").why_not, "");
}

TEST(UntouchedTest, WhereEveryByteIsAPieceNothingIsUnknown) {
  TokenizerSpec base = toy::ByteLevel({});
  UnigramModel model;
  model.unk = 0;
  base.model = model;
  EXPECT_EQ(UntouchedWith(base, "\u4e2d").why_not, "");
}

TEST(UntouchedTest, OldPiecesAreCompared) {
  const TokenizerSpec base = toy::Unigram({{"a", -2}});
  const ScriptSet latin = *ScriptSet::Parse({"Latin"});
  EXPECT_EQ(ProveUntouched(base, toy::Unigram({{"a", -3}}), latin).why_not,
            "the score of base id 1 has changed");
  EXPECT_EQ(ProveUntouched(base, toy::Unigram({{"b", -2}}), latin).why_not,
            "base id 1 has changed");
  EXPECT_EQ(ProveUntouched(base, toy::Unigram({}), latin).why_not, "pieces are gone");
  EXPECT_EQ(ProveUntouched(base, base, latin).reason, "nothing was added");
  TokenizerSpec fallback = base;
  std::get<UnigramModel>(fallback.model).byte_fallback = true;
  EXPECT_EQ(ProveUntouched(base, fallback, latin).why_not,
            "the models differ in more than their pieces");
}

TEST(UntouchedTest, AnAddedTokenThatBecomesAPieceIsNoProof) {
  TokenizerSpec base = toy::WordPiece({"a"});
  base.added_tokens = {{.id = 2, .content = "<t>"}};
  EXPECT_EQ(UntouchedWith(base, "\u4e2d").why_not,
            "added token 2 has become a piece that the model finds too");
}

TEST(UntouchedTest, UnknownScores) {
  EXPECT_EQ(UnknownScore(toy::Unigram({{"a", -2}}, -50)), -60);
  EXPECT_EQ(UnknownScore(toy::SentencePieceUnigram({{"a", -2}})), -12);
  EXPECT_EQ(UnknownScore(toy::WordPiece({})), 0);
}

}  // namespace
}  // namespace tokgraft
