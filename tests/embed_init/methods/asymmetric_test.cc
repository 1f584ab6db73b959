// asymmetric: what a token is read as is not what it is predicted by.
#include <gtest/gtest.h>

#include "embed_init/methods/method.h"

namespace tokgraft {
namespace {

TEST(AsymmetricTest, ReadsThePiecesAndPredictsTheFirst) {
  EXPECT_EQ(AsymmetricMethod(Role::kInput), Method::kMean);
  EXPECT_EQ(AsymmetricMethod(Role::kOutput), Method::kFirst);
}

}  // namespace
}  // namespace tokgraft
