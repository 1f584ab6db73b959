// Added tokens: tokenizers' rules one by one, llama.cpp's order, and a text full of near misses.
#include "tokenizer/stages/added_tokens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace tokgraft {
namespace {

using ::testing::ElementsAre;

// "text|<token>|text" of a split.
std::vector<std::string> PartsOf(const AddedTokenMatcher& matcher, std::string_view text) {
  std::vector<TextSegment> segments;
  matcher.Split(text, &segments);
  std::vector<std::string> parts;
  for (const TextSegment& segment : segments) {
    const std::string part(text.substr(segment.begin, segment.end - segment.begin));
    parts.push_back(segment.token ? Cat(*segment.token, ":", part) : part);
  }
  return parts;
}

AddedTokenMatcher Matcher(const std::vector<AddedToken>& tokens,
                          Reference reference = Reference::kHuggingFace) {
  std::vector<AddedTokenMatcher::Pattern> patterns;
  for (const AddedToken& token : tokens) patterns.push_back({token.content, token});
  return AddedTokenMatcher::Compile(patterns, reference).value();
}

TEST(AddedTokensTest, TakesTheLongestAtTheLeftmostPlace) {
  const AddedTokenMatcher matcher = Matcher(
      {{.id = 0, .content = "<a>"}, {.id = 1, .content = "<a><b>"}, {.id = 2, .content = "b><c>"}});
  EXPECT_THAT(PartsOf(matcher, "x<a><b><c>y"), ElementsAre("x", "1:<a><b>", "<c>y"));
  EXPECT_THAT(PartsOf(matcher, "<a><b"), ElementsAre("0:<a>", "<b"));
  EXPECT_THAT(PartsOf(matcher, "<b><c>"), ElementsAre("<", "2:b><c>"));
  EXPECT_THAT(PartsOf(matcher, ""), ElementsAre());
}

TEST(AddedTokensTest, LlamaCppTakesTheLongestAnywhereFirst) {
  const AddedTokenMatcher matcher =
      Matcher({{.id = 0, .content = "<a"}, {.id = 1, .content = "abcd"}, {.id = 2, .content = "<"}},
              Reference::kLlamaCpp);
  EXPECT_THAT(PartsOf(matcher, "<abcd"), ElementsAre("2:<", "1:abcd"));
  EXPECT_THAT(PartsOf(matcher, "<a<b"), ElementsAre("0:<a", "2:<", "b"));
}

TEST(AddedTokensTest, SingleWordsStandAlone) {
  const AddedTokenMatcher matcher = Matcher({{.id = 0, .content = "yes", .single_word = true}});
  EXPECT_THAT(PartsOf(matcher, "yes, yes"), ElementsAre("0:yes", ", ", "0:yes"));
  EXPECT_THAT(PartsOf(matcher, "yesyes eyes yes_ yesé éyes 1yes"),
              ElementsAre("yesyes eyes yes_ yesé éyes 1yes"));
  EXPECT_THAT(PartsOf(matcher, "。yes。"), ElementsAre("。", "0:yes", "。"));
}

TEST(AddedTokensTest, StripsSpacesOfEveryKindButNotThoseAlreadyTaken) {
  const AddedTokenMatcher matcher = Matcher(
      {{.id = 0, .content = "<l>", .lstrip = true}, {.id = 1, .content = "<r>", .rstrip = true}});
  EXPECT_THAT(PartsOf(matcher, "a \u3000\n<l> b"), ElementsAre("a", "0: \u3000\n<l>", " b"));
  EXPECT_THAT(PartsOf(matcher, "a <r> \u00a0\tb"), ElementsAre("a ", "1:<r> \u00a0\t", "b"));
  EXPECT_THAT(PartsOf(matcher, "<r>  <l>"), ElementsAre("1:<r>  ", "0:<l>"));
}

TEST(AddedTokensTest, ATokenInsideStrippedSpacesComesAgain) {
  const AddedTokenMatcher matcher =
      Matcher({{.id = 0, .content = "<r>", .rstrip = true}, {.id = 1, .content = "\n"}});
  // tokenizers takes the spaces up to x, then finds the newline in them and goes on behind it.
  EXPECT_THAT(PartsOf(matcher, "<r> \n x"), ElementsAre("0:<r> \n ", "1:\n", " x"));
}

AddedToken Token(TokenId id) {
  AddedToken token;
  token.id = id;
  return token;
}

TEST(AddedTokensTest, RefusesWhatCannotBeReproduced) {
  const auto code = [](const std::vector<AddedTokenMatcher::Pattern>& patterns) {
    return AddedTokenMatcher::Compile(patterns, Reference::kHuggingFace).status().code();
  };
  EXPECT_EQ(code({{"", Token(1)}}), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(code({{"x", Token(1)}, {"x", Token(2)}}), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(code({{std::string(5000, 'x'), Token(1)}}), absl::StatusCode::kUnimplemented);
}

TEST(AddedTokensTest, FindsWhatASlowSearchFinds) {
  std::mt19937 random(6);
  for (int table = 0; table < 50; ++table) {
    std::vector<AddedToken> tokens;
    for (TokenId id = 0; id < 6; ++id) {
      std::string content;
      for (std::size_t n = 1 + random() % 5; n > 0; --n) content += "ab<"[random() % 3];
      const bool known = std::any_of(tokens.begin(), tokens.end(), [&](const AddedToken& token) {
        return token.content == content;
      });
      if (!known) tokens.push_back({.id = id, .content = content});
    }
    const AddedTokenMatcher matcher = Matcher(tokens);
    for (int i = 0; i < 50; ++i) {
      std::string text;
      for (std::size_t n = random() % 40; n > 0; --n) text += "ab<"[random() % 3];
      std::vector<TextSegment> expected;
      std::size_t done = 0;
      for (std::size_t at = 0; at < text.size();) {
        const AddedToken* best = nullptr;
        for (const AddedToken& token : tokens) {
          if (std::string_view(text).substr(at).starts_with(token.content) &&
              (best == nullptr || token.content.size() > best->content.size())) {
            best = &token;
          }
        }
        if (best == nullptr) {
          ++at;
          continue;
        }
        if (done < at) expected.push_back({done, at, std::nullopt});
        expected.push_back({at, at + best->content.size(), best->id});
        done = at = at + best->content.size();
      }
      if (done < text.size()) expected.push_back({done, text.size(), std::nullopt});
      std::vector<TextSegment> segments;
      matcher.Split(text, &segments);
      ASSERT_EQ(segments, expected) << text;
    }
  }
}

TEST(AddedTokensTest, ManyNearMissesAreDone) {
  const AddedTokenMatcher matcher = Matcher({{.id = 0, .content = std::string(60, '<') + "!"}});
  EXPECT_THAT(PartsOf(matcher, std::string(1 << 20, '<')).size(), 1U);
}

}  // namespace
}  // namespace tokgraft
