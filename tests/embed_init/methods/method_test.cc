// The table of methods: which rule a name stands for in each role, and the row it makes.
#include "embed_init/methods/method.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(MethodTest, AutoAndAsymmetricResolveByRole) {
  EXPECT_EQ(ResolveMethod(Method::kAuto, Role::kInput, true), Method::kMean);
  EXPECT_EQ(ResolveMethod(Method::kAuto, Role::kOutput, true), Method::kFirst);
  EXPECT_EQ(ResolveMethod(Method::kAuto, Role::kInput, false), Method::kMean);
  EXPECT_EQ(ResolveMethod(Method::kAuto, Role::kOutput, false), Method::kMean);
  // Asked for by name it stays, whatever the matrices: PlanInit refuses where that cannot be.
  EXPECT_EQ(ResolveMethod(Method::kAsymmetric, Role::kOutput, false), Method::kFirst);
  for (const Method method :
       {Method::kCopy, Method::kMean, Method::kWeighted, Method::kFirst, Method::kGaussian}) {
    EXPECT_EQ(ResolveMethod(method, Role::kInput, true), method);
    EXPECT_EQ(ResolveMethod(method, Role::kOutput, false), method);
  }
}

TEST(MethodTest, EachMethodMakesItsOwnRow) {
  const OldPieces pieces{{3, 5}, {1, 3}};
  EXPECT_THAT(MakeRow(Method::kMean, pieces, 8), ElementsAre(Pair(3, 0.5), Pair(5, 0.5)));
  EXPECT_THAT(MakeRow(Method::kWeighted, pieces, 8), ElementsAre(Pair(3, 0.25), Pair(5, 0.75)));
  EXPECT_THAT(MakeRow(Method::kFirst, pieces, 8), ElementsAre(Pair(3, 1.0)));
  EXPECT_THAT(MakeRow(Method::kGaussian, pieces, 8), ElementsAre(Pair(8, 1.0)));
  EXPECT_THAT(MakeRow(Method::kCopy, pieces, 8), ElementsAre(Pair(8, 1.0)));
}

TEST(MethodTest, NamesAreWhatTheUserTypes) {
  EXPECT_EQ(MethodName(Method::kAsymmetric), "asymmetric");
  EXPECT_EQ(MethodName(Method::kGaussian), "gaussian");
  EXPECT_EQ(TiePolicyName(TiePolicy::kKeepOutput), "keep-output");
  // Exactly: no other case, no prefix, not nothing.
  for (const char* name : {"Mean", "mea", "", "mean "}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseMethod(name).status())) << name;
  }
  EXPECT_EQ(Message(ParseTiePolicy("tied").status()),
            "tie: \"tied\" is not known; choose one of keep, keep-input, keep-output, untie");
}

}  // namespace
}  // namespace tokgraft
