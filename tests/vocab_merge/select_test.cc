#include "vocab_merge/select.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "tests/vocab_merge/toy.h"
#include "tokenizer/tokenizer.h"
#include "vocab_merge/merge.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A toy pair with a text in which some words are frequent and most are not.
struct SelectToy {
  TokenizerSpec base;
  TokenizerSpec donor;
  std::vector<std::string> documents;
  std::vector<std::string_view> corpus;
};

SelectToy MakeSelectToy(unsigned seed, int pieces) {
  std::mt19937 random(seed);
  const std::vector<std::string> units = {"a", "b", "c", "d"};
  SelectToy toy;
  std::vector<std::string> words;
  for (int i = 0; i < 30; ++i) {
    std::string word;
    for (std::size_t n = 2 + random() % 6; n > 0; --n) word += units[random() % units.size()];
    words.push_back(word);
  }
  for (int i = 0; i < 120; ++i) {
    std::string text;
    for (int n = 0; n < 8; ++n) {
      const std::size_t rare = random() % words.size();
      text += words[random() % (rare + 1)];  // the first words are the most frequent
      text += ' ';
    }
    toy.documents.push_back(text);
  }
  toy.corpus.assign(toy.documents.begin(), toy.documents.end());
  // Like a trained vocabulary: parts of the words, each joined from two pieces that are there.
  std::vector<std::string> known = units;
  toy::Pairs merges;
  for (int i = 0; i < 40 * pieces && static_cast<int>(merges.size()) < pieces; ++i) {
    const std::string& word = words[random() % words.size()];
    const std::size_t at = random() % word.size();
    const std::string part = word.substr(at, 2 + random() % 4);
    if (std::find(known.begin(), known.end(), part) != known.end()) continue;
    for (std::size_t cut = 1; cut < part.size(); ++cut) {
      const std::string left = part.substr(0, cut);
      const std::string right = part.substr(cut);
      if (std::find(known.begin(), known.end(), left) == known.end()) continue;
      if (std::find(known.begin(), known.end(), right) == known.end()) continue;
      merges.emplace_back(left, right);
      known.push_back(part);
      break;
    }
  }
  toy.base = toy::ByteLevel({{"a", "b"}, {"c", "a"}});
  toy.donor = toy::ByteLevel(merges);
  return toy;
}

std::uint64_t SelectTestTokens(const TokenizerSpec& spec, const SelectToy& toy) {
  const StatusOr<Tokenizer> tokenizer = Compile(spec);
  std::uint64_t tokens = 0;
  for (const std::string& text : toy.documents) tokens += tokenizer->Count(text);
  return tokens;
}

// The base with these donor pieces, and what they need.
struct SelectTry {
  std::uint64_t ids = 0;
  std::uint64_t tokens = 0;
};
SelectTry TryPieces(const SelectToy& toy, const Alignment& alignment,
                    const std::vector<TokenId>& ids) {
  Selection selection;
  for (const TokenId id : ids) selection.pieces.push_back({.donor_id = id});
  const StatusOr<MergePlan> plan = PlanMerge(toy.base, toy.donor, alignment, selection);
  const StatusOr<TokenizerSpec> merged = Apply(toy.base, *plan);
  return {plan->id_map.added.size(), SelectTestTokens(*merged, toy)};
}

// One piece after another, the one that saves most per id; by trying all of them each time.
std::vector<std::uint64_t> GreedyTokens(const SelectToy& toy, std::uint64_t most_ids) {
  const StatusOr<Alignment> alignment = Align(toy.base, toy.donor);
  std::vector<TokenId> taken;
  SelectTry now{0, SelectTestTokens(toy.base, toy)};
  std::vector<std::uint64_t> tokens(most_ids + 1, now.tokens);  // by budget
  while (true) {
    TokenId best = 0;
    SelectTry best_try;
    double best_share = 0;
    for (const TokenId id : alignment->missing) {
      if (std::find(taken.begin(), taken.end(), id) != taken.end()) continue;
      taken.push_back(id);
      const SelectTry attempt = TryPieces(toy, *alignment, taken);
      taken.pop_back();
      if (attempt.ids > most_ids || attempt.ids <= now.ids || attempt.tokens >= now.tokens)
        continue;
      const double share = static_cast<double>(now.tokens - attempt.tokens) /
                           static_cast<double>(attempt.ids - now.ids);
      if (share <= best_share) continue;
      best = id;
      best_try = attempt;
      best_share = share;
    }
    if (best_share == 0) return tokens;
    taken.push_back(best);
    now = best_try;
    for (std::uint64_t budget = now.ids; budget <= most_ids; ++budget) tokens[budget] = now.tokens;
  }
}

TEST(SelectTest, FillsTheBudgetAndSavesAsMuchAsGreedySearch) {
  std::uint64_t saved_by_greed = 0;
  std::uint64_t saved_here = 0;
  for (unsigned seed = 1; seed < 3; ++seed) {
    const SelectToy toy = MakeSelectToy(seed, 16);
    const std::uint64_t before = SelectTestTokens(toy.base, toy);
    const std::vector<std::uint64_t> greedy = GreedyTokens(toy, 5);
    for (std::uint64_t budget = 0; budget <= 5; ++budget) {
      SCOPED_TRACE(testing::Message() << "seed " << seed << ", budget " << budget);
      const StatusOr<MergeResult> merged =
          MergeTokenizers(toy.base, toy.donor, {.budget = budget, .corpus = toy.corpus});
      ASSERT_TRUE(merged.ok()) << merged.status();
      EXPECT_EQ(merged->id_map.added.size(), budget);
      const std::uint64_t saved = before - SelectTestTokens(merged->tokenizer, toy);
      EXPECT_GE(static_cast<double>(saved), 0.9 * static_cast<double>(before - greedy[budget]));
      saved_by_greed += before - greedy[budget];
      saved_here += saved;
    }
  }
  EXPECT_GE(static_cast<double>(saved_here), 0.98 * static_cast<double>(saved_by_greed));
}

TEST(SelectTest, CreditsAPieceOnTheWayToAnother) {
  const TokenizerSpec base = toy::ByteLevel({});
  const TokenizerSpec donor = toy::ByteLevel({{"a", "b"}, {"x", "y"}, {"p", "q"}, {"pq", "r"}});
  const std::vector<std::string_view> corpus = {"pqr pqr pqr", "xy"};
  const StatusOr<Alignment> alignment = Align(base, donor);
  const StatusOr<Selection> selection = Select(base, donor, *alignment, {.corpus = corpus});
  ASSERT_TRUE(selection.ok()) << selection.status();
  EXPECT_THAT(selection->pieces, ElementsAre(SelectedPiece{.donor_id = 258, .tokens_saved = 3},
                                             SelectedPiece{.donor_id = 259, .tokens_saved = 3},
                                             SelectedPiece{.donor_id = 257, .tokens_saved = 1}));
  EXPECT_EQ(selection->corpus_tokens_base, 13U);
}

TEST(SelectTest, SavingsAddUpToWhatTheMergeSaves) {
  const SelectToy toy = MakeSelectToy(7, 60);
  const StatusOr<Alignment> alignment = Align(toy.base, toy.donor);
  const StatusOr<Selection> selection =
      Select(toy.base, toy.donor, *alignment, {.corpus = toy.corpus});
  ASSERT_TRUE(selection.ok()) << selection.status();
  std::uint64_t saved = 0;
  for (const SelectedPiece& piece : selection->pieces) {
    EXPECT_GT(piece.tokens_saved, 0U);
    saved += piece.tokens_saved;
  }
  EXPECT_EQ(selection->corpus_tokens_base, SelectTestTokens(toy.base, toy));
  const StatusOr<MergePlan> plan = PlanMerge(toy.base, toy.donor, *alignment, *selection);
  const StatusOr<TokenizerSpec> merged = Apply(toy.base, *plan);
  ASSERT_TRUE(merged.ok());
  EXPECT_EQ(selection->corpus_tokens_base - saved, SelectTestTokens(*merged, toy));
}

TEST(SelectTest, SharesAHelperPieceAmongThoseBuiltOnIt) {
  // Characters of three bytes; the first two, E4 B8, are no piece of the donor's.
  const TokenizerSpec base = toy::ByteLevel({});
  TokenizerSpec donor = toy::Metaspace({"\u4e00", "\u4e01", "\u4e03", "z"}, {{"z", "z"}});
  const std::vector<std::string_view> corpus = {"\u4e00\u4e01\u4e03 zz zz zz zz"};
  for (std::uint64_t budget = 1; budget <= 5; ++budget) {
    const StatusOr<MergeResult> merged =
        MergeTokenizers(base, donor, {.budget = budget, .corpus = corpus});
    ASSERT_TRUE(merged.ok()) << merged.status();
    // First zz; then, if there is room for both, the helper and a character; then one each.
    EXPECT_EQ(merged->id_map.added.size(), budget == 2 ? 1 : budget);
    const std::uint64_t saved = budget <= 2 ? 4 : 4 + 3 + (budget - 2);
    EXPECT_EQ(merged->certificate.base_tokens - merged->certificate.merged_tokens, saved);
  }
}

TEST(SelectTest, WithoutACorpusTheBudgetIsFilledInTheDonorsOrder) {
  const SelectToy toy = MakeSelectToy(3, 40);
  const StatusOr<MergeResult> all = MergeTokenizers(toy.base, toy.donor);
  ASSERT_TRUE(all.ok()) << all.status();
  for (std::uint64_t budget = 0; budget <= all->id_map.added.size() + 1; ++budget) {
    const StatusOr<MergeResult> merged = MergeTokenizers(toy.base, toy.donor, {.budget = budget});
    ASSERT_TRUE(merged.ok()) << merged.status();
    EXPECT_EQ(merged->id_map.added.size(),
              std::min<std::uint64_t>(budget, all->id_map.added.size()));
  }
}

TEST(SelectTest, ThreadsDoNotMatter) {
  const SelectToy toy = MakeSelectToy(5, 60);
  const StatusOr<Alignment> alignment = Align(toy.base, toy.donor);
  SelectOptions options{.budget = 9, .corpus = toy.corpus, .threads = 1};
  const StatusOr<Selection> one = Select(toy.base, toy.donor, *alignment, options);
  options.threads = 7;
  const StatusOr<Selection> seven = Select(toy.base, toy.donor, *alignment, options);
  ASSERT_TRUE(one.ok() && seven.ok());
  EXPECT_EQ(*one, *seven);
}

TEST(SelectTest, WhatSavesNothingIsLeftOut) {
  const TokenizerSpec base = toy::ByteLevel({});
  const TokenizerSpec donor = toy::ByteLevel({{"a", "b"}, {"x", "y"}});
  const std::vector<std::string_view> corpus = {"xyxyxy"};
  const StatusOr<Alignment> alignment = Align(base, donor);
  StatusOr<Selection> selection = Select(base, donor, *alignment, {.budget = 5, .corpus = corpus});
  ASSERT_TRUE(selection.ok());
  EXPECT_THAT(selection->pieces, ElementsAre(SelectedPiece{.donor_id = 257, .tokens_saved = 3}));
  selection = Select(base, donor, *alignment, {.budget = 0, .corpus = corpus});
  ASSERT_TRUE(selection.ok());
  EXPECT_THAT(selection->pieces, IsEmpty());
}

}  // namespace
}  // namespace tokgraft
