#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "vocab_merge/lint.h"

namespace tokgraft {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

LintReport ReportOfTwoFindings() {
  LintReport report;
  report.tokenizer = "toy.json";
  report.counts = {{"A5", 0}, {"B3", 6}, {"D1", 1}, {"D17", 0}, {"D5", 0}};
  report.findings = {{.code = "B3",
                      .severity = Severity::kWarning,
                      .count = 6,
                      .ids = {7, 9},
                      .message = "6 pieces are cut",
                      .action = "use their rows",
                      .place = "model.vocab[\"a.\"]",
                      .witness = "a.",
                      .examples = {{.id = 7, .place = "p7", .text = "t7", .witness = "w7"},
                                   {.id = 9, .text = "\xE4\xB8"},
                                   {.text = "t3"},
                                   {.text = "t4"},
                                   {.text = "t5"}}},
                     {.code = "D1",
                      .severity = Severity::kError,
                      .count = 1,
                      .message = "1 byte has no piece",
                      .action = "add it"}};
  report.not_checked = {{.codes = {"B9", "D4"}, .reason = "no corpus was given"}};
  report.ignored = {"A7"};
  return report;
}

TEST(LintReportTest, JsonHasEveryFieldAndIsUtf8) {
  LintReport report = ReportOfTwoFindings();
  report.findings[0].examples.resize(2);
  EXPECT_EQ(
      report.ToJson(),
      R"({"tokenizer":"toy.json","counts":{"A5":0,"B3":6,"D1":1,"D17":0,"D5":0},"findings":[)"
      R"({"code":"B3","severity":"warning","count":6,"ids":[7,9],"message":"6 pieces are cut",)"
      R"("action":"use their rows","place":"model.vocab[\"a.\"]","witness":"a.","examples":[)"
      R"({"id":7,"place":"p7","text":"t7","witness":"w7"},{"id":9,"place":null,"text":")"
      "\uFFFD"
      R"(","witness":null}]},{"code":"D1","severity":"error","count":1,"ids":[],)"
      R"("message":"1 byte has no piece","action":"add it","place":null,"witness":null,)"
      R"("examples":[]}],"not_checked":[{"codes":["B9","D4"],"reason":"no corpus was given"}],)"
      R"("ignored":["A7"]})"
      "\n");
}

TEST(LintReportTest, TheTextShowsFourExamplesAndWhatWasNotFound) {
  EXPECT_EQ(ReportOfTwoFindings().DebugString(),
            "toy.json: 1 error, 1 warning, 0 notes\n"
            "warning B3   6 pieces are cut\n"
            "               p7: t7\n"
            "               \uFFFD\n"
            "               t3\n"
            "               t4\n"
            "               and 2 more\n"
            "             -> use their rows\n"
            "error   D1   1 byte has no piece\n"
            "             -> add it\n"
            "looked for and not found: A5 D5 D17\n"
            "not checked: B9 D4 (no corpus was given)\n");
}

TEST(LintReportTest, SarifHasARuleForEachCodeFoundAndAResultForEachFinding) {
  LintReport report = ReportOfTwoFindings();
  report.findings.insert(report.findings.begin(), report.findings[0]);
  report.findings[0].severity = Severity::kNote;
  const auto run = nlohmann::json::parse(report.ToSarif())["runs"][0];
  const auto& rules = run["tool"]["driver"]["rules"];
  ASSERT_EQ(rules.size(), 2U);
  EXPECT_EQ(rules[0]["id"], "B3");
  EXPECT_EQ(rules[0]["shortDescription"]["text"], "cut by the pre-tokenizer");
  EXPECT_EQ(rules[0]["help"]["markdown"], *ExplainCode("B3"));
  EXPECT_EQ(rules[1]["id"], "D1");
  const auto& results = run["results"];
  ASSERT_EQ(results.size(), 3U);
  EXPECT_EQ(results[0]["level"], "note");
  EXPECT_EQ(results[1], nlohmann::json::parse(R"({
      "ruleId": "B3", "level": "warning",
      "message": {"text": "6 pieces are cut. use their rows."},
      "locations": [{"physicalLocation": {"artifactLocation": {"uri": "toy.json"}},
                     "logicalLocations": [{"fullyQualifiedName": "model.vocab[\"a.\"]"}]}],
      "properties": {"count": 6, "ids": [7, 9], "witness": "a."}})"));
  EXPECT_EQ(results[2]["level"], "error");
  EXPECT_FALSE(results[2]["locations"][0].contains("logicalLocations"));
  EXPECT_TRUE(results[2]["properties"]["witness"].is_null());
}

TEST(LintReportTest, NotesAreNoProblemsAndPiecesThatWereNotTriedAre) {
  LintReport report;
  report.findings = {{.code = "A5"}};
  report.not_checked = {{.codes = {"B9"}, .reason = "no corpus was given"}};
  EXPECT_FALSE(report.HasProblems());
  report.not_checked[0].codes = {"B1", "B2"};
  EXPECT_TRUE(report.HasProblems());
  report.not_checked.clear();
  report.findings[0].severity = Severity::kWarning;
  EXPECT_TRUE(report.HasProblems());
}

}  // namespace
}  // namespace tokgraft
