// The splitters that look at one character at a time, each alone.
#include <gtest/gtest.h>

#include <memory>
#include <string_view>
#include <vector>

#include "tokenizer/stages/pre_tokenizers/step.h"

namespace tokgraft {
namespace {

using CharacterPieces = std::vector<std::string_view>;

CharacterPieces SplitBy(const std::unique_ptr<const Splitter>& splitter, std::string_view text) {
  SplitBuffers buffers;
  CharacterPieces pieces;
  splitter->Split(text, &buffers, &pieces);
  return pieces;
}

TEST(CharacterSplittersTest, NoSplitterMakesAPieceOfNothing) {
  for (const auto& splitter :
       {MakeBertSplitter().release(), MakeWhitespaceSplitter().release(),
        MakeWhitespaceSplitSplitter().release(), MakeDigitsSplitter(true).release(),
        MakeUnicodeScriptsSplitter().release(), MakeFixedLengthSplitter(1).release(),
        MakeCharDelimiterSplitter('-').release(), MakeMetaspaceSplitter("▁").release()}) {
    EXPECT_EQ(SplitBy(std::unique_ptr<const Splitter>(splitter), ""), CharacterPieces{});
  }
}

TEST(CharacterSplittersTest, BertCutsPunctuationAloneAndDropsSpaces) {
  EXPECT_EQ(SplitBy(MakeBertSplitter(), " don't  stop!? "),
            (CharacterPieces{"don", "'", "t", "stop", "!", "?"}));
  EXPECT_EQ(SplitBy(MakeBertSplitter(), "中$。"), (CharacterPieces{"中", "$", "。"}));
  EXPECT_EQ(SplitBy(MakeBertSplitter(), " \u3000\n"), CharacterPieces{});
}

TEST(CharacterSplittersTest, WhitespaceKeepsRunsOfWordsAndOfOthers) {
  EXPECT_EQ(SplitBy(MakeWhitespaceSplitter(), "a_1 -- b!?é"),
            (CharacterPieces{"a_1", "--", "b", "!?", "é"}));
  EXPECT_EQ(SplitBy(MakeWhitespaceSplitSplitter(), "a_1 -- b!?\u00A0c"),
            (CharacterPieces{"a_1", "--", "b!?", "c"}));
}

TEST(CharacterSplittersTest, DigitsAloneOrTogether) {
  EXPECT_EQ(SplitBy(MakeDigitsSplitter(true), "a12½"), (CharacterPieces{"a", "1", "2", "½"}));
  EXPECT_EQ(SplitBy(MakeDigitsSplitter(false), "a12½b"), (CharacterPieces{"a", "12½", "b"}));
}

TEST(CharacterSplittersTest, ADelimiterIsDropped) {
  EXPECT_EQ(SplitBy(MakeCharDelimiterSplitter(U'é'), "éaéébé"), (CharacterPieces{"a", "b"}));
}

TEST(CharacterSplittersTest, ScriptsPartAndSpacesFollowWhatIsBefore) {
  EXPECT_EQ(SplitBy(MakeUnicodeScriptsSplitter(), "ab жг"), (CharacterPieces{"ab ", "жг"}));
  EXPECT_EQ(SplitBy(MakeUnicodeScriptsSplitter(), "中の字a"), (CharacterPieces{"中の字", "a"}));
  // With nothing before them they are dropped.
  EXPECT_EQ(SplitBy(MakeUnicodeScriptsSplitter(), "  a"), CharacterPieces{"a"});
  EXPECT_EQ(SplitBy(MakeUnicodeScriptsSplitter(), "   "), CharacterPieces{});
}

TEST(CharacterSplittersTest, FixedLengthCountsCharacters) {
  EXPECT_EQ(SplitBy(MakeFixedLengthSplitter(2), "aé中bc"), (CharacterPieces{"aé", "中b", "c"}));
  EXPECT_EQ(SplitBy(MakeFixedLengthSplitter(5), "ab"), CharacterPieces{"ab"});
  EXPECT_EQ(SplitBy(MakeFixedLengthSplitter(~std::uint64_t{0}), "ab"), CharacterPieces{"ab"});
}

TEST(CharacterSplittersTest, MetaspaceCutsBeforeEachMark) {
  EXPECT_EQ(SplitBy(MakeMetaspaceSplitter("▁"), "▁a▁▁b"), (CharacterPieces{"▁a", "▁", "▁b"}));
  EXPECT_EQ(SplitBy(MakeMetaspaceSplitter("▁"), "ab▁"), (CharacterPieces{"ab", "▁"}));
}

TEST(CharacterSplittersTest, PunctuationTakesAnyBehavior) {
  using pre_tokenizer::SplitBehavior;
  EXPECT_EQ(SplitBy(MakePunctuationSplitter(SplitBehavior::kContiguous), "a!?b"),
            (CharacterPieces{"a", "!?", "b"}));
  EXPECT_EQ(SplitBy(MakePunctuationSplitter(SplitBehavior::kRemoved), "a!?b"),
            (CharacterPieces{"a", "b"}));
}

}  // namespace
}  // namespace tokgraft
