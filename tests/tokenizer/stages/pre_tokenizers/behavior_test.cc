// The five behaviors on cuts alone: at the ends of the text, on runs of matches, on empty matches.
#include "tokenizer/stages/pre_tokenizers/behavior.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tokgraft {
namespace {

using pre_tokenizer::SplitBehavior;
using CutPieces = std::vector<std::string_view>;

// Each - of the text is a match.
CutPieces Behaved(std::string_view text, SplitBehavior behavior) {
  std::vector<Cut> cuts;
  CutCharacters(
      text, [](char32_t c) { return c == '-'; }, &cuts);
  CutPieces pieces = {"before"};
  ApplyBehavior(text, behavior, &cuts, &pieces);
  EXPECT_TRUE(cuts.empty());
  EXPECT_EQ(pieces[0], "before");
  pieces.erase(pieces.begin());
  return pieces;
}

TEST(BehaviorTest, CutsCoverTheText) {
  std::vector<Cut> cuts;
  CutCharacters(
      "é-a", [](char32_t c) { return c == U'é' || c == '-'; }, &cuts);
  ASSERT_EQ(cuts.size(), 3U);
  EXPECT_EQ(cuts[0].end, 2U);
  EXPECT_TRUE(cuts[1].is_match);
  EXPECT_FALSE(cuts[2].is_match);
  EXPECT_EQ(cuts[2].end, 4U);
  cuts.clear();
  CutCharacters(
      "", [](char32_t) { return true; }, &cuts);
  EXPECT_TRUE(cuts.empty());
}

TEST(BehaviorTest, NothingGivesNothing) {
  for (const SplitBehavior behavior :
       {SplitBehavior::kRemoved, SplitBehavior::kIsolated, SplitBehavior::kMergedWithPrevious,
        SplitBehavior::kMergedWithNext, SplitBehavior::kContiguous}) {
    EXPECT_EQ(Behaved("", behavior), CutPieces{});
    EXPECT_EQ(Behaved("ab", behavior), CutPieces{"ab"});
  }
}

TEST(BehaviorTest, MatchesAtBothEndsAndInRuns) {
  const std::string_view text = "--a-b--";
  EXPECT_EQ(Behaved(text, SplitBehavior::kRemoved), (CutPieces{"a", "b"}));
  EXPECT_EQ(Behaved(text, SplitBehavior::kIsolated),
            (CutPieces{"-", "-", "a", "-", "b", "-", "-"}));
  // A match joins the piece before it, unless that is a match too.
  EXPECT_EQ(Behaved(text, SplitBehavior::kMergedWithPrevious),
            (CutPieces{"-", "-", "a-", "b-", "-"}));
  EXPECT_EQ(Behaved(text, SplitBehavior::kMergedWithNext), (CutPieces{"-", "-a", "-b", "-", "-"}));
  EXPECT_EQ(Behaved(text, SplitBehavior::kContiguous), (CutPieces{"--", "a", "-", "b", "--"}));
}

TEST(BehaviorTest, OnlyMatches) {
  EXPECT_EQ(Behaved("---", SplitBehavior::kRemoved), CutPieces{});
  EXPECT_EQ(Behaved("---", SplitBehavior::kMergedWithPrevious), (CutPieces{"-", "-", "-"}));
  EXPECT_EQ(Behaved("---", SplitBehavior::kContiguous), CutPieces{"---"});
}

TEST(BehaviorTest, AnEmptyMatchPartsButIsNoPiece) {
  const std::string_view text = "ab";
  std::vector<Cut> cuts = {{0, 1, false}, {1, 1, true}, {1, 2, false}};
  CutPieces pieces;
  ApplyBehavior(text, SplitBehavior::kIsolated, &cuts, &pieces);
  EXPECT_EQ(pieces, (CutPieces{"a", "b"}));
}

}  // namespace
}  // namespace tokgraft
