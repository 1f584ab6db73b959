#include "vocab_merge/budget.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "tests/vocab_merge/toy.h"
#include "tokenizer/tokenizer.h"
#include "vocab_merge/merge.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;

const ModelCost kBudgetModel{8, 1000, 1000, 256, true};

// What the header says, from the sizes alone.
double CostByHeader(const ModelCost& model, double weight, std::uint64_t base_ids,
                    std::uint64_t base_tokens, const CurvePoint& point) {
  const auto d = static_cast<double>(model.hidden_size);
  const auto rows = static_cast<double>(std::max(model.rows, base_ids + point.ids));
  const auto old_rows = static_cast<double>(model.rows);
  const auto flops = [&](double r) { return static_cast<double>(model.active_parameters) + d * r; };
  const auto weights = [&](double r) {
    return static_cast<double>(model.body_parameters) + d * r * (model.tied ? 1 : 2);
  };
  const double compute = static_cast<double>(point.tokens) * flops(rows) /
                         (static_cast<double>(base_tokens) * flops(old_rows));
  return compute * std::pow(weights(rows) / weights(old_rows), weight);
}

TEST(BudgetTest, TheHalfThatDidNotChooseDecides) {
  const TokenizerSpec base = toy::ByteLevel({});
  const TokenizerSpec donor = toy::ByteLevel({{"a", "b"}, {"ab", "c"}, {"x", "y"}});
  // "xy" saves tokens only where it was chosen. Blank documents follow the one before.
  const std::vector<std::string_view> text = {"abc abc abc xy", "\n", "abc abc abc zz", " \n",
                                              "abc abc abc xy", "\n", "abc abc abc zz"};
  const StatusOr<BudgetChoice> choice =
      ChooseBudget(base, donor, {.model = kBudgetModel, .corpora = {{"t", text}}});
  ASSERT_TRUE(choice.ok()) << choice.status();
  EXPECT_EQ(choice->budget, 2U);
  EXPECT_FALSE(choice->reaches_end);
  EXPECT_TRUE(choice->curve.held_out);
  ASSERT_EQ(choice->curve.corpora.size(), 1U);
  EXPECT_EQ(choice->curve.corpora[0].documents, 3U);
  EXPECT_EQ(choice->curve.corpora[0].bytes, 30U);
  EXPECT_THAT(choice->curve.corpora[0].points, ElementsAre(CurvePoint{0, 30}, CurvePoint{1, 24},
                                                           CurvePoint{2, 18}, CurvePoint{3, 18}));
  ASSERT_EQ(choice->points.size(), 4U);
  EXPECT_EQ(choice->points[0], (BudgetPoint{0, 30, 1, 1, 1}));
  EXPECT_DOUBLE_EQ(choice->points[2].compute, 18.0 / 30 * 3064 / 3048);
  EXPECT_DOUBLE_EQ(choice->points[2].memory, 3064.0 / 3048);
  EXPECT_DOUBLE_EQ(choice->points[2].cost, 18.0 / 30 * std::pow(3064.0 / 3048, 2));
  EXPECT_DOUBLE_EQ(choice->last_saves, 1 - 18.0 / 24);
  EXPECT_NEAR(choice->last_costs, std::pow(3064.0 / 3056, 2) - 1, 1e-12);
  EXPECT_DOUBLE_EQ(choice->next_saves, 0);
  EXPECT_NEAR(choice->next_costs, std::pow(3072.0 / 3064, 2) - 1, 1e-12);
}

TEST(BudgetTest, RowsOfPaddingAreFreeAndUntiedOnesCountTwice) {
  const CurvePoint base{0, 100};
  const CurvePoint point{40, 50};
  ModelCost padded = kBudgetModel;
  padded.rows = 296;  // of 256 ids
  EXPECT_EQ(CostOf(padded, 1, 256, base, point), (BudgetPoint{40, 50, 0.5, 1, 0.5}));
  ModelCost untied = kBudgetModel;
  untied.tied = false;
  const BudgetPoint at = CostOf(untied, 1, 256, base, point);
  EXPECT_DOUBLE_EQ(at.compute, 0.5 * (1000 + 8.0 * 296) / (1000 + 8.0 * 256));
  EXPECT_DOUBLE_EQ(at.memory, (1000 + 16.0 * 296) / (1000 + 16.0 * 256));
  EXPECT_DOUBLE_EQ(at.cost, at.compute * at.memory);
  EXPECT_DOUBLE_EQ(CostOf(untied, 0, 256, base, point).cost, at.compute);
  EXPECT_DOUBLE_EQ(CostOf(untied, 2, 256, base, point).cost, at.compute * at.memory * at.memory);
}

// Many words, the first ones frequent; the donor has all of them.
struct BudgetToy {
  TokenizerSpec base = toy::ByteLevel({});
  TokenizerSpec donor;
  std::vector<std::string> documents;
  std::vector<std::string_view> corpus;
};
BudgetToy MakeBudgetToy(unsigned seed) {
  std::mt19937 random(seed);
  BudgetToy toy;
  toy::Pairs merges;
  std::vector<std::string> words;
  for (char a = 'a'; a < 'i'; ++a) {
    for (char b = 'a'; b < 'i'; ++b) {
      merges.emplace_back(std::string(1, a), std::string(1, b));
      words.push_back(merges.back().first + merges.back().second);
    }
  }
  std::shuffle(words.begin(), words.end(), random);
  for (int i = 0; i < 60; ++i) {
    std::string text;
    for (int n = 0; n < 6; ++n) {
      const std::size_t rare = random() % words.size();
      text += " " + words[random() % (random() % (rare + 1) + 1)];
    }
    toy.documents.push_back(text);
  }
  toy.corpus.assign(toy.documents.begin(), toy.documents.end());
  toy.donor = toy::ByteLevel(merges);
  return toy;
}

TEST(BudgetTest, NoSizeOfTheCurveCostsLess) {
  int interior = 0;
  for (unsigned seed = 1; seed <= 6; ++seed) {
    const BudgetToy toy = MakeBudgetToy(seed);
    for (const std::uint64_t body : {1ULL, 3000ULL, 1000000ULL}) {
      for (const double weight : {0.0, 1.0, 3.0}) {
        for (const bool tied : {false, true}) {
          SCOPED_TRACE(testing::Message() << "seed " << seed << ", body " << body << ", weight "
                                          << weight << ", tied " << tied);
          const ModelCost model{8, body, body, 256, tied};
          const StatusOr<BudgetChoice> choice = ChooseBudget(
              toy.base, toy.donor,
              {.model = model, .memory_weight = weight, .corpora = {{"t", toy.corpus}}});
          ASSERT_TRUE(choice.ok()) << choice.status();
          const std::vector<CurvePoint>& points = choice->curve.corpora[0].points;
          ASSERT_EQ(choice->points.size(), points.size());
          double least = std::numeric_limits<double>::infinity();
          std::uint64_t best = 0;
          for (std::size_t i = 0; i < points.size(); ++i) {
            const double cost = CostByHeader(model, weight, 256, points[0].tokens, points[i]);
            EXPECT_NEAR(choice->points[i].cost, cost, 1e-12);
            if (cost < least) best = points[i].ids;
            least = std::min(least, cost);
          }
          EXPECT_EQ(choice->budget, best);
          EXPECT_EQ(choice->reaches_end, best == points.back().ids);
          interior += best > 0 && best < points.back().ids ? 1 : 0;
        }
      }
    }
  }
  EXPECT_GT(interior, 20);
}

TEST(BudgetTest, ThePointsAreCountsOfMerges) {
  const BudgetToy toy = MakeBudgetToy(7);
  const StatusOr<BudgetChoice> choice =
      ChooseBudget(toy.base, toy.donor, {.model = kBudgetModel, .corpora = {{"t", toy.corpus}}});
  ASSERT_TRUE(choice.ok()) << choice.status();
  std::vector<std::string_view> choose;
  std::vector<std::string_view> measure;
  for (std::size_t i = 0; i < toy.corpus.size(); ++i) {
    (i % 2 == 0 ? choose : measure).push_back(toy.corpus[i]);
  }
  const StatusOr<Alignment> alignment = Align(toy.base, toy.donor);
  const StatusOr<Selection> selection = Select(toy.base, toy.donor, *alignment, {.corpus = choose});
  for (const CurvePoint& point : choice->curve.corpora[0].points) {
    Selection cut = *selection;
    cut.pieces.resize(point.ids);  // no piece of two bytes needs a helper
    const StatusOr<MergePlan> plan = PlanMerge(toy.base, toy.donor, *alignment, cut);
    const StatusOr<Tokenizer> tokenizer = Compile(*Apply(toy.base, *plan));
    std::uint64_t tokens = 0;
    for (const std::string_view text : measure) tokens += tokenizer->Count(text);
    EXPECT_EQ(plan->id_map.added.size(), point.ids);
    EXPECT_EQ(tokens, point.tokens);
  }
}

TEST(BudgetTest, ALargerModelTakesAsManyPiecesOrMore) {
  const BudgetToy toy = MakeBudgetToy(3);
  std::uint64_t last = 0;
  for (const std::uint64_t body : {1ULL, 500ULL, 2000ULL, 10000ULL, 100000ULL, 1000000ULL}) {
    const StatusOr<BudgetChoice> choice = ChooseBudget(
        toy.base, toy.donor,
        {.model = {8, body, body, 256, true}, .memory_weight = 2, .corpora = {{"t", toy.corpus}}});
    ASSERT_TRUE(choice.ok()) << choice.status();
    EXPECT_GE(choice->budget, last) << body;
    last = choice->budget;
  }
  EXPECT_GT(last, 0U);
}

TEST(BudgetTest, WhereNothingHelpsNothingIsAdded) {
  const TokenizerSpec base = toy::ByteLevel({});
  const TokenizerSpec donor = toy::ByteLevel({{"q", "q"}});
  const StatusOr<BudgetChoice> choice =
      ChooseBudget(base, donor, {.model = kBudgetModel, .corpora = {{"t", {"ab", "ab"}}}});
  ASSERT_TRUE(choice.ok()) << choice.status();
  EXPECT_EQ(choice->budget, 0U);
  EXPECT_TRUE(choice->reaches_end);
  EXPECT_NEAR(choice->next_costs, std::pow(3056.0 / 3048, 2) - 1, 1e-12);
}

TEST(BudgetTest, AListSetsTheOrder) {
  const TokenizerSpec base = toy::ByteLevel({});
  const TokenizerSpec donor = toy::ByteLevel({{"a", "b"}, {"x", "y"}});
  const StatusOr<BudgetChoice> choice =
      ChooseBudget(base, donor,
                   {.model = kBudgetModel,
                    .corpora = {{"t", {"ab ab xy", "ab ab xy"}}},
                    .merge = {.pieces = {{"xy", "w:1"}, {"ab", "w:2"}}}});
  ASSERT_TRUE(choice.ok()) << choice.status();
  EXPECT_THAT(choice->curve.corpora[0].points,
              ElementsAre(CurvePoint{0, 8}, CurvePoint{1, 7}, CurvePoint{2, 5}));
}

TEST(BudgetTest, WhatItNeedsIsSaid) {
  const TokenizerSpec base = toy::ByteLevel({});
  const TokenizerSpec donor = toy::ByteLevel({{"a", "b"}});
  const auto error = [&](const BudgetOptions& options) {
    const Status status = ChooseBudget(base, donor, options).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(Message(status));
  };
  const std::vector<CurveCorpus> corpora = {{"t", {"ab", "ab"}}};
  EXPECT_EQ(error({.model = kBudgetModel}),
            "budget: \"auto\": no corpus was given, text to weigh pieces on was expected; give "
            "--corpus NAME=PATH (in Python corpora)");
  EXPECT_EQ(error({.model = kBudgetModel, .corpora = {{"t", {"ab", "\n", " "}}}}),
            "budget: \"auto\": the corpus \"t\" has 1 document with text, two or more were "
            "expected since every second one measures what the others chose; give more text, or "
            "take lines as documents");
  EXPECT_EQ(error({.model = kBudgetModel, .memory_weight = -1, .corpora = corpora}),
            "memory weight: is -1, a number that is 0 or more was expected; 1 weighs memory like "
            "compute");
  EXPECT_EQ(error({.model = {8, 1000, 1000, 255, true}, .corpora = corpora}),
            "budget: \"auto\": the model has 255 rows, 256 or more were expected, one for each id "
            "of toy; give the config.json of the model that uses this tokenizer");
  EXPECT_EQ(
      error({.model = kBudgetModel, .corpora = corpora, .merge = {.strategy = "replace-slots"}}),
      "budget: \"auto\": the strategy is \"replace-slots\", \"extend\" was expected, which "
      "alone adds as many rows as pieces; give a number, or leave the budget out");
}

}  // namespace
}  // namespace tokgraft
