// Rows as a plan may hold them: sound, scaled, averaged.
#include "embed_init/methods/role_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/embed_init/made_input.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

TEST(RoleRowsTest, NoRowIsZeroOrNoNumberUnlessAskedFor) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  testing::MadeInput made({1, 2, -1, -2, nan, 0, 3, 3}, 2);
  made.input.tokens = {
      {.pieces = {{0, 1}, {1, 1}}}, {.pieces = {{0, 2}, {1, 1}}}, {.pieces = {{0, 3}, {1, 1}}}};
  const MadeRows rows = *MakeRoleRows(Method::kMean, NormPolicy::kNone, made.input);
  EXPECT_THAT(rows.origins,
              ElementsAre(RowOrigin::kMeanOfAll, RowOrigin::kMeanOfAll, RowOrigin::kMethod));
  EXPECT_THAT(rows.entries[0], ElementsAre(Pair(4, 1.0)));
  EXPECT_THAT(rows.entries[2], ElementsAre(Pair(0, 0.5), Pair(3, 0.5)));
  ASSERT_EQ(rows.notes.size(), 1U);
  EXPECT_THAT(rows.notes[0], HasSubstr("2 rows would have been zero"));
  const MadeRows zero = *MakeRoleRows(Method::kZero, NormPolicy::kPieces, made.input);
  EXPECT_THAT(NumbersOf(made.input, zero), ElementsAre(0, 0, 0, 0, 0, 0));
}

TEST(RoleRowsTest, NormsAreThoseOfThePiecesOrTheScript) {
  testing::MadeInput made({3, 0, 0, 5, 1, 1}, 2);
  const Tokenizer base = testing::ByteLevelTokenizer({"a", "b", "1"}, "[]");
  made.input.base = &base;
  made.input.tokens = {{.pieces = {{0, 1}, {1, 1}}, .bytes = "ab"}};
  const auto norm = [&](NormPolicy policy) {
    const std::vector<float> row =
        NumbersOf(made.input, *MakeRoleRows(Method::kMean, policy, made.input));
    return std::hypot(row[0], row[1]);
  };
  EXPECT_NEAR(norm(NormPolicy::kNone), std::hypot(1.5, 2.5), 1e-6);
  EXPECT_NEAR(norm(NormPolicy::kPieces), 4, 1e-6);
  EXPECT_NEAR(norm(NormPolicy::kScript), 5, 1e-6);  // upper of 3 and 5
}

TEST(RoleRowsTest, WhatAMethodNeedsIsAskedForByName) {
  testing::MadeInput made(testing::RandomRows(5, 2, 1), 2);
  made.input.tokens = {{.pieces = {{0, 1}, {1, 1}}}};
  const auto refusal = [&](Method method, NormPolicy norm = NormPolicy::kNone) {
    return std::string(Message(MakeRoleRows(method, norm, made.input).status()));
  };
  EXPECT_THAT(refusal(Method::kOmp), HasSubstr("method omp, norm none: needs a donor model"));
  EXPECT_THAT(refusal(Method::kRidge), HasSubstr("needs the model's tokenizer"));
  EXPECT_THAT(refusal(Method::kMean, NormPolicy::kScript), HasSubstr("the model's tokenizer"));
  EXPECT_EQ(refusal(Method::kMean), "");
  made.input.old.data = nullptr;
  EXPECT_THAT(refusal(Method::kMean, NormPolicy::kPieces), HasSubstr("the model's weights"));
}

TEST(RoleRowsTest, AnAverageHasBothHalves) {
  MadeRows a;
  a.Add(RowOrigin::kMethod, {{1, 0.5}, {2, 0.5}});
  a.AddDense(std::vector<float>{2, 4});
  a.Add(RowOrigin::kMeanOfAll, {{9, 1}});
  MadeRows b;
  b.Add(RowOrigin::kMethod, {{2, 1}});
  b.Add(RowOrigin::kMethod, {{3, 1}});
  b.Add(RowOrigin::kMeanOfAll, {{9, 1}});
  const MadeRows both = AverageOf(a, b);
  EXPECT_THAT(both.entries[0], ElementsAre(Pair(1, 0.25), Pair(2, 0.75)));
  EXPECT_THAT(both.entries[1], ElementsAre(Pair(3, 0.5)));
  EXPECT_THAT(both.dense.rows, ElementsAre(1));
  EXPECT_THAT(both.dense.values, ElementsAre(1, 2));
  EXPECT_THAT(both.entries[2], ElementsAre(Pair(9, 1)));
  EXPECT_EQ(both.origins[2], RowOrigin::kMeanOfAll);
}

}  // namespace
}  // namespace tokgraft
