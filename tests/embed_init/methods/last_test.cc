// last: the last piece alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "embed_init/methods/method.h"

namespace tokgraft {
namespace {

TEST(LastTest, IsTheLastPiece) {
  EXPECT_THAT(LastRow({{9, 4, 7}, {1, 1, 1}}), ::testing::ElementsAre(::testing::Pair(7, 1.0)));
  EXPECT_THAT(LastRow({{6}, {1}}), ::testing::ElementsAre(::testing::Pair(6, 1.0)));
}

}  // namespace
}  // namespace tokgraft
