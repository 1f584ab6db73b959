#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/vocab_merge/findings.h"
#include "tests/vocab_merge/toy.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(ReachabilityTest, B1APieceWithAByteThatTheBaseCannotSpell) {
  const TokenizerSpec base = toy::Without(toy::ByteLevel({}), 'z');
  const TokenizerSpec donor = toy::ByteLevel({{"a", "b"}, {"a", "z"}});
  const MergeResult merged = toy::Merged(base, donor);
  EXPECT_EQ(toy::Of("B1", merged.conflicts),
            (std::vector<Finding>{
                {.code = "B1",
                 .severity = Severity::kWarning,
                 .count = 2,
                 .donor_ids = {'z', 257},
                 .message = "2 donor pieces cannot be made of valid text by joins of the base",
                 .action = "not added: nothing would emit them",
                 .examples = {"\"z\"", "\"az\""},
                 .witness = "z"}}));
  ASSERT_EQ(merged.id_map.added.size(), 1U);
  EXPECT_EQ(merged.id_map.added[0].bytes, "ab");
}

TEST(ReachabilityTest, B3APieceThatTheBaseCuts) {
  const MergeResult merged = toy::Merged(toy::ByteLevel({}), toy::ByteLevel({{"a", "."}}));
  EXPECT_EQ(merged.conflicts.findings,
            (std::vector<Finding>{
                {.code = "B3",
                 .severity = Severity::kWarning,
                 .count = 1,
                 .donor_ids = {256},
                 .message = "1 donor pieces are cut by the merged tokenizer's pre-tokenizer",
                 .action = "not added: nothing would emit them, in any of the contexts tried",
                 .examples = {"\"a.\""},
                 .witness = "a."}}));
  EXPECT_EQ(merged.id_map.donor_to_merged[256], std::nullopt);
}

TEST(ReachabilityTest, B4DigitsThatTheBaseCuts) {
  TokenizerSpec base = toy::ByteLevel({});
  pre_tokenizer::Digits digits;
  digits.individual_digits = true;
  base.pre_tokenizers.insert(base.pre_tokenizers.begin(), digits);
  const MergeResult merged =
      toy::Merged(base, toy::ByteLevel({{"1", "2"}, {"\xD9", "\xA1"}, {"\xD9\xA1", "1"}}));
  // U+0661 is one digit and may be a piece; followed by another one it is cut.
  EXPECT_EQ(
      toy::Of("B4", merged.conflicts),
      (std::vector<Finding>{
          {.code = "B4",
           .severity = Severity::kWarning,
           .count = 2,
           .donor_ids = {256, 258},
           .message = "2 donor pieces of digits are cut by the merged tokenizer's rule for digits",
           .action = "not added: nothing would emit them; --digits widen takes longer runs",
           .examples = {"\"12\"", "\"\u06611\""},
           .witness = "12"}}));
  EXPECT_THAT(toy::Found(merged.conflicts), ElementsAre(Pair("B4", 2), Pair("D4", 1)));
}

TEST(ReachabilityTest, B5APieceThatTheBaseRewritesIsMappedToWhatItBecomes) {
  TokenizerSpec base = toy::ByteLevel({{"\xC3", "\xA9"}}, /*use_regex=*/false);
  base.normalizers = {normalizer::Unicode{normalizer::UnicodeForm::kNfc}};
  const TokenizerSpec donor = toy::ByteLevel({{"e", "\xCC"}, {"e\xCC", "\x81"}});
  const MergeResult merged = toy::Merged(base, donor);
  EXPECT_EQ(toy::Of("B5", merged.conflicts),
            (std::vector<Finding>{
                {.code = "B5",
                 .severity = Severity::kWarning,
                 .count = 1,
                 .donor_ids = {257},
                 .message = "1 donor pieces are changed by the merged tokenizer's normalizer",
                 .action = "not added; where the result is a piece, id_map.json maps them to it",
                 .examples = {"\"e\u0301\" becomes \"\u00E9\""},
                 .witness = "e\u0301"}}));
  EXPECT_EQ(merged.id_map.donor_to_merged[257], 256U);
}

TEST(ReachabilityTest, B6APieceAroundAnAddedToken) {
  TokenizerSpec base = toy::ByteLevel({});
  base.vocab.Add({.id = 256, .bytes = "ab", .spelling = "ab", .kind = PieceKind::kUserDefined});
  base.added_tokens = {{.id = 256, .content = "ab"}};
  EXPECT_EQ(
      toy::Conflicts("B6", base, toy::ByteLevel({{"a", "b"}, {"ab", "c"}})),
      (std::vector<Finding>{
          {.code = "B6",
           .severity = Severity::kWarning,
           .count = 1,
           .donor_ids = {257},
           .message = "1 donor pieces contain an added token of the base, which is found first",
           .action = "not added: nothing would emit them",
           .examples = {"\"abc\""},
           .witness = "abc"}}));
}

TEST(ReachabilityTest, B8APartOfACharacterIsAddedWhereATextShowsIt) {
  const TokenizerSpec base = toy::ByteLevel({}, /*use_regex=*/false);
  const MergeResult merged =
      toy::Merged(base, toy::ByteLevel({{"\xE4", "\xB8"}, {"\xFF", "\xFE"}}));
  EXPECT_EQ(toy::Of("B8", merged.conflicts),
            (std::vector<Finding>{
                {.code = "B8",
                 .count = 1,
                 .donor_ids = {256},
                 .message = "1 new pieces begin or end inside a character",
                 .action = "added: each has a text, valid UTF-8, whose encoding contains it",
                 .examples = {"\"\\xe4\\xb8\""}},
                {.code = "B8",
                 .severity = Severity::kWarning,
                 .count = 1,
                 .donor_ids = {257},
                 .message = "1 donor pieces begin or end inside a character",
                 .action = "not added: no valid text was found whose encoding contains them",
                 .examples = {"\"\\xff\\xfe\""}}}));
  ASSERT_EQ(merged.id_map.added.size(), 1U);
  EXPECT_EQ(merged.id_map.added[0].donor_id, 256U);
}

TEST(ReachabilityTest, ARefusedPieceHasOneOfTheCodesHoweverManyStagesStopIt) {
  TokenizerSpec base = toy::ByteLevel({});
  base.normalizers = {normalizer::Lowercase{}};
  base.added_tokens = {{.id = 256, .content = "B."}};
  // An added token, a normalizer and a cut stand in the way of the last piece; the first counts.
  const MergeResult merged = toy::Merged(base, toy::ByteLevel({{"B", "."}, {"A", "B."}}));
  EXPECT_THAT(toy::Of("B5", merged.conflicts), IsEmpty());
  EXPECT_THAT(toy::Of("B3", merged.conflicts), IsEmpty());
  const std::vector<Finding> found = toy::Of("B6", merged.conflicts);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found[0].donor_ids, ElementsAre(257U));
}

}  // namespace
}  // namespace tokgraft
