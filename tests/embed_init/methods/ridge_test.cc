// ridge: a rule that the old tokens follow is found; without a rule it is refused or near the mean.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "tests/embed_init/made_input.h"

namespace tokgraft {
namespace {

constexpr std::size_t kColumns = 6;

// 26 letters and all pairs of them, each row 0.8 first + 0.4 last + a constant.
struct Rule {
  std::vector<std::string> tokens;
  std::string merges = "[";
  std::vector<float> rows = testing::RandomRows(26, kColumns, 3);

  float At(std::size_t row, std::size_t j) const { return rows[row * kColumns + j]; }
  float Made(std::size_t a, std::size_t b, std::size_t j) const {
    return 0.8F * At(a, j) + 0.4F * At(b, j) + 0.3F;
  }
  explicit Rule(std::size_t pairs) {
    for (std::size_t a = 0; a < 26; ++a)
      tokens.push_back(std::string(1, static_cast<char>('a' + a)));
    for (std::size_t i = 0; i < pairs; ++i) {
      const std::string left = tokens[i / 26];
      const std::string right = tokens[i % 26];
      tokens.push_back(left + right);
      merges += (i == 0 ? "[\"" : ",[\"") + left + "\",\"" + right + "\"]";
      for (std::size_t j = 0; j < kColumns; ++j) rows.push_back(Made(i / 26, i % 26, j));
    }
    merges += "]";
  }
};

TEST(RidgeTest, FindsTheRuleOfTheOldTokens) {
  const Rule rule(600);  // of 676 pairs; the others are new
  const Tokenizer base = testing::ByteLevelTokenizer(rule.tokens, rule.merges);
  testing::MadeInput made(rule.rows, kColumns);
  made.input.base = &base;
  for (std::uint32_t i = 600; i < 676; ++i) {
    made.input.tokens.push_back({.pieces = {{i / 26, i % 26}, {1, 1}}});
  }
  made.input.tokens.push_back({.pieces = {{5}, {1}}});
  made.input.tokens.push_back({});
  const StatusOr<MadeRows> rows = MakeRidgeRows(made.input);
  ASSERT_TRUE(rows.ok()) << Message(rows.status());
  for (std::size_t i = 0; i < 76; ++i) {
    for (std::size_t j = 0; j < kColumns; ++j) {
      EXPECT_NEAR(rows->dense.values[i * kColumns + j],
                  rule.Made((600 + i) / 26, (600 + i) % 26, j), 0.01);
    }
  }
  EXPECT_EQ(rows->origins[76], RowOrigin::kMeanOfPieces);
  EXPECT_EQ(rows->origins[77], RowOrigin::kMeanOfAll);
  ASSERT_EQ(rows->notes.size(), 1U);
  EXPECT_NE(rows->notes[0].find("learnt from 600 old tokens"), std::string::npos) << rows->notes[0];
  EXPECT_EQ(MakeRidgeRows(made.input)->dense, rows->dense);
  // Hidden rows are not learnt from: garbage in them changes nothing.
  const std::vector<float> before = rows->dense.values;
  made.input.hidden.assign(rule.tokens.size(), false);
  for (std::size_t row = 30; row < 100; ++row) {
    made.input.hidden[row] = true;
    for (std::size_t j = 0; j < kColumns; ++j) made.old[row * kColumns + j] = 1000;
  }
  const MadeRows hidden = *MakeRidgeRows(made.input);
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_NEAR(hidden.dense.values[i], before[i], 0.02);
  }
}

TEST(RidgeTest, RowsAreNearerToTheTruthThanTheMeanIs) {
  Rule rule(600);
  // Half of what a row is cannot be told from its pieces.
  std::mt19937 random(8);
  std::normal_distribution<float> normal(0, 1);
  for (std::size_t i = 26 * kColumns; i < rule.rows.size(); ++i) rule.rows[i] += normal(random);
  const Tokenizer base = testing::ByteLevelTokenizer(rule.tokens, rule.merges);
  testing::MadeInput made(rule.rows, kColumns);
  made.input.base = &base;
  made.input.hidden.assign(rule.tokens.size(), false);
  for (std::uint32_t i = 0; i < 600; i += 7) {
    made.input.hidden[26 + i] = true;
    made.input.tokens.push_back({.pieces = {{i / 26, i % 26}, {1, 1}}, .row = 26 + i});
  }
  const MadeRows rows = *MakeRidgeRows(made.input);
  double left = 0;
  double all = 0;
  for (std::size_t i = 0; i < made.input.tokens.size(); ++i) {
    for (std::size_t j = 0; j < kColumns; ++j) {
      const double truth = rule.At(static_cast<std::size_t>(made.input.tokens[i].row), j);
      left += std::pow(static_cast<double>(rows.dense.values[i * kColumns + j]) - truth, 2);
      all += std::pow(made.mean[j] - truth, 2);
    }
  }
  EXPECT_LT(left, 0.8 * all);
  EXPECT_GT(left, 0.3 * all);
}

TEST(RidgeTest, FewExamplesAreRefused) {
  const Rule rule(50);
  const Tokenizer base = testing::ByteLevelTokenizer(rule.tokens, rule.merges);
  testing::MadeInput made(rule.rows, kColumns);
  made.input.base = &base;
  const Status refused = MakeRidgeRows(made.input).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused));
  EXPECT_EQ(Message(refused),
            "method ridge: the model's tokenizer has 50 tokens that it could spell without them, "
            "100 were expected to learn from; choose mean");
}

}  // namespace
}  // namespace tokgraft
