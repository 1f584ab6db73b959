// InitReport for machines and for people, word by word.
#include "embed_init/report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace tokgraft {
namespace {

InitReport UntiedReport() {
  InitReport report;
  report.rows = {{"copied", 49152}, {"mean", 2}, {"padding", 1}};
  report.output_rows = {{"copied", 49152}, {"first", 3}};
  report.method = "auto (asymmetric)";
  report.input = "mean";
  report.output = "first";
  report.old_rows = 49152;
  report.new_rows = 49155;
  report.norms["embed"] = {.old_rows = 1.5, .new_rows = 0.98765};
  report.written_bytes = 10;
  report.copied_bytes = 20;
  report.files = {{"config.json", "written"}};
  report.left_out = {"old.bin (weights of the old vocabulary)"};
  report.automatic = {{.role = "output",
                       .tokens = 1500,
                       .chosen = "first",
                       .otherwise = "halving",
                       .lead = 0.25,
                       .lead_error = 0.0625,
                       .scores = {{"halving", 1, 0.25, 2}, {"first", 0.75, 0.5, 1}}},
                      {.role = "both", .chosen = "mean", .otherwise = "mean"}};
  report.warnings = {"look"};
  report.seconds = 0.5;
  return report;
}

TEST(ReportTest, JsonHasEveryField) {
  EXPECT_EQ(nlohmann::json::parse(UntiedReport().ToJson()), nlohmann::json::parse(R"json({
    "rows": {"copied": 49152, "mean": 2, "padding": 1},
    "output_rows": {"copied": 49152, "first": 3},
    "method": "auto (asymmetric)", "input": "mean", "output": "first", "tied": false,
    "old_rows": 49152, "new_rows": 49155,
    "norms": {"embed": {"old_rows": 1.5, "new_rows": 0.98765}},
    "written_bytes": 10, "copied_bytes": 20, "files": {"config.json": "written"},
    "left_out": ["old.bin (weights of the old vocabulary)"],
    "automatic": [
      {"role": "output", "hidden_tokens": 1500, "chosen": "first", "otherwise": "halving",
       "lead": 0.25, "lead_error": 0.0625, "scores": [
         {"method": "halving", "left": 1.0, "cosine": 0.25, "seconds": 2.0},
         {"method": "first", "left": 0.75, "cosine": 0.5, "seconds": 1.0}]},
      {"role": "both", "hidden_tokens": 0, "chosen": "mean", "otherwise": "mean", "lead": 0.0,
       "lead_error": 0.0, "scores": []}],
    "notes": [], "warnings": ["look"],
    "seconds": 0.5})json"));
}

TEST(ReportTest, JsonHasEmptyObjectsNotNulls) {
  const nlohmann::json json = nlohmann::json::parse(InitReport().ToJson());
  EXPECT_EQ(json["norms"].dump() + json["rows"].dump() + json["warnings"].dump(), "{}{}[]");
}

// A file name of another encoding must not make the report unreadable.
TEST(ReportTest, JsonIsValidWhateverTheNames) {
  InitReport report;
  report.warnings = {"caf\xE9"};
  EXPECT_EQ(nlohmann::json::parse(report.ToJson())["warnings"][0], "caf\uFFFD");
}

TEST(ReportTest, PeopleReadTwoRoles) {
  EXPECT_EQ(UntiedReport().DebugString(),
            "rows 49,152 -> 49,155, method auto (asymmetric)\n"
            "  input (mean): 49,152 copied, 2 mean, 1 padding\n"
            "  output (first): 49,152 copied, 3 first\n"
            "  norm of embed: old rows 1.500, new rows 0.988\n"
            "  left out: old.bin (weights of the old vocabulary)\n"
            "  auto takes first for output rows: of 1,500 hidden old tokens it leaves 75.0 % of "
            "the squares, halving 100.0 % (25.0 ± 6.2)\n"
            "  auto takes mean: too few old tokens could be hidden to compare methods\n"
            "  warning: look\n");
}

TEST(ReportTest, PeopleReadOneMatrixOnce) {
  InitReport report;
  report.rows = {{"copied", 8}, {"mean", 1}};
  report.method = report.input = report.output = "mean";
  report.old_rows = 8;
  report.new_rows = 9;
  report.tied = true;
  EXPECT_EQ(report.DebugString(),
            "rows 8 -> 9, method mean\n"
            "  input and output, one matrix (mean): 8 copied, 1 mean\n");
  // An encoder has no output at all.
  report.tied = false;
  report.output = "";
  EXPECT_EQ(report.DebugString(), "rows 8 -> 9, method mean\n  input (mean): 8 copied, 1 mean\n");
}

}  // namespace
}  // namespace tokgraft
