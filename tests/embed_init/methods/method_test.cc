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

TEST(MethodTest, FilesOfVectorsAreAskedForByTheirOptions) {
  const auto message = [](const InitOptions& options) {
    return std::string(Message(CheckAuxiliary(options)));
  };
  for (const Method method : {Method::kFocus, Method::kTokenAdapt}) {
    const std::string wanted =
        "method " + std::string(MethodName(method)) +
        ": needs vectors of tokens, none were given; give a file of them, vectors (--vectors), or "
        "text to train them on, vector_text (--vector-text)";
    EXPECT_EQ(message({.method = method}), wanted);
    EXPECT_EQ(message({.output_method = method}), wanted);
    EXPECT_EQ(message({.method = method, .auxiliary = {.vectors = "v"}}), "");
    EXPECT_EQ(message({.method = method, .auxiliary = {.vector_text = "t"}}), "");
  }
  EXPECT_EQ(message({.method = Method::kTokAlign, .auxiliary = {.vectors = "v"}}),
            "method tokalign: trains vectors under both tokenizers, text to train on was expected; "
            "give vector_text (--vector-text)");
  EXPECT_EQ(message({.method = Method::kTokAlign, .auxiliary = {.vector_text = "t"}}), "");
  EXPECT_EQ(message({.auxiliary = {.vectors = "v", .vector_text = "t"}}),
            "vectors: v was given, and text to train on, t, too, one was expected; leave out "
            "vectors (--vectors) or vector_text (--vector-text)");
  // Rows of the caller's need none.
  const std::vector<float> rows(4);
  EXPECT_EQ(message({.input_method = Method::kFocus, .given = {.input = rows}}), "");
  EXPECT_EQ(message({.method = Method::kClp}), "");
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
