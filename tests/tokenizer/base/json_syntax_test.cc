// What json_test cannot see: the depth limit to the level, whole numbers beyond 64 bits by their
// place, and the difference between too small and too large.
#include "tokenizer/base/json_syntax.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tokgraft {
namespace {

std::string FaultOf(std::string_view text, std::size_t depth = 10) {
  std::vector<std::size_t> wide;
  const std::optional<JsonFault> fault = FindJsonFault(text, depth, &wide);
  if (!fault) return "";
  return std::to_string(fault->offset) + (fault->truncated ? " cut: " : ": ") + fault->what;
}

TEST(JsonSyntaxTest, TheLastLevelAllowedIsAllowed) {
  EXPECT_EQ(FaultOf("[[]]", 2), "");
  EXPECT_EQ(FaultOf(R"([{"a":[]}])", 2), "6: nested deeper than 2 levels");
  EXPECT_EQ(FaultOf("1", 0), "");
  EXPECT_EQ(FaultOf("[]", 0), "0: nested deeper than 0 levels");
  EXPECT_EQ(FaultOf("[[],[],[]]", 2), "");  // depth, not count
}

TEST(JsonSyntaxTest, WholeNumbersBeyond64BitsAreTold) {
  std::vector<std::size_t> wide;
  EXPECT_EQ(FindJsonFault("[18446744073709551615,-9223372036854775808]", 9, &wide), std::nullopt);
  EXPECT_EQ(wide, std::vector<std::size_t>{});
  EXPECT_EQ(FindJsonFault("[18446744073709551616,-9223372036854775809]", 9, &wide), std::nullopt);
  EXPECT_EQ(wide, (std::vector<std::size_t>{21, 42}));  // where each ends
  wide.clear();
  EXPECT_EQ(FindJsonFault("[18446744073709551616.0,18446744073709551616e0]", 9, &wide),
            std::nullopt);
  EXPECT_EQ(wide, std::vector<std::size_t>{});  // no whole numbers
}

TEST(JsonSyntaxTest, TooSmallIsZeroTooLargeIsAFault) {
  const std::string zeros(400, '0');
  for (const std::string& fine :
       {std::string("1e-999"), std::string("-1E-999"), "0." + zeros + "1", "1" + zeros + "e-400",
        std::string("0e999"), "1e-1" + zeros, std::string("-0"), std::string("1e308")}) {
    EXPECT_EQ(FaultOf(fine), "") << fine;
  }
  for (const std::string& large :
       {std::string("1e309"), std::string("-1E+309"), "1" + zeros, "1" + zeros + "e-1",
        std::string("0.001e999"), "1e1" + std::string(30, '0')}) {
    EXPECT_EQ(FaultOf(large), "0: a number beyond the range of a double") << large;
  }
}

TEST(JsonSyntaxTest, NumbersThatEndEarly) {
  EXPECT_EQ(FaultOf("-"), "1 cut: the file ends, a digit was expected");
  EXPECT_EQ(FaultOf("[1.]"), "3: unexpected ']', a digit was expected");
  EXPECT_EQ(FaultOf("[1e+]"), "4: unexpected ']', a digit was expected");
  EXPECT_EQ(FaultOf("[.5]"), "1: unexpected '.', a value was expected");
  EXPECT_EQ(FaultOf("[+1]"), "1: unexpected '+', a value was expected");
}

TEST(JsonSyntaxTest, StringsThatEndEarly) {
  EXPECT_EQ(FaultOf("\"\\"), "2 cut: the file ends, an escape was expected");
  EXPECT_EQ(FaultOf("\"\\u12"), "5 cut: the file ends, a hexadecimal digit was expected");
  EXPECT_EQ(FaultOf("\"\\u12g4\""), "5: unexpected 'g', a hexadecimal digit was expected");
  EXPECT_EQ(FaultOf("\"\xE4\xBD"), "3 cut: the file ends in a character");
  EXPECT_EQ(FaultOf("\"\xE4\xBD\""), "1: bytes that are not UTF-8");
  EXPECT_EQ(FaultOf(R"("\uD83D\uDE00\b\f\/")"), "");
  EXPECT_EQ(FaultOf("\"\x7F\""), "");  // no control of JSON's
}

}  // namespace
}  // namespace tokgraft
