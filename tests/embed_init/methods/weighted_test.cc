// weighted: each piece by its share of the bytes of the token.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "embed_init/methods/method.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(WeightedTest, APieceWeighsItsShareOfTheBytes) {
  EXPECT_THAT(WeightedRow({{9, 4, 9}, {5, 1, 2}}),
              ElementsAre(Pair(9, 0.625), Pair(4, 0.125), Pair(9, 0.25)));
  EXPECT_THAT(WeightedRow({{3, 7}, {2, 1}}), ElementsAre(Pair(3, 2.0 / 3), Pair(7, 1.0 / 3)));
  // A piece that covers no byte (a marker) has no share beside one that does.
  EXPECT_THAT(WeightedRow({{3, 7}, {0, 4}}), ElementsAre(Pair(3, 0.0), Pair(7, 1.0)));
}

TEST(WeightedTest, WithoutAnyBytesItIsTheMean) {
  EXPECT_THAT(WeightedRow({{3, 7}, {0, 0}}), ElementsAre(Pair(3, 0.5), Pair(7, 0.5)));
}

}  // namespace
}  // namespace tokgraft
