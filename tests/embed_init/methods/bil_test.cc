// bil: characters, not bytes, weigh output rows; input rows get the norm of their script.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "embed_init/methods/role_rows.h"
#include "tests/embed_init/made_input.h"

namespace tokgraft {
namespace {

using ::testing::DoubleEq;
using ::testing::ElementsAre;
using ::testing::Pair;

// Ids 0 to 3: "a", "bcd", the two bytes of "\u00e9", and the first of them alone.
Tokenizer Base() { return testing::ByteLevelTokenizer({"a", "bcd", "Ã©", "Ã", "©"}, "[]"); }

TEST(BilTest, OutputRowsWeighCharacters) {
  const Tokenizer base = Base();
  EXPECT_THAT(BilRow({{0, 1}, {1, 3}}, Role::kOutput, base),
              ElementsAre(Pair(0, DoubleEq(0.25)), Pair(1, DoubleEq(0.75))));
  EXPECT_THAT(BilRow({{0, 2}, {1, 2}}, Role::kOutput, base),
              ElementsAre(Pair(0, DoubleEq(0.5)), Pair(2, DoubleEq(0.5))));
  // A character in two pieces counts where it begins.
  EXPECT_THAT(BilRow({{3, 4}, {1, 1}}, Role::kOutput, base), ElementsAre(Pair(3, DoubleEq(1))));
  EXPECT_THAT(BilRow({{4, 4}, {1, 1}}, Role::kOutput, base),
              ElementsAre(Pair(4, DoubleEq(0.5)), Pair(4, DoubleEq(0.5))));
}

TEST(BilTest, InputRowsHaveTheMedianNormOfTheirScript) {
  const Tokenizer base = Base();
  testing::MadeInput made({3, 0, 0, 5, 4, 0, 9, 9, 1, 1}, 2);
  made.input.base = &base;
  made.input.tokens = {{.pieces = {{0, 1}, {1, 3}}, .bytes = "abcd"}};
  // Letters: "a" 3, "bcd" 5, "e" with accent 4: the median is 4.
  const MadeRows rows = *MakeRoleRows(Method::kBil, NormPolicy::kNone, made.input);
  const std::vector<float> numbers = NumbersOf(made.input, rows);
  EXPECT_NEAR(std::hypot(numbers[0], numbers[1]), 4, 1e-6);
  EXPECT_NEAR(numbers[1] / numbers[0], 5.0 / 3, 1e-6);
}

}  // namespace
}  // namespace tokgraft
