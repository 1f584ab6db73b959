// first: the whole row of the first old piece, however many follow.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "embed_init/methods/method.h"

namespace tokgraft {
namespace {

TEST(FirstTest, IsTheFirstPieceAlone) {
  using ::testing::ElementsAre;
  using ::testing::Pair;
  EXPECT_THAT(FirstRow({{9, 4, 2}, {1, 6, 1}}), ElementsAre(Pair(9, 1.0)));
  EXPECT_THAT(FirstRow({{0}, {1}}), ElementsAre(Pair(0, 1.0)));
}

}  // namespace
}  // namespace tokgraft
