// How a list of changes carries origins, entry by entry as the header says.
#include "tokenizer/stages/normalizers/transform.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/tokenizer/stages/normalizers/step_texts.h"

namespace tokgraft {
namespace {

AlignedText Transformed(std::string_view text, const std::vector<CharChange>& changes,
                        std::size_t removed = 0) {
  AlignedText aligned = step_texts::Aligned(text);
  Transform(changes, removed, &aligned);
  return aligned;
}

TEST(TransformTest, AReplacementTakesTheOriginOfItsCharacter) {
  const AlignedText t = Transformed("éb", {{U'x', 0}, {U'ü', 0}});
  EXPECT_EQ(t.text, "xü");
  EXPECT_EQ(t.origin, (std::vector<Span>{{0, 2}, {2, 3}, {2, 3}}));
  EXPECT_EQ(t.source, (Span{0, 3}));
}

TEST(TransformTest, AnAdditionSharesTheOriginOfTheByteBefore) {
  const AlignedText t = Transformed("éb", {{U'x', 0}, {U'y', 1}, {U'z', 0}, {U'!', 1}});
  EXPECT_EQ(t.text, "xyz!");
  EXPECT_EQ(t.origin, (std::vector<Span>{{0, 2}, {0, 2}, {2, 3}, {2, 3}}));
  // Before all text it stands for nothing.
  EXPECT_EQ(Transformed("a", {{U'x', 1}, {U'a', 0}}).origin, (std::vector<Span>{{0, 0}, {0, 1}}));
}

TEST(TransformTest, AReplacementOfSeveralSwallowsTheRest) {
  const AlignedText t = Transformed("aébc", {{U'x', -2}, {U'c', 0}});
  EXPECT_EQ(t.text, "xc");
  EXPECT_EQ(t.origin, (std::vector<Span>{{0, 1}, {4, 5}}));
  // More than there are: no further than the end.
  EXPECT_EQ(Transformed("ab", {{U'x', -9}}).origin, (std::vector<Span>{{0, 1}}));
}

TEST(TransformTest, CharactersRemovedFirstAreSkipped) {
  const AlignedText t = Transformed("éab", {{U'b', 0}}, 2);
  EXPECT_EQ(t.text, "b");
  EXPECT_EQ(t.origin, (std::vector<Span>{{3, 4}}));
  EXPECT_EQ(Transformed("ab", {}, 2).text, "");
}

TEST(TransformTest, EmptyTextMayGrow) {
  AlignedText empty;
  empty.source = {7, 9};
  Transform({{U'x', 1}}, 0, &empty);
  EXPECT_EQ(empty.text, "x");
  EXPECT_EQ(empty.origin, (std::vector<Span>{{7, 7}}));
}

TEST(TransformTest, AFilterKeepsOriginsOfWhatStays) {
  AlignedText text = step_texts::Aligned("aéb");
  FilterAligned([](char32_t c) { return c != 'a'; }, &text);
  EXPECT_EQ(text.text, "éb");
  EXPECT_EQ(text.origin, (std::vector<Span>{{1, 3}, {1, 3}, {3, 4}}));
  FilterAligned([](char32_t) { return false; }, &text);
  EXPECT_EQ(text.text, "");
  EXPECT_TRUE(text.origin.empty());
}

}  // namespace
}  // namespace tokgraft
