// A program and its run: where a match may start, where it goes on from, and what is too large.
#include "tokenizer/stages/regex_program.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>

#include "tokenizer/stages/regex_syntax.h"

namespace tokgraft {
namespace {

StatusOr<RegexProgram> ProgramOf(std::string_view pattern) {
  return RegexProgram::Compile(ParseRegex(pattern, RegexDialect::kRuby).value());
}
using Place = std::pair<std::size_t, std::size_t>;
std::optional<Place> FindFrom(std::string_view pattern, std::string_view text, std::size_t from) {
  const RegexProgram program = ProgramOf(pattern).value();
  RegexRun run(program, text);
  Place place;
  if (!run.Find(from, &place.first, &place.second)) return std::nullopt;
  return place;
}

TEST(RegexProgramTest, ASetHoldsItsEndsAndNoMore) {
  const RegexProgram program = ProgramOf("[b-dé-ü\\x{10FFFF}]").value();
  ASSERT_EQ(program.sets.size(), 1U);
  const RegexProgram::Set& set = program.sets[0];
  for (const char32_t c :
       {char32_t{'b'}, char32_t{'d'}, char32_t{0xE9}, char32_t{0xFC}, char32_t{0x10FFFF}}) {
    EXPECT_TRUE(set.Contains(c)) << static_cast<unsigned>(c);
  }
  for (const char32_t c : {char32_t{0}, char32_t{'a'}, char32_t{'e'}, char32_t{0x7F},
                           char32_t{0x80}, char32_t{0xE8}, char32_t{0xFD}, char32_t{0x10FFFE}}) {
    EXPECT_FALSE(set.Contains(c)) << static_cast<unsigned>(c);
  }
}

TEST(RegexProgramTest, FirstBytesAreThoseAMatchCanStartWith) {
  const RegexProgram program = ProgramOf("(?:a|é)x|(?=.)b").value();
  EXPECT_FALSE(program.matches_empty);
  EXPECT_TRUE(program.first_bytes['a']);
  EXPECT_TRUE(program.first_bytes['b']);
  EXPECT_TRUE(program.first_bytes[0xC3]);
  EXPECT_FALSE(program.first_bytes['x']);
  EXPECT_FALSE(program.first_bytes[0xA9]);  // starts no character
  const RegexProgram optional = ProgramOf("a?b").value();
  EXPECT_TRUE(optional.first_bytes['a']);
  EXPECT_TRUE(optional.first_bytes['b']);
  const RegexProgram empty = ProgramOf("a*").value();
  EXPECT_TRUE(empty.matches_empty);
  EXPECT_TRUE(empty.first_bytes['z']);
}

TEST(RegexProgramTest, EqualSetsAreKeptOnce) {
  EXPECT_EQ(ProgramOf("[ab][ba]c").value().sets.size(), 2U);
}

TEST(RegexProgramTest, FindsFromAPlaceToTheEnd) {
  EXPECT_EQ(FindFrom("b", "abab", 0), Place(1, 2));
  EXPECT_EQ(FindFrom("b", "abab", 2), Place(3, 4));
  EXPECT_EQ(FindFrom("b", "abab", 4), std::nullopt);
  EXPECT_EQ(FindFrom("b", "", 0), std::nullopt);
  EXPECT_EQ(FindFrom("b*", "a", 1), Place(1, 1));  // nothing, at the end
  EXPECT_EQ(FindFrom("", "", 0), Place(0, 0));
  EXPECT_EQ(FindFrom("(?<=a)b", "ab", 1), Place(1, 2));  // looks before `from`
}

TEST(RegexProgramTest, TheFirstAlternativeThatLeadsToAMatchWins) {
  EXPECT_EQ(FindFrom("a|ab", "ab", 0), Place(0, 1));
  EXPECT_EQ(FindFrom("(?:a|ab)c", "abc", 0), Place(0, 3));
  EXPECT_EQ(FindFrom("(?>a|ab)c", "abc", 0), std::nullopt);  // atomic: never goes back
  EXPECT_EQ(FindFrom("a+?", "aaa", 0), Place(0, 1));
  EXPECT_EQ(FindFrom("a{2,3}?", "aaaa", 0), Place(0, 2));
  EXPECT_EQ(FindFrom("a{2,3}", "aaaa", 0), Place(0, 3));
}

TEST(RegexProgramTest, AssertionsAtTheEndsOfLinesAndText) {
  EXPECT_EQ(FindFrom("^", "a\n", 1), std::nullopt);  // Ruby: not after the last newline
  EXPECT_EQ(FindFrom("^b", "a\nb", 0), Place(2, 3));
  EXPECT_EQ(FindFrom("a$", "a\nb", 0), Place(0, 1));
  EXPECT_EQ(FindFrom("a\\Z", "a\n", 0), Place(0, 1));
  EXPECT_EQ(FindFrom("a\\z", "a\n", 0), std::nullopt);
  EXPECT_EQ(FindFrom("\\Ab", "ab", 1), std::nullopt);
}

TEST(RegexProgramTest, LookBehindNeedsALengthForEachBranch) {
  EXPECT_EQ(FindFrom("(?<=éa|b)c", "éac", 0), Place(3, 4));
  EXPECT_EQ(FindFrom("(?<=aa)c", "ac", 0), std::nullopt);  // there is not so much text before
  EXPECT_EQ(Message(ProgramOf("(?<=a+)b").status()),
            "regex: a look-behind of no fixed length is not supported, expected a construct that "
            "can be carried over exactly; use another pattern");
}

TEST(RegexProgramTest, APatternIsOfFourThousandInstructionsAtMost) {
  EXPECT_TRUE(ProgramOf("a{3999}").ok());
  EXPECT_EQ(Message(ProgramOf("a{4001}").status()),
            "regex: a pattern this large is not supported, expected a construct that can be "
            "carried over exactly; use another pattern");
}

}  // namespace
}  // namespace tokgraft
