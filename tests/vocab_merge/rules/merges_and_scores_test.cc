#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

#include "tests/vocab_merge/findings.h"
#include "tests/vocab_merge/toy.h"
#include "vocab_merge/rules/detect.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(MergesAndScoresTest, C1AMergeOfTheDonorNamesAMissingPiece) {
  TokenizerSpec donor = toy::ByteLevel({{"a", "b"}});
  toy::Bpe(&donor).broken_merges = {{.index = 3, .left = "ab", .right = "c", .missing = "abc"}};
  const MergeResult merged = toy::Merged(toy::ByteLevel({{"a", "b"}}), donor);
  EXPECT_EQ(merged.conflicts.findings,
            (std::vector<Finding>{
                {.code = "C1",
                 .severity = Severity::kError,
                 .count = 1,
                 .message = "1 merges of the donor name a piece that its vocabulary lacks",
                 .action = "not used; the pieces themselves are taken as they are",
                 .examples = {"merges[3]: \"abc\""}}}));
}

TEST(MergesAndScoresTest, C2APairThatStandsTwiceOnEitherSide) {
  const TokenizerSpec plain = toy::ByteLevel({{"a", "b"}});
  TokenizerSpec twice = plain;
  toy::Bpe(&twice).merges.push_back(toy::Bpe(&twice).merges[0]);
  EXPECT_EQ(toy::Merged(twice, plain).conflicts.findings,
            (std::vector<Finding>{{.code = "C2",
                                   .severity = Severity::kWarning,
                                   .count = 1,
                                   .base_ids = {256},
                                   .message = "1 merges of the base stand in its list again",
                                   .action = "kept, with the rank that the base's library gives "
                                             "them; no new merge repeats a pair"}}));
  EXPECT_EQ(toy::Merged(plain, twice).conflicts.findings,
            (std::vector<Finding>{{.code = "C2",
                                   .severity = Severity::kWarning,
                                   .count = 1,
                                   .donor_ids = {256},
                                   .message = "1 merges of the donor stand in its list again",
                                   .action = "not used: new pieces get merges of their own"}}));
}

TEST(MergesAndScoresTest, C3MergesInAnotherOrder) {
  // Ids are the same on both sides, only the merges change places.
  const TokenizerSpec base = toy::ByteLevel({{"a", "b"}, {"c", "d"}, {"e", "f"}});
  TokenizerSpec donor = base;
  std::swap(toy::Bpe(&donor).merges[0], toy::Bpe(&donor).merges[1]);
  const MergeResult merged = toy::Merged(base, donor);
  EXPECT_EQ(
      merged.conflicts.findings,
      (std::vector<Finding>{
          {.code = "C3",
           .severity = Severity::kWarning,
           .count = 2,
           .base_ids = {256, 257},
           .donor_ids = {256, 257},
           .message = "2 of 3 shared merges stand in another order in the donor (33.33 % of all "
                      "pairs of them)",
           .action = "the base's order holds; every new merge comes after all of the base's"}}));
  EXPECT_EQ(std::get<BpeModel>(merged.tokenizer.model).merges,
            std::get<BpeModel>(base.model).merges);
}

TEST(MergesAndScoresTest, C3GoesByTheLineOfARepeatedPairThatCounts) {
  // Hugging Face ranks a pair by its last line, so here "cd" comes before "ab" on both sides.
  const TokenizerSpec plain = toy::ByteLevel({{"c", "d"}, {"a", "b"}});
  TokenizerSpec twice = plain;
  std::vector<Merge>& merges = toy::Bpe(&twice).merges;
  merges.insert(merges.begin(), merges[1]);
  EXPECT_THAT(toy::Conflicts("C3", twice, plain), IsEmpty());
  EXPECT_THAT(toy::Conflicts("C3", plain, twice), IsEmpty());
}

TEST(MergesAndScoresTest, C4SeveralMergesForOnePieceOnEitherSide) {
  const TokenizerSpec several = toy::ByteLevel({{"a", "b"}, {"b", "c"}, {"ab", "c"}, {"a", "bc"}});
  const MergeResult merged = toy::Merged(several, several);
  EXPECT_EQ(
      merged.conflicts.findings,
      (std::vector<Finding>{{.code = "C4",
                             .count = 1,
                             .base_ids = {258},
                             .message = "1 of 3 products of the base have more than one merge",
                             .action = "kept; a new piece gets only the merges that reach it"},
                            {.code = "C4",
                             .count = 1,
                             .donor_ids = {258},
                             .message = "1 of 3 products of the donor have more than one merge",
                             .action = "not used: new pieces get merges of their own"}}));
}

TEST(MergesAndScoresTest, FindRepeatsTellsARepeatedPairFromASecondOne) {
  BpeModel bpe;
  bpe.merges = {{1, 2, 10}, {3, 4, 11}, {1, 2, 10}, {5, 6, 11}, {1, 2, 10}};
  const Repeats repeats = FindRepeats(bpe);
  EXPECT_EQ(repeats.products, 2U);
  EXPECT_EQ(repeats.repeated_pairs.size(), 2U);
  EXPECT_THAT(repeats.repeated_pairs.Texts(),
              ElementsAre("merges[2]: the pair of merges[0]", "merges[4]: the pair of merges[2]"));
  EXPECT_THAT(repeats.several_pairs.ids, ElementsAre(11U));
}

TEST(MergesAndScoresTest, CountInversionsAgreesWithCountingPairs) {
  std::mt19937 random(4);
  for (std::size_t size = 0; size < 40; ++size) {
    std::vector<std::uint32_t> values(size);
    std::iota(values.begin(), values.end(), 0U);
    std::shuffle(values.begin(), values.end(), random);
    std::uint64_t pairs = 0;
    for (std::size_t i = 0; i < size; ++i) {
      for (std::size_t j = i + 1; j < size; ++j) pairs += values[i] > values[j] ? 1U : 0U;
    }
    EXPECT_EQ(CountInversions(&values), pairs) << size;
    EXPECT_TRUE(std::is_sorted(values.begin(), values.end())) << size;
  }
}

TEST(MergesAndScoresTest, LintShowsTheScores) {
  TokenizerSpec spec = toy::Characters(Spelling::kRaw, {"a", "b", "c"});
  toy::Bpe(&spec).order = BpeModel::Order::kScore;
  const auto add = [&](TokenId id, std::string_view bytes, double score) {
    spec.vocab.Add({.id = id, .bytes = bytes, .spelling = bytes, .score = score});
  };
  add(3, "ab", -1.5);
  add(4, "bc", -1.5);
  add(5, "ca", -2);
  add(6, "cc", 0);
  const LintReport report = toy::Linted(spec);
  const std::vector<LintFinding> ties = toy::Of("C5", report);
  ASSERT_EQ(ties.size(), 1U);
  EXPECT_EQ(ties[0].severity, Severity::kWarning);
  EXPECT_EQ(ties[0].message, "1 pieces have the same score as another one");
  EXPECT_THAT(ties[0].ids, ElementsAre(4U));
  EXPECT_EQ(ties[0].examples[0].text, "\"bc\" and \"ab\": -1.5");
  const std::vector<LintFinding> outranking = toy::Of("C6", report);
  ASSERT_EQ(outranking.size(), 1U);
  EXPECT_THAT(outranking[0].ids, ElementsAre(6U));
  EXPECT_EQ(outranking[0].examples[0].text, "\"cc\": 0, but \"ca\" before it: -2");
}

TEST(MergesAndScoresTest, C8OneScoreForAllPieces) {
  TokenizerSpec spec = toy::Characters(Spelling::kRaw, {"a", "b"});
  toy::Bpe(&spec).order = BpeModel::Order::kScore;
  for (const std::string_view bytes : {"ab", "ba"}) {
    spec.vocab.Add({.id = static_cast<TokenId>(spec.id_limit()),
                    .bytes = bytes,
                    .spelling = bytes,
                    .score = -1000});
  }
  const LintReport report = toy::Linted(spec);
  EXPECT_EQ(toy::Of("C8", report),
            (std::vector<LintFinding>{
                {.code = "C8",
                 .severity = Severity::kError,
                 .count = 2,
                 .ids = {2, 3},
                 .message = "2 pieces have one and the same score: the order of joins is lost",
                 .action = "convert again from the tokenizer that the model was trained with",
                 .place = toy::Of("C8", report)[0].place,
                 .examples = {{.id = 2,
                               .place = toy::Of("C8", report)[0].examples[0].place,
                               .text = "\"ab\": -1000"},
                              {.id = 3,
                               .place = toy::Of("C8", report)[0].examples[1].place,
                               .text = "\"ba\": -1000"}}}}));
  EXPECT_EQ(report.counts.at("C5"), 0U);
}

TEST(MergesAndScoresTest, InAUnigramModelATieIsANote) {
  TokenizerSpec spec = toy::Characters(Spelling::kRaw, {"a", "b"});
  spec.vocab.Add({.id = 2, .bytes = "c", .spelling = "c", .score = -1});
  spec.model = UnigramModel{};
  EXPECT_THAT(toy::Found(toy::Linted(spec)), ::testing::Contains(Pair("C5", 1)));
  EXPECT_EQ(toy::Defects("C5", spec)[0].severity, Severity::kNote);
}

}  // namespace
}  // namespace tokgraft
