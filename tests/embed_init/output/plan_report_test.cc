// What a plan alone tells: rows by origin under the name that the user asked for.
#include "embed_init/output/plan_report.h"

#include <gtest/gtest.h>

#include "tests/embed_init/random_model.h"

namespace tokgraft {
namespace {

using OriginCounts = std::map<std::string, std::uint64_t>;

Checkpoint ReportedModel(HeadKind kind) {
  Checkpoint model;
  model.directory = "M";
  model.embedding = {"embed", DType::kF32, 8, 4};
  model.head_kind = kind;
  if (kind == HeadKind::kSeparate) model.head = {"head", DType::kF32, 8, 4};
  return model;
}

// Eight old rows, two tokens with pieces, one without, rounded up to twelve.
InitReport ReportFor(HeadKind kind, const InitOptions& options) {
  const Checkpoint model = ReportedModel(kind);
  return ReportOfPlan(model, *PlanInit(model, testing::ExtendMap(8, 3),
                                       {{{1, 2}, {1, 1}}, {{3}, {1}}, {}}, options));
}

TEST(PlanReportTest, ATiedModelHasOneSetOfCounts) {
  const InitReport report = ReportFor(HeadKind::kTied, {.pad_to_multiple = 4});
  EXPECT_EQ(report.rows,
            (OriginCounts{{"copied", 8}, {"mean", 2}, {"mean_of_all", 1}, {"padding", 1}}));
  EXPECT_EQ(report.output_rows, OriginCounts());
  EXPECT_EQ(report.method, "auto (mean)");
  EXPECT_EQ(report.input, "mean");
  EXPECT_EQ(report.output, "mean");
  EXPECT_TRUE(report.tied);
  EXPECT_EQ(report.old_rows, 8u);
  EXPECT_EQ(report.new_rows, 12u);
}

TEST(PlanReportTest, AsymmetricRowsStandUnderOneName) {
  const InitReport report =
      ReportFor(HeadKind::kSeparate, {.method = Method::kAsymmetric, .pad_to_multiple = 1});
  const OriginCounts counts{{"asymmetric", 2}, {"copied", 8}, {"mean_of_all", 1}};
  EXPECT_EQ(report.rows, counts);
  EXPECT_EQ(report.output_rows, counts);
  EXPECT_EQ(report.method, "asymmetric");
  EXPECT_EQ(report.input, "mean");
  EXPECT_EQ(report.output, "first");
  EXPECT_FALSE(report.tied);
}

TEST(PlanReportTest, AutoNamesWhatItTookForEachMatrix) {
  const InitReport report = ReportFor(HeadKind::kSeparate, {.pad_to_multiple = 1});
  EXPECT_EQ(report.rows, (OriginCounts{{"copied", 8}, {"mean", 2}, {"mean_of_all", 1}}));
  EXPECT_EQ(report.output_rows, (OriginCounts{{"copied", 8}, {"halving", 2}, {"mean_of_all", 1}}));
  EXPECT_EQ(report.method, "auto (mean, halving)");
  EXPECT_EQ(report.input, "mean");
  EXPECT_EQ(report.output, "halving");
}

TEST(PlanReportTest, TwoMethodsOfTheUsersOwnStandUnderTheirs) {
  const InitReport report = ReportFor(HeadKind::kSeparate, {.method = Method::kAsymmetric,
                                                            .input_method = Method::kWeighted,
                                                            .output_method = Method::kGaussian,
                                                            .pad_to_multiple = 1});
  EXPECT_EQ(report.rows, (OriginCounts{{"copied", 8}, {"mean_of_all", 1}, {"weighted", 2}}));
  EXPECT_EQ(report.output_rows, (OriginCounts{{"copied", 8}, {"gaussian", 3}}));
  EXPECT_EQ(report.input, "weighted");
  EXPECT_EQ(report.output, "gaussian");
}

TEST(PlanReportTest, AnEncoderHasNoOutput) {
  const InitReport report = ReportFor(HeadKind::kNone, {.method = Method::kFirst});
  EXPECT_EQ(report.method, "first");
  EXPECT_EQ(report.output, "");
  EXPECT_EQ(report.output_rows, OriginCounts());
}

TEST(PlanReportTest, WarningsOfThePlanArePassedOn) {
  EXPECT_EQ(ReportFor(HeadKind::kTied, {.method = Method::kCopy}).warnings,
            (std::vector<std::string>{"method copy copies rows of old tokens only: the 3 new rows "
                                      "are the mean of all old rows; mean would start closer"}));
}

TEST(PlanReportTest, PaddingIsSaidLast) {
  EXPECT_EQ(OriginsText({{"copied", 49152}, {"padding", 48}, {"weighted", 8000}}),
            "49,152 copied, 8,000 weighted, 48 padding");
  EXPECT_EQ(OriginsText({{"copied", 8}, {"mean", 2}, {"mean_of_all", 1}, {"padding", 1}}),
            "8 copied, 2 mean, 1 mean_of_all, 1 padding (mean_of_all: the mean of all old rows)");
  EXPECT_EQ(OriginsText({{"padding", 1}}), "1 padding");
  EXPECT_EQ(OriginsText({}), "");
}

}  // namespace
}  // namespace tokgraft
