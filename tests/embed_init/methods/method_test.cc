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
  EXPECT_EQ(ResolveMethod(Method::kAuto, Role::kOutput, true), Method::kHalving);
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
  InitOptions options;
  MethodInput input;
  input.options = &options;
  input.old.rows = 8;
  input.tokens = {{.pieces = {{3, 5}, {1, 3}}}};
  const auto row = [&](Method method, Role role = Role::kInput) {
    input.role = role;
    return MakeRows(method, input)->entries[0];
  };
  EXPECT_THAT(row(Method::kMean), ElementsAre(Pair(3, 0.5), Pair(5, 0.5)));
  EXPECT_THAT(row(Method::kWeighted), ElementsAre(Pair(3, 0.25), Pair(5, 0.75)));
  EXPECT_THAT(row(Method::kFirst), ElementsAre(Pair(3, 1.0)));
  EXPECT_THAT(row(Method::kLast), ElementsAre(Pair(5, 1.0)));
  EXPECT_GT(row(Method::kHalving)[1].second, 0.5);
  EXPECT_GT(row(Method::kHalving, Role::kOutput)[0].second, 0.5);
  EXPECT_GT(row(Method::kSoftmax)[1].second, 0.5);
  EXPECT_GT(row(Method::kSoftmax, Role::kOutput)[0].second, 0.5);
  EXPECT_THAT(row(Method::kMergeOrder), ElementsAre(Pair(3, 0.5), Pair(5, 0.5)));
  EXPECT_THAT(row(Method::kGaussian), ElementsAre(Pair(8, 1.0)));
  EXPECT_THAT(row(Method::kHewitt), ElementsAre(Pair(8, 1.0)));
  EXPECT_EQ(MakeRows(Method::kHewitt, input)->noise, 1);
  EXPECT_THAT(row(Method::kCopy), ElementsAre(Pair(8, 1.0)));
  EXPECT_THAT(row(Method::kZero), ElementsAre());
  EXPECT_FALSE(MakeRows(Method::kAuto, input).ok());
}

TEST(MethodTest, NamesAreWhatTheUserTypes) {
  EXPECT_EQ(MethodName(Method::kAsymmetric), "asymmetric");
  EXPECT_EQ(MethodName(Method::kGaussian), "gaussian");
  EXPECT_EQ(TiePolicyName(TiePolicy::kKeepOutput), "keep-output");
  // Exactly: no other case, no prefix, not nothing.
  for (const char* name : {"Mean", "mea", "", "mean "}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseMethod(name).status())) << name;
  }
  EXPECT_EQ(
      Message(ParseTiePolicy("tied").status()),
      "tie: \"tied\" is not known; choose one of keep, keep-input, keep-output, compromise, untie");
}

}  // namespace
}  // namespace tokgraft
