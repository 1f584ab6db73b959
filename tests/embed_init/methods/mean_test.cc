// mean: equal weights, one entry per occurrence of a piece.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "embed_init/methods/method.h"

namespace tokgraft {
namespace {

TEST(MeanTest, EveryPieceWeighsTheSame) {
  using ::testing::ElementsAre;
  using ::testing::Pair;
  EXPECT_THAT(MeanRow({{9, 4}, {7, 1}}), ElementsAre(Pair(9, 0.5), Pair(4, 0.5)));
  EXPECT_THAT(MeanRow({{6}, {3}}), ElementsAre(Pair(6, 1.0)));
  // Twice in the token, twice in the sum; the order is that of the text.
  EXPECT_THAT(MeanRow({{2, 8, 2, 5}, {1, 1, 1, 1}}),
              ElementsAre(Pair(2, 0.25), Pair(8, 0.25), Pair(2, 0.25), Pair(5, 0.25)));
}

}  // namespace
}  // namespace tokgraft
