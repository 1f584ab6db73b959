// script: mean and covariance of the script's rows, the same for a seed and a row.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/embed_init/made_input.h"

namespace tokgraft {
namespace {

TEST(ScriptTest, RowsHaveTheMeanAndTheSpreadOfTheScript) {
  std::vector<std::string> tokens;
  std::vector<float> rows;
  for (int i = 0; i < 26; ++i) {
    tokens.push_back(std::string(1, static_cast<char>('a' + i)));
    rows.push_back(10 + static_cast<float>(i % 2));  // mean 10.5, deviation 0.5
  }
  tokens.push_back("åĽ½");  // one of Han
  rows.push_back(-5);
  const Tokenizer base = testing::ByteLevelTokenizer(tokens, "[]");
  testing::MadeInput made(rows, 1);
  made.input.base = &base;
  for (std::uint64_t i = 0; i < 2000; ++i) {
    made.input.tokens.push_back({.bytes = "word", .row = 100 + i});
  }
  made.input.tokens.push_back({.bytes = "国", .row = 7});
  made.input.tokens.push_back({.bytes = "ж", .row = 8});
  const MadeRows first = *MakeScriptRows(made.input);
  const std::vector<float> numbers = NumbersOf(made.input, first);
  double sum = 0;
  double square = 0;
  for (std::size_t i = 0; i < 2000; ++i) {
    sum += static_cast<double>(numbers[i]);
    square += (static_cast<double>(numbers[i]) - 10.5) * (static_cast<double>(numbers[i]) - 10.5);
  }
  EXPECT_NEAR(sum / 2000, 10.5, 0.05);
  EXPECT_NEAR(std::sqrt(square / 2000), 0.5, 0.05);
  EXPECT_EQ(numbers[2000], -5);  // one row has no spread
  EXPECT_EQ(first.origins[2001], RowOrigin::kMeanOfAll);
  EXPECT_EQ(MakeScriptRows(made.input)->dense, first.dense);
  made.options.seed = 1;
  EXPECT_NE(MakeScriptRows(made.input)->dense, first.dense);
}

}  // namespace
}  // namespace tokgraft
