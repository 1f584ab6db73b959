#include "tokenizer/base/json_write.h"

#include <gtest/gtest.h>

#include <charconv>
#include <string>

namespace tokgraft {
namespace {

TEST(JsonWriteTest, OnlyQuotesBackslashesAndControlsAreEscaped) {
  EXPECT_EQ(Quoted(std::string("a\"\\\b\f\n\r\t\x01\x1f\x7fé😀\0", 18)),
            "\"a\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\x7fé😀\\u0000\"");
}

TEST(JsonWriteTest, NumbersAreShortestAndReadBack) {
  // The forms that serde_json writes.
  EXPECT_EQ(FormatDouble(0), "0.0");
  EXPECT_EQ(FormatDouble(-0.0), "-0.0");
  EXPECT_EQ(FormatDouble(-1), "-1.0");
  EXPECT_EQ(FormatDouble(0.1), "0.1");
  EXPECT_EQ(FormatDouble(-12345678.25), "-12345678.25");
  EXPECT_EQ(FormatDouble(0.00001), "0.00001");
  EXPECT_EQ(FormatDouble(1e-7), "1e-7");
  EXPECT_EQ(FormatDouble(1.5e-7), "1.5e-7");
  EXPECT_EQ(FormatDouble(1e15), "1000000000000000.0");
  EXPECT_EQ(FormatDouble(1e16), "1e+16");
  EXPECT_EQ(FormatDouble(9007199254740992.0), "9007199254740992.0");
  EXPECT_EQ(FormatDouble(1e17), "1e+17");
  EXPECT_EQ(FormatDouble(1.7976931348623157e308), "1.7976931348623157e+308");
  for (double value = 1e-300; value < 1e300; value *= 317.123456789) {
    const std::string text = FormatDouble(-value);
    double back = 0;
    std::from_chars(text.data(), text.data() + text.size(), back);
    EXPECT_EQ(back, -value) << text;
  }
}

TEST(JsonWriteTest, LayoutIsTwoSpacesALevel) {
  std::string out;
  AppendPretty(R"({"a":[1, {"b" : "x,]}"}],"c":{ },"d":[]})", 0, &out);
  EXPECT_EQ(out,
            "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"x,]}\"\n    }\n  ],\n  \"c\": {},\n"
            "  \"d\": []\n}");
}

TEST(JsonWriteTest, MembersKeepTheTextOfTheirValues) {
  StatusOr<std::vector<JsonMember>> members = SplitMembers(
      "\n{ \"a\\u0062\" : [1, \"}\\\"\", {}] , \"big\":1000000000000000019884624838656}", "f");
  ASSERT_TRUE(members.ok()) << members.status();
  ASSERT_EQ(members->size(), 2U);
  EXPECT_EQ((*members)[0], (JsonMember{"ab", "[1, \"}\\\"\", {}]"}));
  EXPECT_EQ((*members)[1], (JsonMember{"big", "1000000000000000019884624838656"}));
  SetMember(&*members, "ab", "2");
  SetMember(&*members, "new", "[]");
  EXPECT_EQ(JoinMembers(*members),
            "{\n  \"ab\": 2,\n  \"big\": 1000000000000000019884624838656,\n  \"new\": []\n}\n");
  EXPECT_EQ(JoinMembers({}), "{}\n");
  EXPECT_FALSE(SplitMembers("[1]", "f").ok());
  EXPECT_TRUE(SplitMembers("{}", "f")->empty());
}

}  // namespace
}  // namespace tokgraft
