// A trial on hidden tokens finds the rule that made the rows, and looks at no hidden row.
#include "embed_init/methods/rehearsal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "tests/embed_init/made_input.h"

namespace tokgraft {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::Field;
using ::testing::Gt;
using ::testing::Not;

constexpr std::size_t kWide = 12;

// 26 letters and all pairs of them; the row of a pair is a first + b last + noise.
struct Pairs {
  std::vector<std::string> tokens;
  std::string merges = "[";
  std::vector<float> rows = testing::RandomRows(26, kWide, 3);

  Pairs(float a, float b, float noise) {
    const std::vector<float> off = testing::RandomRows(676, kWide, 4);
    for (std::size_t letter = 0; letter < 26; ++letter) {
      tokens.push_back(std::string(1, static_cast<char>('a' + letter)));
    }
    for (std::size_t i = 0; i < 676; ++i) {
      tokens.push_back(tokens[i / 26] + tokens[i % 26]);
      merges += (i == 0 ? "[\"" : ",[\"") + tokens[i / 26] + "\",\"" + tokens[i % 26] + "\"]";
      for (std::size_t j = 0; j < kWide; ++j) {
        rows.push_back(a * rows[i / 26 * kWide + j] + b * rows[i % 26 * kWide + j] +
                       noise * off[i * kWide + j]);
      }
    }
    merges += "]";
  }
};

AutoReport Try(const Pairs& pairs, Role role, bool serves_both, Method fallback) {
  const Tokenizer base = testing::ByteLevelTokenizer(pairs.tokens, pairs.merges);
  testing::MadeInput made(pairs.rows, kWide);
  made.input.base = &base;
  made.input.role = role;
  const StatusOr<AutoReport> report = Rehearse(made.input, serves_both, fallback);
  EXPECT_TRUE(report.ok()) << Message(report.status());
  return *report;
}

TEST(RehearsalTest, TheRuleOfTheRowsWins) {
  const AutoReport first = Try(Pairs(1, 0, 0.1F), Role::kInput, false, Method::kMean);
  EXPECT_EQ(first.chosen, "first");
  EXPECT_EQ(first.otherwise, "mean");
  EXPECT_EQ(first.role, "input");
  EXPECT_GT(first.lead, 2 * first.lead_error);
  EXPECT_GT(first.tokens, 50U);
  EXPECT_EQ(Try(Pairs(0, 1, 0.1F), Role::kInput, false, Method::kMean).chosen, "last");
  EXPECT_EQ(Try(Pairs(0.5F, 0.5F, 0.1F), Role::kOutput, true, Method::kFirst).chosen, "mean");
}

TEST(RehearsalTest, OutputRowsAreHalvingsUnlessADonorSaysMore) {
  EXPECT_THAT(RehearsedMethods(Role::kOutput, false, false),
              ::testing::ElementsAre(Method::kHalving));
  EXPECT_THAT(RehearsedMethods(Role::kOutput, false, true), Contains(Method::kOmp));
  EXPECT_THAT(RehearsedMethods(Role::kOutput, false, true), Not(Contains(Method::kMean)));
  EXPECT_THAT(RehearsedMethods(Role::kInput, false, true), Not(Contains(Method::kRidge)));
  EXPECT_THAT(RehearsedMethods(Role::kInput, true, false), Not(Contains(Method::kHalving)));
}

TEST(RehearsalTest, WithoutAWinnerTheUsualMethodStays) {
  const AutoReport report = Try(Pairs(0, 0, 1), Role::kInput, false, Method::kHalving);
  const auto left = [&](std::string_view method) {
    return std::find_if(report.scores.begin(), report.scores.end(),
                        [&](const AutoScore& score) { return score.method == method; })
        ->left;
  };
  // Rows that have nothing to do with their pieces: every sum is worse than the mean of all.
  EXPECT_THAT(report.scores, Each(Field(&AutoScore::left, Gt(1.0))));
  EXPECT_TRUE(report.chosen == "halving" || left("halving") - left(report.chosen) > 0.01);
  // Every other sum of two equal pieces that is as near is no better.
  const AutoReport same = Try(Pairs(1, 0, 0), Role::kInput, false, Method::kFirst);
  EXPECT_EQ(same.chosen, "first");
  EXPECT_NE(same.otherwise, "first");
  EXPECT_GE(same.lead, 0);
}

TEST(RehearsalTest, ScoresAreThoseOfPlainLoops) {
  const Pairs pairs(0.7F, 0.2F, 0.5F);
  const Tokenizer base = testing::ByteLevelTokenizer(pairs.tokens, pairs.merges);
  testing::MadeInput made(pairs.rows, kWide);
  made.input.base = &base;
  const HiddenTokens hidden = HideOwnTokens(made.input, 2000);
  double left = 0;
  double all = 0;
  for (std::size_t i = 0; i < hidden.tokens.size(); ++i) {
    const auto row = static_cast<std::size_t>(hidden.tokens[i].row);
    const std::size_t a = (row - 26) / 26;
    const std::size_t b = (row - 26) % 26;
    for (std::size_t j = 0; j < kWide; ++j) {
      const auto at = [&](std::size_t r) { return static_cast<double>(pairs.rows[r * kWide + j]); };
      left += hidden.weights[i] * std::pow((at(a) + at(b)) / 2 - at(row), 2);
      all += hidden.weights[i] * std::pow(made.mean[j] - at(row), 2);
    }
  }
  const AutoReport report = *Rehearse(made.input, false, Method::kMean);
  for (const AutoScore& score : report.scores) {
    if (score.method == "mean") {
      EXPECT_NEAR(score.left, left / all, 1e-5);
    }
  }
}

TEST(RehearsalTest, HiddenTokensArePiecesOfNoHiddenOne) {
  const Pairs pairs(1, 0, 0.1F);
  const Tokenizer base = testing::ByteLevelTokenizer(pairs.tokens, pairs.merges);
  testing::MadeInput made(pairs.rows, kWide);
  made.input.base = &base;
  const HiddenTokens hidden = HideOwnTokens(made.input, 100);
  EXPECT_EQ(hidden.tokens.size(), 100U);
  std::set<std::uint64_t> rows;
  for (const WantedToken& token : hidden.tokens) rows.insert(token.row);
  EXPECT_EQ(rows.size(), 100U);
  for (const WantedToken& token : hidden.tokens) {
    for (const TokenId id : token.pieces.ids) EXPECT_FALSE(rows.contains(id));
  }
  EXPECT_TRUE(std::is_sorted(hidden.weights.rbegin(), hidden.weights.rend()));
}

TEST(RehearsalTest, TooFewTokensToHideIsNoError) {
  const Tokenizer base = testing::ByteLevelTokenizer({"a", "b", "ab"}, R"(["a b"])");
  testing::MadeInput made(testing::RandomRows(3, 4, 1), 4);
  made.input.base = &base;
  const AutoReport report = *Rehearse(made.input, true, Method::kMean);
  EXPECT_EQ(report.chosen, "mean");
  EXPECT_EQ(report.tokens, 0U);
  EXPECT_TRUE(report.scores.empty());
}

}  // namespace
}  // namespace tokgraft
