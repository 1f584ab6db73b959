#include "vocab_merge/extend/whole_worth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/vocab_merge/toy.h"
#include "tests/vocab_merge/toy_whole.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

std::vector<std::pair<std::size_t, std::uint64_t>> WorthOf(
    const TokenizerSpec& base, const std::vector<std::string>& texts,
    const std::vector<std::string_view>& corpus, std::optional<std::uint64_t> budget = {}) {
  std::vector<WholePiece> pieces;
  for (const std::string& text : texts) pieces.push_back(*SpellWhole(base, text, false));
  const StatusOr<WholeRanking> out =
      RankWhole(base, pieces, {.corpus = corpus, .budget = budget, .threads = 1});
  EXPECT_TRUE(out.ok()) << out.status();
  std::vector<std::pair<std::size_t, std::uint64_t>> ranked;
  for (const WholeRanking::Entry& entry : out->best_first) {
    ranked.emplace_back(entry.piece, entry.saved);
  }
  return ranked;
}

const TokenizerSpec& WorthBase() {
  static const auto& base =
      *new TokenizerSpec(toy::Unigram({{"a", -3}, {"b", -3}, {"c", -3}, {"d", -3}}));
  return base;
}

TEST(WholeWorthTest, SavedTokensAreCountedInTheCorpus) {
  EXPECT_THAT(WorthOf(WorthBase(), {"ab", "ccc", "dd"}, {"abdccc", "abdab"}),
              ElementsAre(Pair(0, 3), Pair(1, 2)));
  EXPECT_THAT(WorthOf(WorthBase(), {"ab"}, {"ba"}), IsEmpty());
}

TEST(WholeWorthTest, WithinABudgetTheWeakestGo) {
  EXPECT_THAT(WorthOf(WorthBase(), {"ab", "ccc", "dd"}, {"abccc", "ccc dd"}, 1),
              ElementsAre(Pair(1, 4), Pair(0, 1), Pair(2, 1)));
}

TEST(WholeWorthTest, AnUnknownTokenCountsItsBytes) {
  EXPECT_THAT(WorthOf(WorthBase(), {"\u4e2d"}, {"a\u4e2d"}), ElementsAre(Pair(0, 2)));
}

TEST(WholeWorthTest, TheBaseTokensAreThoseOfTheCorpus) {
  const std::vector<std::string_view> corpus = {"ab", "c"};
  EXPECT_EQ(RankWhole(WorthBase(), {}, {.corpus = corpus, .threads = 1})->base_tokens, 3U);
}

}  // namespace
}  // namespace tokgraft
