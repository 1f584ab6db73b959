#include "vocab_merge/extend/scripts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ScriptSetTest, CoversPiecesOfItsScripts) {
  const StatusOr<ScriptSet> han = ScriptSet::Parse({"Hani"});
  ASSERT_TRUE(han.ok());
  EXPECT_TRUE(han->Covers("\u4e2d"));
  EXPECT_TRUE(han->Covers(" \u4e2d1"));
  EXPECT_TRUE(han->Covers("\u3002"));  // shared by a few scripts, Han among them
  EXPECT_FALSE(han->Covers("\u4e2da"));
  EXPECT_FALSE(han->Covers("."));
  EXPECT_FALSE(han->Covers("\xE4\xB8"));
}

TEST(ScriptSetTest, FindsTheScriptThatAPieceNeeds) {
  const StatusOr<ScriptSet> latin = ScriptSet::Parse({"Latin"});
  ASSERT_TRUE(latin.ok());
  std::set<std::string> names;
  EXPECT_TRUE(latin->HasForeign("a\u0430", &names));
  EXPECT_THAT(names, ElementsAre("Cyrillic"));
  EXPECT_FALSE(latin->HasForeign("a1.\u0300", &names));
  EXPECT_FALSE(latin->HasForeign("", &names));
  EXPECT_THAT(names, ElementsAre("Cyrillic"));
}

TEST(ScriptSetTest, JudgesTheStartOfACharacterByAllThatItMayBecome) {
  const StatusOr<ScriptSet> latin = ScriptSet::Parse({"Latin"});
  ASSERT_TRUE(latin.ok());
  std::set<std::string> names;
  EXPECT_FALSE(latin->HasForeign("a\xE3\x80", &names));  // U+3000 is of no script
  EXPECT_FALSE(latin->HasForeign("\xC3", &names));       // U+00C0 is Latin
  EXPECT_THAT(names, IsEmpty());
  EXPECT_TRUE(latin->HasForeign("\x80\xE4\xB8", &names));
  EXPECT_TRUE(latin->HasForeign("\xF0\xA0", &names));
  EXPECT_THAT(names, ElementsAre("Han"));
}

TEST(ScriptSetTest, RefusesAnUnknownName) {
  EXPECT_EQ(ScriptSet::Parse({"Klingonese"}).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tokgraft
