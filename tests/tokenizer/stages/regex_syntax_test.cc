// The tree of a pattern, where the two dialects part, and the message of each refusal.
#include "tokenizer/stages/regex_syntax.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace tokgraft {
namespace {

using NodeKind = RegexNode::Kind;
constexpr RegexDialect kRuby = RegexDialect::kRuby;
constexpr RegexDialect kRust = RegexDialect::kRust;

// The tree in one line: sets as their ranges.
std::string Shown(const RegexNode& node) {
  std::string out;
  switch (node.kind) {
    case NodeKind::kSet:
      for (const auto& [begin, end] : node.set) {
        out += Cat(out.empty() ? "" : ",", static_cast<std::uint32_t>(begin), "-",
                   static_cast<std::uint32_t>(end));
      }
      return "[" + out + "]";
    case NodeKind::kConcat:
    case NodeKind::kAlternate:
      for (const RegexNode& child : node.children) {
        out += (out.empty() ? "" : node.kind == NodeKind::kConcat ? " " : "|") + Shown(child);
      }
      return node.kind == NodeKind::kConcat ? out : "(" + out + ")";
    case NodeKind::kRepeat:
      return Cat(Shown(node.children[0]), "{", node.min, ",", node.max ? Cat(*node.max) : "", "}",
                 node.greed == RegexNode::Greed::kLazy         ? "?"
                 : node.greed == RegexNode::Greed::kPossessive ? "+"
                                                               : "");
    case NodeKind::kAtomic:
      return "(?>" + Shown(node.children[0]) + ")";
    case NodeKind::kLookAhead:
      return "(?=" + Shown(node.children[0]) + ")";
    case NodeKind::kNotAhead:
      return "(?!" + Shown(node.children[0]) + ")";
    case NodeKind::kLookBehind:
      return "(?<=" + Shown(node.children[0]) + ")";
    case NodeKind::kNotBehind:
      return "(?<!" + Shown(node.children[0]) + ")";
    case NodeKind::kTextStart:
      return "\\A";
    case NodeKind::kTextEnd:
      return "\\z";
    case NodeKind::kLineStart:
      return "^";
    case NodeKind::kLineEnd:
      return "$";
    case NodeKind::kTextEndOrEol:
      return "\\Z";
  }
  return "?";
}
std::string ParsedTree(std::string_view pattern, RegexDialect dialect) {
  const StatusOr<RegexNode> node = ParseRegex(pattern, dialect);
  return node.ok() ? Shown(*node) : std::string(Message(node.status()));
}

TEST(RegexSyntaxTest, TreesOfBothDialects) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", ""},
      {"ab|c", "([97-98] [98-99]|[99-100])"},
      {"a*?b++c?", "[97-98]{0,}? [98-99]{1,}+ [99-100]{0,1}"},
      {"(?:a)(b)(?<n>c)", "[97-98] [98-99] [99-100]"},
      {"(?>a)(?=b)(?!c)(?<=d)(?<!e)",
       "(?>[97-98]) (?=[98-99]) (?![99-100]) (?<=[100-101]) (?<![101-102])"},
      {"a{2}b{1,}c{0,3}", "[97-98]{2,2} [98-99]{1,} [99-100]{0,3}"},
      {"[a-c^]", "[94-95,97-100]"},
      {"[^a]", "[0-97,98-1114112]"},
      {"[a-c&&[^b]]", "[97-98,99-100]"},
      {"[a-]", "[45-46,97-98]"},
      {R"(\x41\x{1F600}\t\.)", "[65-66] [128512-128513] [9-10] [46-47]"},
      {"(?i:k)", "[75-76,107-108,8490-8491]"},
      {"é", "[233-234]"}};
  for (const auto& [pattern, tree] : cases) {
    EXPECT_EQ(ParsedTree(pattern, kRuby), tree) << pattern;
    EXPECT_EQ(ParsedTree(pattern, kRust), tree) << pattern;
  }
}

TEST(RegexSyntaxTest, WhereTheDialectsPart) {
  EXPECT_EQ(ParsedTree("^$", kRuby), "^ $");
  EXPECT_EQ(ParsedTree("^$", kRust), "\\A \\z");
  EXPECT_EQ(ParsedTree("(?m:^)", kRust), "(?<![0-10,11-1114112])");
  EXPECT_EQ(ParsedTree(".", kRuby), "[0-10,11-1114112]");
  EXPECT_EQ(ParsedTree("(?m:.)", kRuby), "[0-1114112]");
  EXPECT_EQ(ParsedTree("(?s:.)", kRust), "[0-1114112]");
  EXPECT_EQ(ParsedTree("a{2}+", kRuby), "[97-98]{2,2}{1,}");
  EXPECT_EQ(ParsedTree("a{2}+", kRust), "[97-98]{2,2}+");
  EXPECT_EQ(ParsedTree("a{,2}", kRuby), "[97-98]{0,2}");
  EXPECT_EQ(ParsedTree(R"(\u{41})", kRust), "[65-66]");
  EXPECT_EQ(ParsedTree(R"(\u0041)", kRuby), "[65-66]");
  EXPECT_EQ(ParsedTree(R"(\h\e)", kRuby), "[48-58,65-71,97-103] [27-28]");
}

TEST(RegexSyntaxTest, WhatIsNoRegexIsToldByItsByte) {
  const auto invalid = [](std::string_view pattern, const std::string& what) {
    const Status status = ParseRegex(pattern, kRuby).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << pattern;
    EXPECT_EQ(Message(status), "regex byte " + what + ", expected a regex; correct the pattern");
  };
  invalid("a)", "1: unmatched )");
  invalid("(a", "2: ( without )");
  invalid("*", "0: a repeat of nothing");
  invalid("a|+", "2: a repeat of nothing");
  invalid("[a", "2: [ without ]");
  invalid("\\", "1: \\ at the end");
  invalid("[b-a]", "4: an empty range in brackets");
  invalid(R"(\p{L)", "3: \\p{ without }");
  invalid(R"(\x{110000})", "10: an escape that is no character");
  invalid(R"(\uD800)", "6: an escape that is no character");
  EXPECT_EQ(Message(ParseRegex("\xFF", kRuby).status()),
            "regex is not UTF-8, expected text; correct the pattern");
}

TEST(RegexSyntaxTest, WhatIsNotCarriedOverIsRefusedByName) {
  const auto refused = [](std::string_view pattern, RegexDialect dialect, const std::string& what) {
    const Status status = ParseRegex(pattern, dialect).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented) << pattern;
    const std::string message(Message(status));
    EXPECT_NE(message.find(": " + what +
                           " is not supported, expected a construct that can be carried over "
                           "exactly; use another pattern"),
              std::string::npos)
        << pattern << ": " << message;
  };
  refused("a**", kRuby, "a repeat of a repeat");
  refused("^*", kRuby, "a repeat of an assertion");
  refused("a{", kRuby, "a { that is not {n}, {n,} or {n,m}");
  refused("a{3,2}", kRuby, "a { that is not {n}, {n,} or {n,m}");
  refused("a{100001}", kRust, "a { that is not {n}, {n,} or {n,m}");
  refused("a{99999999999999999999}", kRust, "a { that is not {n}, {n,} or {n,m}");
  refused("a{,2}", kRust, "a { that is not {n}, {n,} or {n,m}");
  refused("}", kRust, "a bare }");
  refused(R"(\1)", kRuby, "\\1");
  refused(R"(\Z)", kRust, "\\Z");
  refused(R"(\h)", kRust, "\\h");
  refused(R"(\p{Latin})", kRuby, "property Latin");
  refused(R"(\x{})", kRuby, "\\x{...}");
  refused(R"(\x4)", kRuby, "a short hex escape");
  refused(R"(\xFF)", kRuby, "\\x of a lone byte");
  refused("[]", kRuby, "[]");
  refused("[a&&]", kRuby, "&& beside nothing");
  refused("[a--b]", kRust, "-- or ~~ in brackets");
  refused("[+--b]", kRust, "-- or ~~ in brackets");  // no range from + to -
  refused("[a~~b]", kRust, "-- or ~~ in brackets");
  refused("(?i:é)", kRust, "a case-insensitive character outside ASCII");
  refused("a(?i)b", kRuby, "a change of options inside a group");
  refused("(?x:a)", kRust, "option x");
  refused("(*FAIL)", kRuby, "(*...)");
  refused(R"(\b{start})", kRust, "\\b{");
}

TEST(RegexSyntaxTest, GroupsAreNestedTwoHundredDeepAtMost) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '(') + "a" + std::string(depth, ')');
  };
  EXPECT_TRUE(ParseRegex(nested(200), kRuby).ok());
  EXPECT_EQ(ParseRegex(nested(201), kRuby).status().code(), absl::StatusCode::kUnimplemented);
}

}  // namespace
}  // namespace tokgraft
