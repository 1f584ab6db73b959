// auto: two rules where there are two matrices, one that serves both where there is one.
#include <gtest/gtest.h>

#include "embed_init/methods/method.h"

namespace tokgraft {
namespace {

TEST(AutoTest, TheNumberOfMatricesDecides) {
  EXPECT_EQ(AutoMethod(true), Method::kAsymmetric);
  EXPECT_EQ(AutoMethod(false), Method::kMean);
}

}  // namespace
}  // namespace tokgraft
