// auto: what is taken without a trial depends on the role and the number of matrices.
#include <gtest/gtest.h>

#include "embed_init/methods/method.h"

namespace tokgraft {
namespace {

TEST(AutoTest, OutputRowsOfTheirOwnAreHalved) {
  EXPECT_EQ(AutoMethod(Role::kInput, true), Method::kMean);
  EXPECT_EQ(AutoMethod(Role::kOutput, true), Method::kHalving);
  EXPECT_EQ(AutoMethod(Role::kInput, false), Method::kMean);
  EXPECT_EQ(AutoMethod(Role::kOutput, false), Method::kMean);
}

}  // namespace
}  // namespace tokgraft
