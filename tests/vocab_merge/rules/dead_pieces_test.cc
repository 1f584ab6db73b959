#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/vocab_merge/findings.h"
#include "tests/vocab_merge/toy.h"

namespace tokgraft {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Pair;

TokenizerSpec WithEntry(TokenizerSpec spec, std::string_view bytes, std::string_view spelling = {},
                        PieceKind kind = PieceKind::kNormal) {
  const auto id = static_cast<TokenId>(spec.id_limit());
  spec.vocab.Add(
      {.id = id, .bytes = bytes, .spelling = spelling.empty() ? bytes : spelling, .kind = kind});
  return spec;
}

TEST(DeadPiecesTest, B1IsSaidWithWhatComesOutInstead) {
  EXPECT_EQ(
      toy::Defects("B1", WithEntry(toy::ByteLevel({{"x", "y"}}), "xyz")),
      (std::vector<LintFinding>{
          {.code = "B1",
           .severity = Severity::kWarning,
           .count = 1,
           .ids = {257},
           .message = "1 pieces come out of no text: no merges lead there, or others take "
                      "their turn first; tried alone and between 13 x 13 neighbours",
           .action = "use their rows for other pieces, or remove them: they are never trained",
           .place = "model.vocab[\"xyz\"]",
           .witness = "xyz",
           .examples = {{.id = 257,
                         .place = "model.vocab[\"xyz\"]",
                         .text = "\"xyz\" encodes as \"xy\" \"z\""}}}}));
}

TEST(DeadPiecesTest, B1OfAPartOfACharacterIsANote) {
  const TokenizerSpec spec = WithEntry(toy::ByteLevel({}), "\xE4\xB8", "\u00E4\u00B8");
  EXPECT_EQ(
      toy::Defects("B1", spec),
      (std::vector<LintFinding>{
          {.code = "B1",
           .severity = Severity::kNote,
           .count = 1,
           .ids = {256},
           .message = "1 parts of characters come out of no text: no merges lead there, or "
                      "others take their turn first; tried in up to 640 completions to valid "
                      "text",
           .action = "nothing: they are steps to other pieces, and broken text may show them",
           .place = "model.vocab[\"\u00E4\u00B8\"]",
           .examples = {
               {.id = 256, .place = "model.vocab[\"\u00E4\u00B8\"]", .text = "\"\\xe4\\xb8\""}}}}));
}

TEST(DeadPiecesTest, B1SaysWhatEachModelDoesInstead) {
  TokenizerSpec unigram = toy::Characters(Spelling::kRaw, {"<unk>", "a", "b"});
  unigram.model = UnigramModel{.unk = 0};
  unigram.vocab.Add({.id = 3, .bytes = "ab", .spelling = "ab", .score = -100});
  EXPECT_EQ(toy::Defects("B1", unigram)[0].message,
            "1 pieces come out of no text: another cut always has a better score; tried alone and "
            "between 13 x 13 neighbours");
}

TEST(DeadPiecesTest, B5ShowsWhatThePieceBecomes) {
  TokenizerSpec spec = toy::ByteLevel({{"A", "b"}});
  spec.normalizers = {normalizer::Lowercase{}};
  const std::vector<LintFinding> found = toy::Defects("B5", spec);
  ASSERT_EQ(found.size(), 1U);
  // All capitals of the alphabet are dead, and the piece.
  EXPECT_EQ(found[0].count, 27U);
  EXPECT_EQ(found[0].examples.back().text, "\"Ab\" becomes \"ab\", encodes as \"a\" \"b\"");
}

TEST(DeadPiecesTest, B2ShowsWhatTheMergesMake) {
  TokenizerSpec spec = WithEntry(toy::ByteLevel({{"x", "y"}}), "xyz");
  toy::Bpe(&spec).ignore_merges = true;
  EXPECT_EQ(toy::Defects("B2", spec),
            (std::vector<LintFinding>{
                {.code = "B2",
                 .count = 1,
                 .ids = {257},
                 .message = "1 pieces come out as whole words only, because words are looked up "
                            "before they are joined (ignore_merges): their merges make something "
                            "else",
                 .action = "give them merges before the flag is dropped: a runtime without it does "
                           "not emit them",
                 .place = "model.vocab[\"xyz\"]",
                 .examples = {{.id = 257,
                               .place = "model.vocab[\"xyz\"]",
                               .text = "\"xyz\" is joined to \"xy\" \"z\""}}}}));
}

TEST(DeadPiecesTest, B7HoldsATextForEachPiece) {
  TokenizerSpec spec = toy::ByteLevel({{"a", "b"}}, /*use_regex=*/false);
  auto& split = *spec.pre_tokenizers.emplace(spec.pre_tokenizers.begin());
  split = pre_tokenizer::Split{.pattern = {.text = "_ab|a|b", .is_regex = true}};
  EXPECT_EQ(toy::Defects("B7", spec),
            (std::vector<LintFinding>{
                {.code = "B7",
                 .count = 1,
                 .ids = {256},
                 .message = "1 pieces do not come out of their own text, but of a longer one",
                 .action = "nothing; a check that encodes pieces alone takes them for dead",
                 .place = "model.vocab[\"ab\"]",
                 .witness = "_ab",
                 .examples = {{.id = 256,
                               .place = "model.vocab[\"ab\"]",
                               .text = "\"ab\" comes out of \"_ab\"",
                               .witness = "_ab"}}}}));
}

TEST(DeadPiecesTest, B8IsANoteAndLeavesSingleBytesOut) {
  EXPECT_EQ(
      toy::Defects("B8", toy::ByteLevel({{"\xE4", "\xB8"}})),
      (std::vector<LintFinding>{
          {.code = "B8",
           .count = 1,
           .ids = {256},
           .message = "1 pieces of several bytes begin or end inside a character",
           .action = "nothing; never let a model emit one where its neighbours do not "
                     "complete the character",
           .place = "model.vocab[\"\u00E4\u00B8\"]",
           .examples = {
               {.id = 256, .place = "model.vocab[\"\u00E4\u00B8\"]", .text = "\"\\xe4\\xb8\""}}}}));
}

TEST(DeadPiecesTest, UnusedPiecesAreAskedOnlyWhereNoneIsDeclaredSo) {
  // tokenizer.json has no unused pieces: this one has a spelling outside of the alphabet.
  TokenizerSpec spec =
      WithEntry(toy::ByteLevel({}), "\u4e2d\u6587", "\u4e2d\u6587", PieceKind::kUnused);
  EXPECT_THAT(toy::Found(toy::Linted(spec)), Contains(Pair("B1", 1)));
  spec.format = Format::kGguf;
  EXPECT_THAT(toy::Defects("B1", spec), IsEmpty());
}

TEST(DeadPiecesTest, APieceInsideAWordIsTriedBehindOne) {
  TokenizerSpec spec;
  spec.spelling = Spelling::kWordPiece;
  spec.model = WordPieceModel{};
  spec = WithEntry(std::move(spec), "[UNK]", "[UNK]", PieceKind::kUnknown);
  spec = WithEntry(std::move(spec), "word");
  spec = WithEntry(std::move(spec), "s", "##s");
  // Behind anything but "word" it is unknown, and there it is at its place: neither B1 nor B7.
  EXPECT_THAT(toy::Linted(spec).findings, IsEmpty());
}

TEST(DeadPiecesTest, WhatCannotBeEncodedWithIsNotTried) {
  TokenizerSpec spec = toy::ByteLevel({});
  spec.normalizers = {UnknownStage{.type = "Reverse", .json = "{}"}};
  const LintReport report = toy::Linted(spec);
  EXPECT_EQ(report.not_checked[0].codes,
            (std::vector<std::string>{"B1", "B2", "B3", "B4", "B5", "B6", "B7", "D12"}));
  EXPECT_THAT(report.not_checked[0].reason, ::testing::HasSubstr("it cannot be encoded with: "));
  EXPECT_THAT(report.not_checked[0].reason, ::testing::HasSubstr("Reverse"));
  EXPECT_TRUE(report.counts.contains("B8"));  // read off, not tried
}

TEST(DeadPiecesTest, D12ASplitterThatCutsManyPiecesIsAnothers) {
  // 120 pieces of a letter and a digit, which GPT-2's splitter takes apart.
  toy::Pairs merges;
  for (char letter = 'a'; letter <= 'l'; ++letter) {
    for (char digit = '0'; digit <= '9'; ++digit) {
      merges.emplace_back(std::string(1, letter), std::string(1, digit));
    }
  }
  const std::vector<LintFinding> found = toy::Defects("D12", toy::ByteLevel(merges));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].count, 120U);
  EXPECT_EQ(found[0].place, "pre_tokenizer");
  EXPECT_THAT(toy::Defects("D12", toy::ByteLevel(merges, /*use_regex=*/false)),
              ::testing::IsEmpty());
  merges.resize(90);
  EXPECT_THAT(toy::Defects("D12", toy::ByteLevel(merges)), ::testing::IsEmpty());
}

}  // namespace
}  // namespace tokgraft
