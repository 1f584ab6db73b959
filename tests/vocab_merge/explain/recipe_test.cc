#include "vocab_merge/explain/recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/vocab_merge/toy.h"
#include "tokenizer/tokenizer.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

// Base: "ab" 256, "abc" 257. Donor: "bc" 256, "ab" 257, "abd" 258.
TokenizerSpec RecipeBase() { return toy::ByteLevel({{"a", "b"}, {"ab", "c"}}); }
TokenizerSpec RecipeDonor() { return toy::ByteLevel({{"b", "c"}, {"a", "b"}, {"ab", "d"}}); }
constexpr TokenId kMissing[] = {256, 258};

TEST(RecipeTest, ConcatenatingRepeatsPairs) {
  const Cooked cooked = Cook(Recipe::kConcatenate, RecipeBase(), RecipeDonor(), kMissing);
  EXPECT_THAT(cooked.pieces, ElementsAre(Pair(258, "bc"), Pair(259, "abd")));
  EXPECT_THAT(std::get<BpeModel>(cooked.tokenizer.model).merges,
              ElementsAre(Merge{'a', 'b', 256}, Merge{256, 'c', 257}, Merge{'b', 'c', 258},
                          Merge{'a', 'b', 256}, Merge{256, 'd', 259}));
  EXPECT_EQ(SharedPairs(RecipeBase(), RecipeDonor()), 1U);
}

TEST(RecipeTest, AppendingAndPrependingTakeNewPairsOnly) {
  const Merge ab{'a', 'b', 256};
  const Merge abc{256, 'c', 257};
  const Merge bc{'b', 'c', 258};
  const Merge abd{256, 'd', 259};
  const auto merges = [](Recipe recipe) {
    const Cooked cooked = Cook(recipe, RecipeBase(), RecipeDonor(), kMissing);
    return std::get<BpeModel>(cooked.tokenizer.model).merges;
  };
  EXPECT_THAT(merges(Recipe::kAppend), ElementsAre(ab, abc, bc, abd));
  EXPECT_THAT(merges(Recipe::kPrepend), ElementsAre(bc, abd, ab, abc));
}

TEST(RecipeTest, OnlyWhatIsAskedForIsPutIn) {
  const Cooked cooked =
      Cook(Recipe::kAppend, RecipeBase(), RecipeDonor(), std::vector<TokenId>{258});
  EXPECT_THAT(cooked.pieces, ElementsAre(Pair(258, "abd")));
  EXPECT_THAT(std::get<BpeModel>(cooked.tokenizer.model).merges,
              ElementsAre(Merge{'a', 'b', 256}, Merge{256, 'c', 257}, Merge{256, 'd', 258}));
}

TEST(RecipeTest, AddedTokensAreRawSpellingsOrText) {
  const TokenizerSpec donor = toy::ByteLevel({{" ", "x"}, {"\xC3", "\xA9"}, {"\xE4", "\xB8"}});
  const std::vector<TokenId> missing = {256, 257, 258};
  const Cooked raw = Cook(Recipe::kRawAddedTokens, RecipeBase(), donor, missing);
  ASSERT_EQ(raw.tokenizer.added_tokens.size(), 2U);
  EXPECT_EQ(raw.tokenizer.added_tokens[0],
            (AddedToken{.id = 258, .content = "\u0120x", .normalized = true}));
  EXPECT_EQ(raw.tokenizer.added_tokens[1].content, "\u00C3\u00A9");
  EXPECT_THAT(raw.pieces, ElementsAre(Pair(258, " x"), Pair(259, "\u00E9")));
  const Cooked text = Cook(Recipe::kAddedTokens, RecipeBase(), donor, missing);
  ASSERT_EQ(text.tokenizer.added_tokens.size(), 2U);  // a fragment of a character is no text
  EXPECT_EQ(text.tokenizer.added_tokens[0].content, " x");
  EXPECT_TRUE(text.added_tokens);
}

TEST(RecipeTest, PiecesOfScoreZeroComeBeforeAllOthers) {
  TokenizerSpec base = toy::Metaspace({"a", "b"}, {{"a", "b"}});
  base.format = Format::kSentencePiece;
  toy::Bpe(&base).order = BpeModel::Order::kScore;
  EXPECT_THAT(RecipesFor(base, RecipeDonor()), ElementsAre(Recipe::kScoreZero));
  const Cooked cooked = Cook(Recipe::kScoreZero, base, RecipeDonor(), kMissing);
  EXPECT_THAT(cooked.pieces, ElementsAre(Pair(260, "bc"), Pair(261, "abd")));
  EXPECT_EQ(cooked.tokenizer.vocab.Get(260)->score, 0);
}

TEST(RecipeTest, WhichThereAreDependsOnBothModels) {
  EXPECT_THAT(RecipesFor(RecipeBase(), RecipeDonor()),
              ElementsAre(Recipe::kConcatenate, Recipe::kPrepend, Recipe::kAppend,
                          Recipe::kRawAddedTokens, Recipe::kAddedTokens));
  EXPECT_THAT(RecipesFor(RecipeBase(), toy::Ranks({"bc"})),
              ElementsAre(Recipe::kRawAddedTokens, Recipe::kAddedTokens));
  EXPECT_THAT(RecipesFor(toy::Ranks({"ab"}), RecipeDonor()), IsEmpty());
  EXPECT_EQ(SharedPairs(toy::Ranks({"ab"}), RecipeDonor()), 0U);
}

}  // namespace
}  // namespace tokgraft
