#include "tokenizer/base/report_text.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace tokgraft {
namespace {

TEST(ReportTextTest, Numbers) {
  EXPECT_EQ(Grouped(0), "0");
  EXPECT_EQ(Grouped(999), "999");
  EXPECT_EQ(Grouped(1000), "1,000");
  EXPECT_EQ(Grouped(UINT64_MAX), "18,446,744,073,709,551,615");
  EXPECT_EQ(Fixed(2.345, 1), "2.3");
  EXPECT_EQ(Percent(0), "0 %");
  EXPECT_EQ(Percent(0.051), "5.1 %");
  EXPECT_EQ(Percent(0.0999), "10 %");
  EXPECT_EQ(Padded("ab", 4), "ab  ");
  EXPECT_EQ(Padded("abcde", 4), "abcde");
}

TEST(ReportTextTest, Plurals) {
  EXPECT_EQ(Counted(1, "problem"), "1 problem");
  EXPECT_EQ(Counted(0, "problem"), "0 problems");
  EXPECT_EQ(Counted(1234, "entry", "entries"), "1,234 entries");
}

TEST(ReportTextTest, JsonForPeopleKeepsListsOnALine) {
  EXPECT_EQ(
      ReadableJson(R"({"ids":[1,2,3],"of":{"a":1,"b":[]},"list":[{"x":1,"y":"é"},{"z":[4,5]}]})"),
      R"({
  "ids": [1,2,3],
  "of": {
    "a": 1,
    "b": []
  },
  "list": [
    {"x":1,"y":"é"},
    {
      "z": [4,5]
    }
  ]
}
)");
  EXPECT_EQ(ReadableJson("{}"), "{}\n");
}

TEST(ReportTextTest, ColumnsAlign) {
  EXPECT_EQ(Table({{"name", "n"}, {"a", "100"}}), "name    n\na     100\n");
  EXPECT_EQ(Table({{"name", "n"}, {"a", "100"}}, {.left_columns = 2, .indent = "  "}),
            "  name  n\n  a     100\n");
  EXPECT_EQ(Table({}), "");
  EXPECT_EQ(Table({{"中文", "1"}, {"Größe", "22"}, {"e\u0301", "3"}}),
            "中文    1\nGröße  22\ne\u0301       3\n");
}

}  // namespace
}  // namespace tokgraft
