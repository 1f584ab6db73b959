// copy: one old row with weight one, or the column that stands for the mean of all.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "embed_init/methods/method.h"

namespace tokgraft {
namespace {

TEST(CopyTest, OneEntryOfWeightOne) {
  using ::testing::ElementsAre;
  using ::testing::Pair;
  EXPECT_THAT(CopiedRow(0), ElementsAre(Pair(0, 1.0)));
  EXPECT_THAT(CopiedRow(4000000000), ElementsAre(Pair(4000000000, 1.0)));
  EXPECT_THAT(MeanOfAllRow(151936), ElementsAre(Pair(151936, 1.0)));
}

}  // namespace
}  // namespace tokgraft
