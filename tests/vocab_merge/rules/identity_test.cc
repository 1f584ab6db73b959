#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/vocab_merge/findings.h"
#include "tests/vocab_merge/toy.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(IdentityTest, A1AndA2PiecesAndIdsThatAreCrossed) {
  const TokenizerSpec base = toy::ByteLevel({{"a", "b"}, {"c", "d"}, {"x", "y"}});
  const TokenizerSpec donor = toy::ByteLevel({{"c", "d"}, {"a", "b"}, {"x", "y"}});
  const MergeResult merged = toy::Merged(base, donor);
  EXPECT_EQ(toy::Of("A1", merged.conflicts),
            (std::vector<Finding>{
                {.code = "A1",
                 .count = 2,
                 .base_ids = {256, 257},
                 .donor_ids = {256, 257},
                 .message = "2 of 259 tokens that both have stand on another id in the donor",
                 .action = "the base's id stands for both; id_map.json says which",
                 .examples = {"\"cd\": donor 256, base 257", "\"ab\": donor 257, base 256"}}}));
  EXPECT_EQ(toy::Of("A2", merged.conflicts),
            (std::vector<Finding>{
                {.code = "A2",
                 .count = 2,
                 .base_ids = {256, 257},
                 .donor_ids = {256, 257},
                 .message = "2 ids stand for other pieces in the donor",
                 .action = "donor ids are not used; id_map.json has the ids of new pieces",
                 .examples = {"256: \"ab\" in the base, \"cd\" in the donor",
                              "257: \"cd\" in the base, \"ab\" in the donor"}}}));
  EXPECT_EQ(merged.id_map.donor_to_merged[256], 257U);
  EXPECT_THAT(toy::Found(merged.conflicts),
              ElementsAre(Pair("A1", 2), Pair("A2", 2), Pair("C3", 2)));
}

TEST(IdentityTest, A3TheSamePieceInAnotherSpelling) {
  const TokenizerSpec base = toy::Characters(Spelling::kRaw, {"a", " "});
  const TokenizerSpec donor = toy::Characters(Spelling::kMetaspace, {"a", " "});
  const MergeResult merged = toy::Merged(base, donor);
  EXPECT_EQ(merged.conflicts.findings,
            (std::vector<Finding>{
                {.code = "A3",
                 .count = 1,
                 .base_ids = {1},
                 .donor_ids = {1},
                 .message = "1 shared pieces are spelled in another way in the donor",
                 .action = "compared by their bytes; new pieces are spelled as the base spells",
                 .examples = {"\"\u2581\" in the donor, \" \" in the base"}}}));
}

TEST(IdentityTest, A4TheSameSpellingForOtherBytes) {
  const TokenizerSpec base = toy::Characters(Spelling::kMetaspace, {"a", "\u00E9"});
  const TokenizerSpec donor = toy::Characters(Spelling::kByteLevel, {"a", "\xE9"});
  EXPECT_EQ(toy::Conflicts("A4", base, donor),
            (std::vector<Finding>{
                {.code = "A4",
                 .severity = Severity::kWarning,
                 .count = 1,
                 .base_ids = {1},
                 .donor_ids = {1},
                 .message = "1 pieces have the same spelling but other bytes",
                 .action = "not joined: a comparison of spellings would have taken them for one",
                 .examples = {"\"\u00E9\" is \"\u00E9\" in the base, \"\\xe9\" in the donor"}}}));
  EXPECT_THAT(toy::Conflicts("A3", base, donor), IsEmpty());
}

TEST(IdentityTest, A5SeveralPiecesForTheSameBytesOnEitherSide) {
  // <0x61> is id 98; the character is what encoding prefers.
  const TokenizerSpec spec = toy::Metaspace({"a"}, {});
  const std::vector<std::string> examples = {"\"<0x61>\" (98) beside id 257"};
  EXPECT_EQ(
      toy::Merged(spec, spec).conflicts.findings,
      (std::vector<Finding>{
          {.code = "A5",
           .count = 1,
           .base_ids = {98},
           .message = "1 base pieces have the same bytes as a preferred one",
           .action = "kept; the piece that encoding prefers stands for the bytes",
           .examples = examples},
          {.code = "A5",
           .count = 1,
           .donor_ids = {98},
           .message = "1 donor pieces have the same bytes as a preferred one",
           .action = "compared once; all of them are mapped to one id of the merged vocabulary",
           .examples = examples}}));
}

TEST(IdentityTest, A6APieceThatStandsTwiceInTheDonor) {
  TokenizerSpec donor = toy::Ranks({});
  donor.vocab.Add({.id = 256, .bytes = "a", .spelling = "a"});
  const MergeResult merged = toy::Merged(toy::Ranks({}), donor);
  EXPECT_EQ(toy::Of("A6", merged.conflicts),
            (std::vector<Finding>{{.code = "A6",
                                   .severity = Severity::kError,
                                   .count = 1,
                                   .donor_ids = {97},
                                   .message = "1 pieces stand twice in the donor's file",
                                   .action = "the first one was used",
                                   .examples = {"\"a\" on ids 97 and 256"}}}));
  EXPECT_EQ(merged.id_map.donor_to_merged[97], 97U);
  EXPECT_EQ(merged.id_map.donor_to_merged[256], 97U);
}

TEST(IdentityTest, A6AnEntryThatTheLoaderReadTwice) {
  TokenizerSpec spec = toy::ByteLevel({});
  spec.notes = {{.kind = LoadNote::Kind::kRepeated,
                 .place = "model.vocab[\"a\"]",
                 .message = "given twice",
                 .declared = std::nullopt,
                 .actual = 97}};
  const auto expected = [](bool base) {
    Finding finding{.code = "A6",
                    .severity = Severity::kWarning,
                    .count = 1,
                    .action = "read as the reference library reads it",
                    .examples = {"model.vocab[\"a\"]: given twice"}};
    finding.message = base ? "1 entries stand again in the base's file"
                           : "1 entries stand again in the donor's file";
    (base ? finding.base_ids : finding.donor_ids) = {97};
    return std::vector<Finding>{finding};
  };
  const TokenizerSpec plain = toy::ByteLevel({});
  EXPECT_EQ(toy::Merged(spec, plain).conflicts.findings, expected(true));
  EXPECT_EQ(toy::Merged(plain, spec).conflicts.findings, expected(false));
}

TEST(IdentityTest, A7TellsCanonicalFromCompatibleForms) {
  const TokenizerSpec base = toy::ByteLevel({{"\xC3", "\xA9"}, {"f", "i"}}, /*use_regex=*/false);
  const TokenizerSpec donor = toy::ByteLevel({{"\xCC", "\x81"},
                                              {"e", "\xCC\x81"},       // 257, U+00E9 in NFC
                                              {"\xEF", "\xAC"},        // 258
                                              {"\xEF\xAC", "\x81"}});  // 259, "fi" in NFKC only
  EXPECT_EQ(
      toy::Conflicts("A7", base, donor),
      (std::vector<Finding>{
          {.code = "A7",
           .severity = Severity::kWarning,
           .count = 1,
           .donor_ids = {257},
           .message = "1 donor pieces equal another piece after Unicode normalization (NFC)",
           .action = "added only where the base's normalizer leaves them as they are; a piece that "
                     "it rewrites is mapped to the id of what it becomes",
           .examples = {"\"e\u0301\" (3 bytes) and \"\u00E9\" (2 bytes)"}},
          {.code = "A7",
           .count = 1,
           .donor_ids = {259},
           .message = "1 donor pieces equal another piece after compatibility normalization (NFKC) "
                      "only",
           .action = "treated like all others: other characters, told apart by the base",
           .examples = {"\"\uFB01\" (3 bytes) and \"fi\" (2 bytes)"}}}));
}

TEST(IdentityTest, A8OfTwoPiecesOnOneIdTheFirstCounts) {
  TokenizerSpec donor = toy::ByteLevel({});
  donor.vocab.Add({.id = 'a', .bytes = "zz", .spelling = "zz"});
  const MergeResult merged = toy::Merged(toy::ByteLevel({}), donor);
  // The second piece is not used, so it is no other conflict either.
  EXPECT_EQ(merged.conflicts.findings, (std::vector<Finding>{{.code = "A8",
                                                              .severity = Severity::kError,
                                                              .count = 1,
                                                              .donor_ids = {97},
                                                              .message = "1 ids of the donor have "
                                                                         "two pieces",
                                                              .action = "the first one was used",
                                                              .examples = {"97: \"a\", \"zz\""}}}));
  EXPECT_EQ(merged.id_map.donor_to_merged[97], 97U);
  EXPECT_THAT(merged.id_map.added, IsEmpty());
}

TEST(IdentityTest, LintNamesThePlaceAndWhatToDo) {
  TokenizerSpec spec = toy::ByteLevel({});
  spec.vocab.Add({.id = 'a', .bytes = "zz", .spelling = "zz"});
  EXPECT_EQ(toy::Defects("A8", spec),
            (std::vector<LintFinding>{
                {.code = "A8",
                 .severity = Severity::kError,
                 .count = 1,
                 .ids = {97},
                 .message = "1 ids have two pieces",
                 .action = "give each piece an id of its own: one of the two decodes as the other",
                 .place = "model.vocab[\"zz\"]",
                 .examples = {
                     {.id = 97, .place = "model.vocab[\"zz\"]", .text = "97: \"a\", \"zz\""}}}}));
}

}  // namespace
}  // namespace tokgraft
