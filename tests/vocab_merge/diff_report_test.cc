#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "vocab_merge/diff.h"

namespace tokgraft {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

DiffReport ReportOfADifference() {
  DiffReport report;
  report.a = "old.json";
  report.b = "new.json";
  report.verdict = Verdict::kDifferent;
  report.proof = "a text has other ids";
  report.hash_a = "aa";
  report.hash_b = "bb";
  report.pieces = {.a = 3,
                   .b = 2,
                   .shared = 2,
                   .same_id = 1,
                   .only_a = {2},
                   .only_b = {},
                   .only_a_classes = {{"latin", 1}},
                   .only_b_classes = {}};
  report.merges = {.a = 4, .b = 3, .shared = 2, .inverted_share = 0.5};
  report.differences = {{.kind = "pieces",
                         .count = 1,
                         .message = "1 tokens are in the first only: 1 latin",
                         .examples = {"\xE4"}}};
  report.counter_example = {.kind = "ids",
                            .text = "ab\n",
                            .ids_a = {2, 9},
                            .ids_b = {0, 1, 9},
                            .pieces_a = {"ab", "\n"},
                            .pieces_b = {"a", "b", "\n"}};
  report.checked_texts = 5;
  report.checked_bytes = 60;
  return report;
}

TEST(DiffReportTest, JsonHasEveryFieldAndIsUtf8) {
  EXPECT_EQ(
      ReportOfADifference().ToJson(),
      R"({"a":"old.json","b":"new.json","verdict":"different","proof":"a text has other ids",)"
      R"("hash":{"a":"aa","b":"bb"},"pieces":{"a":3,"b":2,"shared":2,"same_id":1,"only_a":1,)"
      R"("only_b":0,"only_a_ids":[2],"only_b_ids":[],"only_a_classes":{"latin":1},)"
      R"("only_b_classes":{}},"merges":{"a":4,"b":3,"shared":2,"inverted_share":0.5},)"
      R"("differences":[{"kind":"pieces","count":1,)"
      R"("message":"1 tokens are in the first only: 1 latin","examples":[")"
      "\uFFFD"
      R"("]}],"counter_example":{"kind":"ids","text":"ab\n","ids_a":[2,9],"ids_b":[0,1,9],)"
      R"("pieces_a":["ab","\n"],"pieces_b":["a","b","\n"]},"cut_example":null,)"
      R"("checked":{"texts":5,"bytes":60}})"
      "\n");
}

TEST(DiffReportTest, TheTextShowsBothWaysOneAboveTheOther) {
  EXPECT_EQ(ReportOfADifference().DebugString(),
            "different: a text has other ids\n"
            "first   aa  old.json\n"
            "second  bb  new.json\n"
            "2 tokens are in both, 1 of them on the same id\n"
            "pieces: 1 tokens are in the first only: 1 latin\n"
            "    \uFFFD\n"
            "counter-example (ids)\n"
            "  text   \"ab\\n\"\n"
            "  first  \"ab\":2 \"\\n\":9\n"
            "  second \"a\":0 \"b\":1 \"\\n\":9\n");
}

TEST(DiffReportTest, ATextThatIsCutElsewhereIsShownOnlyWhereItIsAnother) {
  DiffReport report = ReportOfADifference();
  report.cut_example = report.counter_example;
  EXPECT_THAT(report.DebugString(), Not(HasSubstr("cut in other places")));
  report.cut_example->text = "abc";
  EXPECT_THAT(report.DebugString(), HasSubstr("cut in other places (ids)\n  text   \"abc\"\n"));
}

TEST(DiffReportTest, ShowsFourExamplesAndTwentyFourTokens) {
  DiffReport report = ReportOfADifference();
  report.differences[0].examples = {"e1", "e2", "e3", "e4", "e5"};
  report.counter_example->pieces_a.assign(25, "x");
  report.counter_example->ids_a.assign(25, 7);
  const std::string text = report.DebugString();
  EXPECT_THAT(text, HasSubstr("    e4\ncounter-example"));
  EXPECT_THAT(text, HasSubstr("\"x\":7 ...\n"));
  EXPECT_EQ(nlohmann::json::parse(report.ToJson())["differences"][0]["examples"].size(), 5U);
}

TEST(DiffReportTest, DecodedTextsHaveNoIdsOfTheirOwn) {
  DiffReport report = ReportOfADifference();
  report.counter_example->kind = "decoding";
  report.counter_example->pieces_a = {"ab"};
  EXPECT_THAT(report.DebugString(), HasSubstr("  first  \"ab\"\n"));
}

}  // namespace
}  // namespace tokgraft
