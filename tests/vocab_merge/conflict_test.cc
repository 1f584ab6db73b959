#include "vocab_merge/conflict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace tokgraft {
namespace {

using ::testing::HasSubstr;

ConflictReport OneFinding() {
  ConflictReport report;
  report.counts = {{"A1", 0}, {"B3", 2}};
  report.findings = {{.code = "B3",
                      .severity = Severity::kWarning,
                      .count = 2,
                      .donor_ids = {7, 9},
                      .message = "2 pieces are cut",
                      .action = "left out",
                      .examples = {"\xE4\xB8", "a."}}};
  return report;
}

TEST(ConflictTest, JsonHasEveryFieldAndIsUtf8) {
  const auto json = nlohmann::json::parse(OneFinding().ToJson());
  EXPECT_EQ(json["counts"], (nlohmann::json{{"A1", 0}, {"B3", 2}}));
  const auto& finding = json["findings"][0];
  EXPECT_EQ(finding["code"], "B3");
  EXPECT_EQ(finding["severity"], "warning");
  EXPECT_EQ(finding["donor_ids"], (nlohmann::json{7, 9}));
  EXPECT_EQ(finding["examples"], (nlohmann::json{"\uFFFD", "a."}));
  EXPECT_TRUE(finding["witness"].is_null());
}

TEST(ConflictTest, TheTableTellsNoneFromNotLookedFor) {
  const std::string text = OneFinding().DebugString();
  EXPECT_THAT(text, HasSubstr("B3   2 pieces are cut"));
  EXPECT_THAT(text, HasSubstr("looked for and not found: A1"));
}

}  // namespace
}  // namespace tokgraft
