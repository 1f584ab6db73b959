#include "vocab_merge/extend/whole_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/vocab_merge/toy.h"
#include "tests/vocab_merge/toy_whole.h"
#include "tokenizer/tokenizer.h"
#include "vocab_merge/merge.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;

MergeResult WholeMerge(const TokenizerSpec& base, const TokenizerSpec& donor,
                       const MergeOptions& options = {}) {
  const StatusOr<MergeResult> out = MergeTokenizers(base, donor, options);
  EXPECT_TRUE(out.ok()) << out.status();
  return out.ok() ? *out : MergeResult{};
}

std::vector<std::string> WholeSpellings(const MergeResult& merged) {
  std::vector<std::string> out;
  for (const AddedPiece& piece : merged.id_map.added) {
    out.emplace_back(merged.tokenizer.vocab.Get(piece.id)->spelling);
  }
  return out;
}

const Finding& WholeFinding(const MergeResult& merged, std::string_view code) {
  for (const Finding& finding : merged.conflicts.findings) {
    if (finding.code == code) return finding;
  }
  static const auto& none = *new Finding{};
  return none;
}

TEST(WholePlanTest, APieceThatCutsProtectedTextIsLeftOut) {
  const TokenizerSpec base = toy::WordPiece({"a", "ab", "##c", "##A", "##cA"});
  const TokenizerSpec donor = toy::WordPiece({"abc", "##cAA"});
  EXPECT_THAT(WholeSpellings(WholeMerge(base, donor)), ElementsAre("abc", "##cAA"));
  const MergeResult merged = WholeMerge(base, donor, {.protect = {"a abcA a"}});
  EXPECT_THAT(WholeSpellings(merged), ElementsAre("##cAA"));
  const Finding& finding = WholeFinding(merged, "C9");
  EXPECT_THAT(finding.donor_ids, ElementsAre(1));
  EXPECT_EQ(finding.message, "1 donor pieces would cut the protected text where the base does not");
  EXPECT_EQ(finding.action, "left out: the protected text keeps the boundaries it had");
  EXPECT_EQ(finding.witness, "a abcA a");
  EXPECT_THAT(finding.examples, ElementsAre("\"abc\" in \"a abcA a\""));
  EXPECT_EQ(merged.certificate.new_cuts, 0U);
}

TEST(WholePlanTest, NewPiecesComeInTheDonorsOrder) {
  const TokenizerSpec base = toy::Unigram({{"a", -3}, {"b", -3}, {"c", -3}});
  const TokenizerSpec donor = toy::Unigram({{"cc", -5}, {"ab", -1}, {"bb", -2}, {"a", -9}});
  const MergeResult merged = WholeMerge(base, donor);
  EXPECT_THAT(WholeSpellings(merged), ElementsAre("ab", "bb", "cc"));
  EXPECT_THAT(merged.id_map.donor_to_merged, ElementsAre(0, 6, 4, 5, 1));
  EXPECT_THAT(merged.id_map.base_to_merged, ElementsAre(0, 1, 2, 3));
}

TEST(WholePlanTest, ABudgetTakesTheBestThatCanBeHad) {
  const TokenizerSpec base = toy::Unigram({{"a", -1}, {"b", -3}, {"c", -3}});
  const TokenizerSpec donor = toy::Unigram({{"aa", -1}, {"bb", -2}, {"cc", -3}, {"bc", -4}});
  EXPECT_THAT(WholeSpellings(WholeMerge(base, donor, {.budget = 2})), ElementsAre("bb", "cc"));
  // On a corpus those that save most, still in the donor's order.
  const std::vector<std::string_view> corpus = {"bcbc", "cc"};
  EXPECT_THAT(WholeSpellings(WholeMerge(base, donor, {.budget = 2, .corpus = corpus})),
              ElementsAre("cc", "bc"));
}

TEST(WholePlanTest, WhatTheNormalizerMakesOfAPieceIsWhereItsRowGoes) {
  TokenizerSpec base = toy::WordPiece({"ab", "##ab"});
  base.normalizers.emplace_back().emplace<normalizer::Lowercase>();
  const TokenizerSpec donor = toy::Characters(Spelling::kByteLevel, {" AB", "AB", " aB", "abab"});
  const MergeResult merged = WholeMerge(base, donor);
  EXPECT_THAT(WholeSpellings(merged), ElementsAre("##abab"));
  EXPECT_THAT(merged.id_map.donor_to_merged, ElementsAre(1, 2, 1, 3));
  EXPECT_THAT(WholeFinding(merged, "B5").donor_ids, ElementsAre(0, 1, 2));
  EXPECT_TRUE(merged.id_map.added[0].inside_word);
}

TEST(WholePlanTest, WhatCannotBeSpelledHasItsCode) {
  const TokenizerSpec base = toy::Unigram({{"a", -3}, {"b", -3}});
  const TokenizerSpec donor = toy::Characters(Spelling::kByteLevel, {"\xE4\xB8", "ab"});
  const MergeResult merged = WholeMerge(base, donor);
  EXPECT_THAT(WholeFinding(merged, "B1").donor_ids, ElementsAre(0));
  EXPECT_EQ(WholeFinding(merged, "B1").message,
            "1 donor pieces come out of no text: the base cannot spell them, or another cut has a "
            "better score");
  EXPECT_THAT(WholeFinding(merged, "B8").donor_ids, ElementsAre(0));
}

TEST(WholePlanTest, APlanIsForOneBase) {
  const TokenizerSpec base = toy::Unigram({{"a", -3}, {"b", -3}});
  const TokenizerSpec donor = toy::Unigram({{"ab", -1}, {"ba", -2}});
  const Alignment alignment = *Align(base, donor);
  MergePlan plan = *PlanMerge(base, donor, alignment, *Select(base, donor, alignment));
  EXPECT_EQ(Apply(base, plan)->vocab.size(), 5U);
  MergePlan other;
  other.id_map.base_size = 9;
  EXPECT_EQ(Message(Apply(donor, other).status()),
            "plan: new ids start at 9, but the base has 3 ids; it was made for another base");
  std::swap(plan.id_map.added[0], plan.id_map.added[1]);
  EXPECT_EQ(Message(Apply(base, plan).status()),
            "plan: added id 4 stands where 3 was expected; the plan was edited");
  std::swap(plan.id_map.added[0], plan.id_map.added[1]);
  EXPECT_EQ(Message(Apply(donor, plan).status()),
            "plan: piece 3 exists in the base, or cannot be spelled there; the plan was made for "
            "another base");
}

}  // namespace
}  // namespace tokgraft
