#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/vocab_merge/findings.h"
#include "tests/vocab_merge/toy.h"
#include "vocab_merge/rules/detect.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A note of the loader: the file gives an added token an id, the reference another.
TokenizerSpec WithIgnoredId() {
  TokenizerSpec spec = toy::ByteLevel({});
  spec.notes = {{.kind = LoadNote::Kind::kRenumbered,
                 .place = "added_tokens[0]",
                 .message = "id 500 is ignored",
                 .declared = 500,
                 .actual = 97}};
  return spec;
}

TEST(AlphabetAndIdsTest, D1BytesWithoutAPieceOnEitherSide) {
  const TokenizerSpec whole = toy::ByteLevel({});
  const TokenizerSpec part = toy::Without(toy::Without(whole, 0xFE), 0xFF);
  EXPECT_EQ(toy::Conflicts("D1", part, whole),
            (std::vector<Finding>{
                {.code = "D1",
                 .severity = Severity::kWarning,
                 .count = 2,
                 .message = "2 of 256 bytes have no piece in the base",
                 .action = "left as it is, so that old text keeps its ids; pieces with such a byte "
                           "are not added",
                 .examples = {"\"\\xfe\"", "\"\\xff\""}}}));
  EXPECT_EQ(toy::Merged(whole, part).conflicts.findings,
            (std::vector<Finding>{{.code = "D1",
                                   .severity = Severity::kWarning,
                                   .count = 2,
                                   .message = "2 of 256 bytes have no piece in the donor",
                                   .action = "of no consequence for the merged vocabulary",
                                   .examples = {"\"\\xfe\"", "\"\\xff\""}}}));
}

TEST(AlphabetAndIdsTest, D2BytePiecesWithoutAPieceOnEitherSide) {
  const TokenizerSpec whole = toy::Metaspace({}, {});
  const TokenizerSpec part = toy::Without(whole, 1 + 0xE4);
  EXPECT_EQ(toy::Conflicts("D2", part, whole),
            (std::vector<Finding>{
                {.code = "D2",
                 .severity = Severity::kWarning,
                 .count = 1,
                 .message = "1 of 256 bytes have no piece in the base",
                 .action = "left as it is, so that old text keeps its ids; pieces with such a byte "
                           "are not added",
                 .examples = {"\"\\xe4\""}}}));
  EXPECT_EQ(toy::Merged(whole, part).conflicts.findings,
            (std::vector<Finding>{{.code = "D2",
                                   .severity = Severity::kWarning,
                                   .count = 1,
                                   .message = "1 of 256 bytes have no piece in the donor",
                                   .action = "of no consequence for the merged vocabulary",
                                   .examples = {"\"\\xe4\""}}}));
}

TEST(AlphabetAndIdsTest, ACharacterBelow0x80NeedsNoBytePiece) {
  EXPECT_THAT(toy::Conflicts("D2", toy::Without(toy::Metaspace({"a"}, {}), 1 + 'a'),
                             toy::Metaspace({}, {})),
              IsEmpty());
}

TEST(AlphabetAndIdsTest, D3HolesOfTheBaseStayEmpty) {
  TokenizerSpec base = toy::ByteLevel({});
  base.vocab.Add({.id = 258, .bytes = "th", .spelling = "th"});
  toy::Bpe(&base).merges = {{.left = 't', .right = 'h', .product = 258}};
  const MergeResult merged = toy::Merged(base, toy::ByteLevel({{"a", "b"}}));
  EXPECT_EQ(toy::Of("D3", merged.conflicts),
            (std::vector<Finding>{
                {.code = "D3",
                 .severity = Severity::kWarning,
                 .count = 2,
                 .base_ids = {256, 257},
                 .message = "2 ids below 259 have no piece in the base",
                 .action = "kept empty, base ids never move; new ids start above all of them. A "
                           "later add_tokens of Hugging Face counts pieces and would collide"}}));
  EXPECT_EQ(merged.id_map.added[0].id, 259U);
  EXPECT_EQ(merged.id_map.base_to_merged[257], std::nullopt);
}

TEST(AlphabetAndIdsTest, D4TellsHowManyRowsAreNeeded) {
  EXPECT_EQ(toy::Merged(toy::ByteLevel({}), toy::ByteLevel({{"a", "b"}})).conflicts.findings,
            (std::vector<Finding>{
                {.code = "D4",
                 .count = 1,
                 .message = "the merged vocabulary has 1 ids more, 257 in all",
                 .action = "the embedding needs as many rows or more: `init` or `graft` makes them "
                           "and writes vocab_size"}}));
}

TEST(AlphabetAndIdsTest, D5AnIdThatTheLoaderIgnoredOnEitherSide) {
  const auto expected = [](bool base) {
    Finding finding{.code = "D5",
                    .severity = Severity::kWarning,
                    .count = 1,
                    .action = "the id that the reference library gives was used",
                    .examples = {"added_tokens[0]: id 500 is ignored"}};
    finding.message = std::string("1 added tokens of the ") + (base ? "base" : "donor") +
                      " declare an id that the reference library ignores";
    (base ? finding.base_ids : finding.donor_ids) = {97};
    return std::vector<Finding>{finding};
  };
  const TokenizerSpec plain = toy::ByteLevel({});
  EXPECT_EQ(toy::Merged(WithIgnoredId(), plain).conflicts.findings, expected(true));
  EXPECT_EQ(toy::Merged(plain, WithIgnoredId()).conflicts.findings, expected(false));
}

TEST(AlphabetAndIdsTest, D5AnIdThatTheVocabularyContradicts) {
  TokenizerSpec spec = toy::ByteLevel({});
  spec.added_tokens = {{.id = 7, .content = "a"}};
  const Detected ignored = IgnoredIds(spec);
  EXPECT_THAT(ignored.ids, ElementsAre(97U));
  EXPECT_THAT(ignored.Texts(),
              ElementsAre("added_tokens[0]: \"a\": 7 declared, 97 in the vocabulary"));
}

TEST(AlphabetAndIdsTest, D13ANewPieceWithASpaceMakesTheMergesPairs) {
  TokenizerSpec base = toy::Characters(Spelling::kRaw, {"a", " "});
  toy::Bpe(&base).merges_as_pairs = false;
  const MergeResult merged =
      toy::Merged(base, toy::Characters(Spelling::kRaw, {"a", " "}, {{"a", "a"}, {"a", " "}}));
  EXPECT_EQ(toy::Of("D13", merged.conflicts),
            (std::vector<Finding>{
                {.code = "D13",
                 .count = 1,
                 .message = "1 new pieces hold a space, which merges written as \"a b\" cannot say",
                 .action = "merges are written as pairs, which tokenizers 0.20 and later read",
                 .examples = {"\"a \""}}}));
  EXPECT_TRUE(std::get<BpeModel>(merged.tokenizer.model).merges_as_pairs);
}

TEST(AlphabetAndIdsTest, D17AddedTokensAreMadePartOfTheVocabulary) {
  TokenizerSpec base = toy::ByteLevel({});
  base.added_tokens = {{.id = 256, .content = "<x>"}};
  const MergeResult merged = toy::Merged(base, toy::ByteLevel({}));
  EXPECT_EQ(merged.conflicts.findings,
            (std::vector<Finding>{
                {.code = "D17",
                 .count = 1,
                 .base_ids = {256},
                 .message = "1 added tokens of the base are not in its model.vocab",
                 .action = "made part of model.vocab at their ids: readers would number them from "
                           "the size of the vocabulary, onto new pieces",
                 .examples = {"\"<x>\" (256)"}}}));
  EXPECT_EQ(merged.tokenizer.vocab.FindSpelling("<x>"), 256U);
}

TEST(AlphabetAndIdsTest, LintSaysWhetherAMissingByteIsDroppedOrUnknown) {
  TokenizerSpec spec = toy::Without(toy::ByteLevel({}), 255);
  EXPECT_EQ(toy::Defects("D1", spec)[0].message,
            "1 of 256 bytes have no piece; text with them is dropped without a word");
  toy::Bpe(&spec).unk = 0;
  EXPECT_EQ(toy::Defects("D1", spec)[0].message,
            "1 of 256 bytes have no piece; text with them is unknown");
}

TEST(AlphabetAndIdsTest, LintTakesHolesForANoteWhereNobodyNumbersByTheCount) {
  TokenizerSpec spec = toy::Ranks({});
  spec.vocab.Add({.id = 257, .bytes = "ab", .spelling = "ab"});
  EXPECT_EQ(toy::Defects("D3", spec),
            (std::vector<LintFinding>{{.code = "D3",
                                       .severity = Severity::kNote,
                                       .count = 1,
                                       .ids = {256},
                                       .message = "1 ids below 258 have no piece",
                                       .action = "nothing, or fill them with named reserved pieces",
                                       .place = "lines"}}));
  spec.format = Format::kTokenizerJson;
  EXPECT_EQ(toy::Defects("D3", spec)[0].severity, Severity::kWarning);
}

TEST(AlphabetAndIdsTest, AHugeHoleIsCountedAndNotAllListed) {
  std::vector<ListedToken> tokens(2);
  tokens[1].id = 4'000'000'000;
  const Detected holes = Holes(tokens);
  EXPECT_EQ(holes.size(), 3'999'999'999U);
  EXPECT_EQ(holes.ids.size(), std::size_t{1} << 20);
}

}  // namespace
}  // namespace tokgraft
