#include "tokenizer/stages/regex.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tokgraft {
namespace {

std::vector<std::string> RegexMatches(std::string_view pattern, std::string_view text,
                                      Reference reference = Reference::kHuggingFace) {
  const auto regex = Regex::Compile(pattern, reference);
  EXPECT_TRUE(regex.ok()) << regex.status();
  std::vector<RegexMatch> matches;
  if (regex.ok()) regex->FindAll(text, &matches);
  std::vector<std::string> out;
  for (const RegexMatch& match : matches) {
    out.emplace_back(text.substr(match.begin, match.end - match.begin));
  }
  return out;
}

using Found = std::vector<std::string>;

TEST(RegexTest, ClassesAreThoseOfUnicode16) {
  // U+1C89 came with Unicode 16, which Oniguruma 6.9.8 does not know.
  EXPECT_EQ(RegexMatches(R"(\p{Lu}+)", "a\u1C89B"), Found{"\u1C89B"});
  EXPECT_EQ(RegexMatches(R"(\s)", "a\u0085b"), Found{"\u0085"});
  EXPECT_EQ(RegexMatches(R"([[:punct:]]+)", "a$+b"), Found{"$+"});
  EXPECT_EQ(RegexMatches(R"([\p{L}&&[^\p{Han}]]+)", "ab中c"), (Found{"ab", "c"}));
}

TEST(RegexTest, WordsDifferBetweenTheEnginesAndInsideBrackets) {
  EXPECT_EQ(RegexMatches(R"(\w)", "²"), Found{"²"});
  EXPECT_EQ(RegexMatches(R"([\w])", "²"), Found{});
  EXPECT_EQ(RegexMatches(R"(\w)", "²", Reference::kTiktoken), Found{});
}

TEST(RegexTest, DialectsDiffer) {
  EXPECT_EQ(RegexMatches("a{1,2}+b", "aaab"), Found{"aaab"});
  EXPECT_EQ(RegexMatches("a{1,2}+b", "aaab", Reference::kTiktoken), Found{"aab"});
  EXPECT_EQ(RegexMatches("b$", "b\nb"), (Found{"b", "b"}));
  EXPECT_EQ(RegexMatches("b$", "b\nb", Reference::kTiktoken), Found{"b"});
  EXPECT_EQ(RegexMatches("[[:alpha:]]+", "aé"), Found{"aé"});
  EXPECT_EQ(RegexMatches("[[:alpha:]]+", "aé", Reference::kTiktoken), Found{"a"});
}

TEST(RegexTest, CaseFoldsTheLongSAndTheKelvinSign) {
  EXPECT_EQ(RegexMatches("(?i:[sk])+", "sS\u017F\u212AkK"), Found{"sS\u017F\u212AkK"});
}

TEST(RegexTest, AnEmptyMatchRightAfterAMatchIsSkipped) {
  EXPECT_EQ(RegexMatches("x*", "axxb"), (Found{"", "xx", ""}));
}

TEST(RegexTest, RefusesByName) {
  const auto code = [](std::string_view pattern) {
    return Regex::Compile(pattern, Reference::kHuggingFace).status().code();
  };
  EXPECT_EQ(code(R"(\X)"), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(code(R"((a)\1)"), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(code("(?i:ss)"), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(code("(a"), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code("[a"), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(std::string(1000, '(')), absl::StatusCode::kUnimplemented);
  const auto refused = Regex::Compile(R"(a\Kb)", Reference::kHuggingFace);
  EXPECT_NE(Message(refused.status()).find("\\K"), std::string_view::npos);
}

TEST(RegexTest, LongRunsAreLinear) {
  const std::string spaces(1 << 20, ' ');
  EXPECT_EQ(RegexMatches(R"(\s*[\r\n]+|\s+(?!\S)|\s+)", spaces + "x").size(), 2U);
}

// Patterns on which a plain backtracker needs exponential or quadratic time: each way it can go is
// tried once. Without that the test takes hours.
TEST(RegexTest, HostilePatternsAreLinear) {
  const std::string a(1 << 16, 'a');
  EXPECT_EQ(RegexMatches("(a+)+b", a), Found{});
  EXPECT_EQ(RegexMatches("(a|aa)+$", a + "b"), Found{});
  EXPECT_EQ(RegexMatches("(?>a+)b", a), Found{});
  EXPECT_EQ(RegexMatches("a++b", a), Found{});
  EXPECT_EQ(RegexMatches("[ab]+[cd]", a), Found{});
  EXPECT_EQ(RegexMatches("a(?=a*)", a).size(), a.size());
  EXPECT_EQ(RegexMatches("(?=(?=a*)a*)a", a).size(), a.size());
  EXPECT_EQ(RegexMatches("a(?!a*b)", a).size(), a.size());
  EXPECT_EQ(RegexMatches("(?:a|a)*c|a", a + "c"), Found{a + "c"});
}

TEST(RegexTest, RepeatsOfNothingAreRefusedByName) {
  const auto refused = Regex::Compile("(?:a?)*b", Reference::kHuggingFace);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_NE(Message(refused.status()).find("a repeat of what can match nothing"),
            std::string_view::npos);
  EXPECT_EQ(Regex::Compile("(?:a{0,300}b?){200}", Reference::kHuggingFace).status().code(),
            absl::StatusCode::kUnimplemented);
  EXPECT_EQ(Regex::Compile("(?:a{300}b){300}", Reference::kHuggingFace).status().code(),
            absl::StatusCode::kUnimplemented);
}

TEST(RegexTest, MatchesStartAtCharacters) {
  EXPECT_EQ(RegexMatches(R"(\W)", "각日字,中"), Found{","});
}

TEST(RegexTest, LookBehindGoesBackByCharacters) {
  EXPECT_EQ(RegexMatches("(?<=é中|b)x", "é中x bx cx x"), (Found{"x", "x"}));
  EXPECT_EQ(RegexMatches("(?<!é中|b)x", "é中x bx cx"), Found{"x"});
}

}  // namespace
}  // namespace tokgraft
