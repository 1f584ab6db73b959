#include "tokenizer/models/wordpiece.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/tokenizer/toy_spec.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;

TEST(WordPieceTest, TakesTheLongestPieceFromTheLeftAndGivesUpOnTheWholeWord) {
  const Tokenizer tokenizer =
      Compile(toy::Spec({{"[UNK]"}, {"un"}, {"una"}, {"##aff"}, {"##a"}, {"##ff"}, {"##able"}},
                        WordPieceModel{}))
          .value();
  EXPECT_THAT(toy::Tokens(tokenizer, "unaff"), ElementsAre("una", "##ff"));
  EXPECT_THAT(toy::Tokens(tokenizer, "unable"), ElementsAre("[UNK]"));  // una, then no ##ble
  EXPECT_THAT(toy::Tokens(tokenizer, "affun"), ElementsAre("[UNK]"));
  EXPECT_EQ(tokenizer.Encode("unaff").offsets, (std::vector<Span>{{0, 3}, {3, 5}}));
}

TEST(WordPieceTest, CountsCharactersNotBytes) {
  const Tokenizer tokenizer =
      Compile(toy::Spec({{"[UNK]"}, {"é"}, {"##é"}}, WordPieceModel{.max_input_chars_per_word = 3}))
          .value();
  EXPECT_THAT(toy::Tokens(tokenizer, "ééé"), ElementsAre("é", "##é", "##é"));
  EXPECT_THAT(toy::Tokens(tokenizer, "éééé"), ElementsAre("[UNK]"));
}

TEST(WordPieceTest, RefusesToGoWithoutAnUnknownPiece) {
  EXPECT_EQ(Compile(toy::Spec({{"a"}}, WordPieceModel{})).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tokgraft
