#include "vocab_merge/extend/whole.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "tests/vocab_merge/toy.h"
#include "tests/vocab_merge/toy_whole.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

std::vector<std::string> WholeTestSpellings(const WholeCandidates& candidates) {
  std::vector<std::string> out;
  for (const WholePiece& piece : candidates.pieces) out.push_back(piece.spelling);
  return out;
}

WholeCandidates AllCandidates(const TokenizerSpec& base, const TokenizerSpec& donor) {
  const StatusOr<Alignment> alignment = Align(base, donor);
  EXPECT_TRUE(alignment.ok()) << alignment.status();
  const StatusOr<WholeCandidates> out = MakeWholeCandidates(base, donor, alignment->missing, 1);
  EXPECT_TRUE(out.ok()) << out.status();
  return out.ok() ? *out : WholeCandidates{};
}

TEST(WholeTest, NewScoresAreTheFloatsRightBelowTheLowestNormalOne) {
  TokenizerSpec base = toy::Unigram({{"a", -1.5}, {"b", -7.25}}, /*unk_score=*/-100);
  const std::vector<WholePiece> pieces = {*SpellWhole(base, "ab", false),
                                          *SpellWhole(base, "ba", false)};
  const StatusOr<TokenizerSpec> merged = AddWhole(base, pieces);
  ASSERT_TRUE(merged.ok()) << merged.status();
  const float first = std::nextafter(-7.25F, -std::numeric_limits<float>::infinity());
  EXPECT_EQ(merged->vocab.Get(3)->score, first);
  EXPECT_EQ(merged->vocab.Get(4)->score,
            std::nextafter(first, -std::numeric_limits<float>::infinity()));
  EXPECT_EQ(LowestNormalScore(base), -7.25);
}

TEST(WholeTest, AMinimumBetweenTwoFloatsIsNotMet) {
  // As a float, -0.1 is -0.100000001490116: nothing new may be that.
  const TokenizerSpec base = toy::Unigram({{"a", -0.1}});
  const std::vector<WholePiece> pieces = {*SpellWhole(base, "aa", false)};
  const double score = AddWhole(base, pieces)->vocab.Get(2)->score;
  EXPECT_LT(static_cast<float>(score), -0.1F);
  EXPECT_GT(score, -0.1001);
}

TEST(WholeTest, NearZeroScoresStayApart) {
  const TokenizerSpec base = toy::Unigram({{"a", 0}});
  const std::vector<WholePiece> pieces = {*SpellWhole(base, "aa", false),
                                          *SpellWhole(base, "aaa", false)};
  const StatusOr<TokenizerSpec> merged = AddWhole(base, pieces);
  EXPECT_EQ(merged->vocab.Get(2)->score, -std::pow(2.0, -30));
  EXPECT_EQ(merged->vocab.Get(3)->score, -std::pow(2.0, -29));
}

TEST(WholeTest, ScoresThatLeaveNoRoomAreRefused) {
  const TokenizerSpec base = toy::Unigram({{"a", -3e38}});
  EXPECT_EQ(Message(AddWhole(base, {}).status()),
            "toy unigram: the lowest score, -3e+38, leaves no numbers below it; a finite float was "
            "expected");
}

TEST(WholeTest, APieceThatExistsIsNoPieceOfThePlan) {
  const TokenizerSpec base = toy::Unigram({{"a", -1}});
  const std::vector<WholePiece> pieces = {{.donor_id = 0, .bytes = "a", .spelling = "a"}};
  EXPECT_EQ(Message(AddWhole(base, pieces).status()),
            "plan: piece 2 exists in the base; the plan was made for another base");
}

TEST(WholeTest, AddedTokensBecomePiecesAtTheirIds) {
  TokenizerSpec base = toy::Unigram({{"a", -2}});
  base.added_tokens = {{.id = 2, .content = "<t>", .special = true}};
  const std::vector<WholePiece> pieces = {*SpellWhole(base, "aa", false)};
  const StatusOr<TokenizerSpec> merged = AddWhole(base, pieces);
  ASSERT_TRUE(merged.ok()) << merged.status();
  EXPECT_EQ(merged->vocab.Get(2)->spelling, "<t>");
  EXPECT_EQ(merged->vocab.Get(2)->score, -2);  // the lowest score stays where it was
  EXPECT_EQ(merged->vocab.Get(3)->spelling, "aa");
}

TEST(WholeTest, SpellingsOfUnigram) {
  const TokenizerSpec base = toy::SentencePieceUnigram({{"a", -1}});
  EXPECT_EQ(SpellWhole(base, " b c", false)->spelling, "\u2581b\u2581c");
  EXPECT_EQ(SpellWhole(base, "\xE4\xB8", false), std::nullopt);  // no characters
  EXPECT_EQ(SpellWhole(base, "\u2581", false), std::nullopt);    // would be a space
  EXPECT_EQ(SpellWhole(base, "a", false), std::nullopt);         // is there
  EXPECT_EQ(SpellWhole(base, "<unk>", false), std::nullopt);     // means something else
  EXPECT_EQ(SpellWhole(base, std::string(1, '\0'), false), std::nullopt);
  EXPECT_EQ(SpellWhole(base, std::string(8000, 'b'), false), std::nullopt);
  EXPECT_EQ(SpellWhole(base, "", false), std::nullopt);
}

TEST(WholeTest, SpellingsOfWordPiece) {
  TokenizerSpec base = toy::WordPiece({"a", "##a"});
  base.added_tokens = {{.id = 3, .content = "b"}};
  EXPECT_EQ(SpellWhole(base, "ab", false)->spelling, "ab");
  EXPECT_EQ(SpellWhole(base, "ab", true)->spelling, "##ab");
  EXPECT_EQ(SpellWhole(base, "a", true), std::nullopt);
  EXPECT_EQ(SpellWhole(base, "b", false), std::nullopt);    // an added token
  EXPECT_EQ(SpellWhole(base, "##b", false), std::nullopt);  // would be inside a word
}

TEST(WholeTest, ADonorWithSpacesTellsTheStartOfAWordByThem) {
  const TokenizerSpec base = toy::WordPiece({"a", "##a", "c"});
  const TokenizerSpec donor =
      toy::Characters(Spelling::kByteLevel, {" a", "a", " ab", "ab", "c", " ", "\xE4"});
  const WholeCandidates out = AllCandidates(base, donor);
  EXPECT_THAT(WholeTestSpellings(out), ElementsAre("ab", "##ab", "##c"));
  EXPECT_TRUE(out.pieces[1].inside_word);
  EXPECT_THAT(out.unspellable, ElementsAre(Pair(5, Cause::kPreTokenizer), Pair(6, Cause::kNoPath)));
}

TEST(WholeTest, WhatTheBaseAlwaysSetsApartStartsAWord) {
  TokenizerSpec base = toy::WordPiece({"a", "##a", "."});
  base.pre_tokenizers[0].emplace<pre_tokenizer::Bert>();
  const TokenizerSpec donor = toy::Characters(Spelling::kByteLevel, {".", "!", " !", "ab"});
  const WholeCandidates out = AllCandidates(base, donor);
  EXPECT_THAT(WholeTestSpellings(out), ElementsAre("!", "##ab"));
  EXPECT_THAT(out.in_base, ElementsAre(Pair(0, 3)));
  EXPECT_THAT(out.same_piece, ElementsAre(Pair(2, 0)));
}

TEST(WholeTest, ALetterThatIsRepeatedIsNotSetApart) {
  // "aaa" begins with "aa", which says nothing of what comes after a letter.
  const TokenizerSpec base = toy::WordPiece({"a", "##a"});
  const TokenizerSpec donor = toy::Characters(Spelling::kByteLevel, {"aa"});
  EXPECT_THAT(WholeTestSpellings(AllCandidates(base, donor)), ElementsAre("##aa"));
}

TEST(WholeTest, AWordPieceDonorKeepsItsMarks) {
  const TokenizerSpec base = toy::WordPiece({"a"});
  const WholeCandidates out = AllCandidates(base, toy::WordPiece({"##a", "a", "b", "##b"}));
  EXPECT_THAT(WholeTestSpellings(out), ElementsAre("##a", "b", "##b"));
}

TEST(WholeTest, WordsBeforeAPieceInsideAWord) {
  EXPECT_THAT(WordBegins(toy::WordPiece({"a", "ab", "abc", "##x", "B"})),
              ElementsAre("abc", "ab", "a", "B"));
  EXPECT_THAT(WordBegins(toy::Unigram({{"a", -1}})), IsEmpty());
}

}  // namespace
}  // namespace tokgraft
