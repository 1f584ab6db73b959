// The origins of rows as JSON: runs are one entry, weights come back bit for bit, and a text that
// tells of a row twice, not at all or impossibly is refused with its place.
#include "embed_init/output/row_origins.h"

#include <gtest/gtest.h>

#include <limits>

namespace tokgraft {
namespace {

InitPlan OriginPlan(Method method) {
  InitPlan plan;
  plan.old_rows = 10;
  plan.input.method = method;
  return plan;
}

// What is left of a plan when its rows are read from a text.
InitPlan WithoutRows(const InitPlan& plan) {
  InitPlan bare = plan;
  const auto without = [](const RolePlan& role) {
    RolePlan empty;
    empty.method = role.method;
    empty.noise = role.noise;
    return empty;
  };
  bare.input = without(plan.input);
  if (plan.output) bare.output = without(*plan.output);
  return bare;
}

TEST(RowOriginsTest, RunsAreOneEntry) {
  InitPlan plan = OriginPlan(Method::kWeighted);
  for (const std::uint32_t old : {0U, 1U, 2U, 7U, 8U, 8U}) {
    plan.input.AddRow(RowOrigin::kCopied, {{old, 1}});
  }
  plan.input.AddRow(RowOrigin::kMethod, {{3, 0.5}, {4, 0.5}});
  plan.input.AddRow(RowOrigin::kMethod, {{3, 0.25}, {3, 0.75}});
  for (int i = 0; i < 2; ++i) plan.input.AddRow(RowOrigin::kMeanOfAll, {{10, 1}});
  for (int i = 0; i < 3; ++i) plan.input.AddRow(RowOrigin::kPadding, {{10, 1}});
  plan.new_rows = plan.input.rows();
  const std::string json = RowOriginsToJson(plan);
  EXPECT_EQ(json, R"({"input":[
{"rows":[0,3],"copied_from":0},
{"rows":[3,5],"copied_from":7},
{"rows":[5,6],"copied_from":8},
{"row":6,"method":"weighted","pieces":[3,4]},
{"row":7,"method":"weighted","pieces":[3,3],"weights":[0.25,0.75]},
{"rows":[8,10],"method":"mean_of_all"},
{"rows":[10,13],"method":"padding"}],
"output":null}
)");
  InitPlan read = WithoutRows(plan);
  ASSERT_EQ(Message(ParseRowOrigins(json, "r", &read)), "");
  EXPECT_EQ(read, plan);
}

TEST(RowOriginsTest, WeightsComeBackBitForBit) {
  InitPlan plan = OriginPlan(Method::kWeighted);
  plan.input.AddRow(RowOrigin::kMethod, {{1, 1.0 / 3}, {2, 2.0 / 3}});
  plan.input.AddRow(RowOrigin::kMethod, {{1, 0.1 + 0.2}, {2, -1e-300}, {3, 5e-324}});
  plan.input.AddRow(RowOrigin::kMethod, {{1, 1 + std::numeric_limits<double>::epsilon()}});
  plan.new_rows = 3;
  InitPlan read = WithoutRows(plan);
  ASSERT_EQ(Message(ParseRowOrigins(RowOriginsToJson(plan), "r", &read)), "");
  EXPECT_EQ(read, plan);
}

TEST(RowOriginsTest, BothRolesAndNoiseAreKept) {
  InitPlan plan = OriginPlan(Method::kGaussian);
  plan.new_rows = 3;
  plan.input.noise = 0.5;
  for (int i = 0; i < 3; ++i) plan.input.AddRow(RowOrigin::kMethod, {{10, 1}});
  RolePlan& output = plan.output.emplace();
  output.method = Method::kFirst;
  for (const std::uint32_t old : {4U, 4U, 2U}) output.AddRow(RowOrigin::kMethod, {{old, 1}});
  const std::string json = RowOriginsToJson(plan);
  EXPECT_EQ(json, R"({"input":[
{"rows":[0,3],"method":"gaussian"}],
"output":[
{"row":0,"method":"first","pieces":[4]},
{"row":1,"method":"first","pieces":[4]},
{"row":2,"method":"first","pieces":[2]}]}
)");
  InitPlan read = WithoutRows(plan);
  ASSERT_EQ(Message(ParseRowOrigins(json, "r", &read)), "");
  EXPECT_EQ(read, plan);
}

TEST(RowOriginsTest, ContradictionsAreRefusedWithTheirPlace) {
  const auto error = [](const std::string& rows, const std::string& output = "null") {
    InitPlan plan = OriginPlan(Method::kMean);
    plan.new_rows = 4;
    return std::string(Message(
        ParseRowOrigins("{\"input\":[" + rows + "],\"output\":" + output + "}", "r.json", &plan)));
  };
  const std::string range = "r.json: input[0].rows: is not a range of rows";
  const std::string two = R"({"rows":[0,2],"copied_from":0},)";
  EXPECT_EQ(error(two + R"({"rows":[2,3],"method":"padding"})"),
            "r.json: input: tells of 3 rows, 4 were expected; restore the file");
  EXPECT_EQ(error(two + R"({"rows":[1,4],"method":"padding"})"),
            "r.json: input[1].rows: tells of row 1, row 2 was expected");
  EXPECT_EQ(error(two + R"({"rows":[3,4],"method":"padding"})"),
            "r.json: input[1].rows: tells of row 3, row 2 was expected");
  EXPECT_EQ(error(R"({"rows":[2,2],"copied_from":0})"), range);
  EXPECT_EQ(error(R"({"rows":[0,5],"copied_from":0})"), range);
  EXPECT_EQ(error(R"({"rows":[0,4],"copied_from":7})"),
            "r.json: input[0].copied_from: runs beyond the old rows");
  EXPECT_EQ(error(R"({"rows":[0,4],"copied_from":18446744073709551615})"),
            "r.json: input[0].copied_from: runs beyond the old rows");
  EXPECT_EQ(error(R"({"rows":[0,4],"method":"mean"})"),
            "r.json: input[0].method: \"mean\" needs the pieces of each row");
  EXPECT_EQ(error(R"({"rows":[0,4],"method":"gaussian"})"),
            "r.json: input[0].method: \"gaussian\" needs the pieces of each row");
  EXPECT_EQ(
      error(R"({"row":0,"method":"first","pieces":[1]})"),
      "r.json: input[0].method: is \"first\", \"mean\" was expected, the method of this matrix");
  EXPECT_EQ(error(R"({"row":0,"method":"mean","pieces":[]})"),
            "r.json: input[0].pieces: is empty, a piece was expected");
  EXPECT_EQ(error(R"({"row":0,"method":"mean","pieces":[11]})"),
            "r.json: input[0].pieces[0]: is beyond the old rows");
  EXPECT_EQ(error(R"({"row":0,"method":"mean","pieces":[1,2],"weights":[1]})"),
            "r.json: input[0].weights: does not have one weight per piece");
  EXPECT_EQ(error(R"({"rows":[0,4],"copied_from":0})", "[]"),
            "r.json: output: does not fit the roles of the manifest; restore the file");
}

}  // namespace
}  // namespace tokgraft
