#include "vocab_merge/rules/rule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/vocab_merge/findings.h"
#include "tests/vocab_merge/toy.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(RuleTest, AddFindingSortsIdsAndCountsTheLongerList) {
  ConflictReport report;
  AddFinding({.code = "A1", .base_ids = {9, 3, 9}, .donor_ids = {5}}, &report);
  ASSERT_EQ(report.findings.size(), 1U);
  EXPECT_THAT(report.findings[0].base_ids, ElementsAre(3U, 9U));
  EXPECT_EQ(report.findings[0].count, 2U);
  AddFinding({.code = "A1", .count = 7, .donor_ids = {5}}, &report);
  EXPECT_THAT(report.counts, ElementsAre(Pair("A1", 9)));
}

TEST(RuleTest, AFindingThatConcernsNothingIsNone) {
  ConflictReport report;
  LookedFor({"A1"}, &report);
  AddFinding({.code = "A1", .message = "0 pieces"}, &report);
  EXPECT_THAT(report.findings, IsEmpty());
  EXPECT_THAT(report.counts, ElementsAre(Pair("A1", 0)));
}

TEST(RuleTest, LookedForKeepsWhatIsCounted) {
  ConflictReport report;
  AddFinding({.code = "A1", .count = 7}, &report);
  LookedFor({"A1", "A2"}, &report);
  EXPECT_THAT(report.counts, ElementsAre(Pair("A1", 7), Pair("A2", 0)));
}

TEST(RuleTest, ALintFindingGetsItsCountAndThePlacesOfItsExamples) {
  const TokenizerSpec spec = toy::ByteLevel({});
  const LintOptions options;
  const LintFacts facts{
      .spec = spec, .options = options, .tokens = ListTokens(spec), .places = Places(spec)};
  Detected detected;
  detected.Add('b', [] { return std::string("second"); });
  detected.Add('a', [] { return std::string("first"); });
  LintReport report;
  AddFinding({.code = "A5", .message = " pieces"}, std::move(detected), facts, &report);
  EXPECT_EQ(report.findings,
            (std::vector<LintFinding>{
                {.code = "A5",
                 .count = 2,
                 .ids = {97, 98},
                 .message = "2 pieces",
                 .place = "model.vocab[\"b\"]",  // of the first example
                 .examples = {{.id = 98, .place = "model.vocab[\"b\"]", .text = "second"},
                              {.id = 97, .place = "model.vocab[\"a\"]", .text = "first"}}}}));
}

TEST(RuleTest, DetectedKeepsTheFirstFewExamples) {
  Detected detected;
  int asked = 0;
  for (TokenId id = 0; id < 20; ++id) {
    detected.Add(id, [&] { return std::to_string(++asked); });
  }
  EXPECT_EQ(detected.size(), 20U);
  EXPECT_EQ(detected.examples.size(), kMaxExamples);
  EXPECT_EQ(asked, static_cast<int>(kMaxExamples));  // texts are made for these only
  detected.count = 100;
  EXPECT_EQ(detected.size(), 100U);
}

TEST(RuleTest, CodesAreOrderedByTheirNumbers) {
  std::vector<std::string> codes = {"D17", "D5", "B1", "A8", "D10", "A5"};
  std::sort(codes.begin(), codes.end(), CodeLess);
  EXPECT_THAT(codes, ElementsAre("A5", "A8", "B1", "D5", "D10", "D17"));
}

TEST(RuleTest, FindingsOfAMergeStandByCode) {
  TokenizerSpec base = toy::ByteLevel({});
  base.added_tokens = {{.id = 300, .content = "<x>"}};
  const ConflictReport report =
      toy::Merged(base, toy::ByteLevel({{"a", "."}, {"a", "b"}})).conflicts;
  std::vector<std::string> codes;
  for (const Finding& finding : report.findings) codes.push_back(finding.code);
  EXPECT_THAT(codes, ElementsAre("B3", "D3", "D4", "D17"));
}

TEST(RuleTest, AMergeNamesEveryCodeThatItLooksFor) {
  const ConflictReport report = toy::Merged(toy::ByteLevel({}), toy::ByteLevel({})).conflicts;
  std::vector<std::string> codes;
  for (const auto& [code, count] : report.counts) {
    codes.push_back(code);
    EXPECT_EQ(count, 0U) << code;
  }
  EXPECT_THAT(codes, ElementsAre("A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8", "B1", "B3", "B4",
                                 "B5", "B6", "B8", "C1", "C2", "C3", "C4", "D1", "D10", "D11",
                                 "D13", "D17", "D2", "D3", "D4", "D5", "D6", "D7", "D8", "D9"));
}

TEST(RuleTest, ShowPieceQuotesTextAndSpellsTheRest) {
  EXPECT_EQ(ShowPiece("a\u00E9\u4e2d"), "\"a\u00E9\u4e2d\"");
  EXPECT_EQ(ShowPiece("\n\r\t\x01"), "\"\\n\\r\\t\\x01\"");
  EXPECT_EQ(ShowPiece("a\xE4\xB8"), "\"a\\xe4\\xb8\"");
  EXPECT_EQ(ShowPiece("\xFF\u00E9"), "\"\\xff\u00E9\"");
  EXPECT_EQ(ShowPiece(""), "\"\"");
}

}  // namespace
}  // namespace tokgraft
