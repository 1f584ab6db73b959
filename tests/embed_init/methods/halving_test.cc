// halving: weights 1, 1/2, 1/4, ... over their sum, from the end that the role looks at.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "embed_init/methods/method.h"

namespace tokgraft {
namespace {

using ::testing::DoubleEq;
using ::testing::ElementsAre;
using ::testing::Pair;

TEST(HalvingTest, EachPieceWeighsHalfOfTheOneBefore) {
  const OldPieces pieces{{9, 4, 7}, {1, 1, 1}};
  EXPECT_THAT(HalvingRow(pieces, Role::kOutput),
              ElementsAre(Pair(9, DoubleEq(4.0 / 7)), Pair(4, DoubleEq(2.0 / 7)),
                          Pair(7, DoubleEq(1.0 / 7))));
  EXPECT_THAT(HalvingRow(pieces, Role::kInput),
              ElementsAre(Pair(9, DoubleEq(1.0 / 7)), Pair(4, DoubleEq(2.0 / 7)),
                          Pair(7, DoubleEq(4.0 / 7))));
  EXPECT_THAT(HalvingRow({{5}, {1}}, Role::kInput), ElementsAre(Pair(5, 1.0)));
}

TEST(HalvingTest, WeightsSumToOneHoweverManyThereAre) {
  OldPieces pieces{std::vector<TokenId>(5000, 3), std::vector<std::uint32_t>(5000, 1)};
  for (const Role role : {Role::kInput, Role::kOutput}) {
    double sum = 0;
    for (const auto& [piece, weight] : HalvingRow(pieces, role)) sum += weight;
    EXPECT_NEAR(sum, 1, 1e-12);
  }
}

}  // namespace
}  // namespace tokgraft
