// Split by a literal, a regex, or a regex known by heart: the pieces must not depend on which.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/stages/pre_tokenizers/step.h"

namespace tokgraft {
namespace {

using PatternPieces = std::vector<std::string_view>;
using pre_tokenizer::SplitBehavior;

PatternPieces PatternSplit(const pre_tokenizer::Split& split, std::string_view text) {
  const auto splitter = MakePatternSplitter(split, Reference::kHuggingFace).value();
  SplitBuffers buffers;
  PatternPieces pieces;
  splitter->Split(text, &buffers, &pieces);
  PatternPieces again;
  splitter->Split(text, &buffers, &again);  // what the buffers hold does not matter
  EXPECT_EQ(pieces, again);
  return pieces;
}
pre_tokenizer::Split SplitAt(std::string pattern, bool is_regex, SplitBehavior behavior,
                             bool invert = false) {
  return {.pattern = {.text = std::move(pattern), .is_regex = is_regex},
          .behavior = behavior,
          .invert = invert};
}

TEST(PatternSplitTest, ALiteralIsNoRegex) {
  EXPECT_EQ(PatternSplit(SplitAt(".", false, SplitBehavior::kIsolated), "a.b"),
            (PatternPieces{"a", ".", "b"}));
  EXPECT_EQ(PatternSplit(SplitAt("aa", false, SplitBehavior::kIsolated), "aaaba"),
            (PatternPieces{"aa", "aba"}));
  EXPECT_EQ(PatternSplit(SplitAt("é", false, SplitBehavior::kRemoved), "éaé"), PatternPieces{"a"});
  EXPECT_EQ(PatternSplit(SplitAt("x", false, SplitBehavior::kRemoved), ""), PatternPieces{});
}

TEST(PatternSplitTest, InvertedTheGapsAreTheMatches) {
  EXPECT_EQ(PatternSplit(SplitAt("[0-9]+", true, SplitBehavior::kRemoved, true), "a12b3"),
            (PatternPieces{"12", "3"}));
  EXPECT_EQ(PatternSplit(SplitAt("[0-9]+", true, SplitBehavior::kMergedWithNext, true), "a12b3"),
            (PatternPieces{"a12", "b3"}));
}

TEST(PatternSplitTest, TheEmptyPatternMatchesBetweenAllCharacters) {
  EXPECT_EQ(PatternSplit(SplitAt("", false, SplitBehavior::kIsolated), "aéb"),
            (PatternPieces{"a", "é", "b"}));
  EXPECT_EQ(PatternSplit(SplitAt("", false, SplitBehavior::kIsolated), ""), PatternPieces{});
}

TEST(PatternSplitTest, AScannerGivesWhatItsRegexGives) {
  const std::string gpt2(Gpt2Regex());
  const std::string_view text = "Don't  stop 12!\n";
  const PatternPieces expected = {"Don", "'t", " ", " stop", " 12", "!", "\n"};
  EXPECT_EQ(PatternSplit(SplitAt(gpt2, true, SplitBehavior::kIsolated), text), expected);
  EXPECT_EQ(PatternSplit(SplitAt(gpt2, true, SplitBehavior::kRemoved, true), text), expected);
  // Its matches are neighbours: contiguous they are one piece, removed they are none.
  EXPECT_EQ(PatternSplit(SplitAt(gpt2, true, SplitBehavior::kContiguous), text),
            PatternPieces{text});
  EXPECT_EQ(PatternSplit(SplitAt(gpt2, true, SplitBehavior::kRemoved), text), PatternPieces{});
  // A group around it is another spelling, which the regex engine runs.
  EXPECT_EQ(PatternSplit(SplitAt("(?:" + gpt2 + ")", true, SplitBehavior::kIsolated), text),
            expected);
}

TEST(PatternSplitTest, OnlyAScannerReadsBytesThatAreNoText) {
  const auto takes = [](const pre_tokenizer::Split& split) {
    return MakePatternSplitter(split, Reference::kHuggingFace).value()->takes_any_bytes();
  };
  EXPECT_TRUE(takes(SplitAt(std::string(Gpt2Regex()), true, SplitBehavior::kIsolated)));
  EXPECT_FALSE(takes(SplitAt("a", true, SplitBehavior::kIsolated)));
  EXPECT_FALSE(takes(SplitAt("a", false, SplitBehavior::kIsolated)));
}

TEST(PatternSplitTest, ABrokenRegexIsRefused) {
  EXPECT_EQ(Message(MakePatternSplitter(SplitAt("[", true, SplitBehavior::kIsolated),
                                        Reference::kHuggingFace)
                        .status()),
            "regex \"[\": regex byte 1: [ without ], expected a regex; correct the pattern");
}

}  // namespace
}  // namespace tokgraft
