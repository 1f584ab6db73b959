// The numbering of added tokens, which does not read the declared ids (tokenizers 0.23.3,
// AddedVocabulary::add_tokens).
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "tokenizer/formats/tokenizer_json_parts.h"

namespace tokgraft {
namespace {

// A vocabulary of three pieces with a hole: a 0, b 1, c 5.
std::optional<TokenId> IdOfPiece(std::string_view content) {
  if (content == "a") return 0;
  if (content == "b") return 1;
  if (content == "c") return 5;
  return std::nullopt;
}

struct Numbering {
  std::vector<AddedToken> tokens;
  std::vector<LoadNote> notes;
};
Numbering Numbered(const std::vector<AddedToken>& tokens) {
  Numbering out;
  out.tokens = NumberAddedTokens(tokens, 3, IdOfPiece, &out.notes);
  return out;
}

TEST(TokenizerJsonAddedTest, NewTokensFollowTheCountOfPiecesAndPiecesKeepTheirIds) {
  const Numbering n = Numbered({{.id = 3, .content = "<x>"},
                                {.id = 5, .content = "c", .special = true},
                                {.id = 9, .content = "<y>"}});
  EXPECT_EQ(n.tokens, (std::vector<AddedToken>{{.id = 3, .content = "<x>"},
                                               {.id = 4, .content = "<y>"},
                                               {.id = 5, .content = "c", .special = true}}));
  ASSERT_EQ(n.notes.size(), 1U);
  EXPECT_EQ(n.notes[0].kind, LoadNote::Kind::kRenumbered);
  EXPECT_EQ(n.notes[0].place, "added_tokens[2]");
  EXPECT_EQ(n.notes[0].message, "\"<y>\" is declared as 9, the reference gives it 4");
  EXPECT_EQ(n.notes[0].declared, 9U);
  EXPECT_EQ(n.notes[0].actual, 4U);
}

TEST(TokenizerJsonAddedTest, AHoleMakesTwoTokensShareAnIdAndTheLastHasIt) {
  // 3 pieces, but c has the id 5: the third new token meets it.
  const Numbering n = Numbered({{.id = 5, .content = "c"},
                                {.id = 3, .content = "<x>"},
                                {.id = 4, .content = "<y>"},
                                {.id = 5, .content = "<z>"}});
  EXPECT_EQ(n.tokens, (std::vector<AddedToken>{{.id = 3, .content = "<x>"},
                                               {.id = 4, .content = "<y>"},
                                               {.id = 5, .content = "<z>"}}));
  EXPECT_TRUE(n.notes.empty());
}

TEST(TokenizerJsonAddedTest, AContentAgainKeepsItsIdAndTakesTheNewFlags) {
  const Numbering n = Numbered({{.id = 3, .content = "<x>", .lstrip = true, .special = true},
                                {.id = 8, .content = "<x>", .rstrip = true}});
  // Once special it stays so.
  EXPECT_EQ(
      n.tokens,
      (std::vector<AddedToken>{{.id = 3, .content = "<x>", .rstrip = true, .special = true}}));
  ASSERT_EQ(n.notes.size(), 2U);
  EXPECT_EQ(n.notes[0].kind, LoadNote::Kind::kRepeated);
  EXPECT_EQ(n.notes[0].message, "\"<x>\" is given again, the last flags count");
  EXPECT_EQ(n.notes[1].kind, LoadNote::Kind::kRenumbered);
}

TEST(TokenizerJsonAddedTest, AnEmptyTokenTakesNoId) {
  const Numbering n = Numbered({{.id = 3, .content = ""}, {.id = 3, .content = "<x>"}});
  EXPECT_EQ(n.tokens, (std::vector<AddedToken>{{.id = 3, .content = "<x>"}}));
  ASSERT_EQ(n.notes.size(), 1U);
  EXPECT_EQ(n.notes[0].kind, LoadNote::Kind::kIgnored);
  EXPECT_EQ(n.notes[0].place, "added_tokens[0]");
  EXPECT_EQ(n.notes[0].actual, std::nullopt);
  EXPECT_TRUE(Numbered({}).tokens.empty());
}

TEST(TokenizerJsonAddedTest, EveryFlagIsRequired) {
  const auto error_of = [](const std::string& text) {
    const JsonDocument document = JsonDocument::Parse(text, "f").value();
    return std::string(Message(ReadAddedTokens(document.root()).status()));
  };
  const std::string flags = R"("single_word":false,"lstrip":false,"rstrip":true,"normalized":true)";
  EXPECT_EQ(error_of(R"([{"id":1,"content":"x",)" + flags + "}]"),
            "f: [0]: \"special\" is missing");
  EXPECT_EQ(error_of(R"([{"id":4294967296,"content":"x",)" + flags + R"(,"special":true}])"),
            "f: [0].id: is 4294967296, an id below 2^32 was expected");
  EXPECT_EQ(error_of("{}"), "f: is an object, an array was expected");
  const JsonDocument good =
      JsonDocument::Parse(R"([{"id":1,"content":"x",)" + flags + R"(,"special":true}])", "f")
          .value();
  EXPECT_EQ(ReadAddedTokens(good.root()).value(),
            (std::vector<AddedToken>{
                {.id = 1, .content = "x", .rstrip = true, .normalized = true, .special = true}}));
}

}  // namespace
}  // namespace tokgraft
