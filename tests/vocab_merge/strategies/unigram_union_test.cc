#include "vocab_merge/strategies/unigram_union.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "tests/vocab_merge/toy.h"
#include "tests/vocab_merge/toy_whole.h"
#include "vocab_merge/merge.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;

MergeResult UnionTestUnite(const TokenizerSpec& base, const TokenizerSpec& donor,
                           MergeOptions options = {}) {
  options.strategy = "union";
  const StatusOr<MergeResult> out = MergeTokenizers(base, donor, options);
  EXPECT_TRUE(out.ok()) << out.status();
  return out.ok() ? *out : MergeResult{};
}

std::string UnionTestError(const TokenizerSpec& base, const TokenizerSpec& donor,
                           MergeOptions options = {}) {
  options.strategy = "union";
  return std::string(Message(MergeTokenizers(base, donor, options).status()));
}

double UnionTestSum(const TokenizerSpec& spec) {
  double sum = 0;
  for (std::size_t i = 0; i < spec.vocab.size(); ++i) {
    const Piece piece = spec.vocab.entry(i);
    if (piece.kind == PieceKind::kNormal) sum += std::exp(piece.score);
  }
  return sum;
}

const TokenizerSpec& UnionBase() {
  static const auto& spec = *new TokenizerSpec(
      toy::Unigram({{"a", std::log(0.5)}, {"b", std::log(0.3)}, {"ab", std::log(0.2)}}));
  return spec;
}
const TokenizerSpec& UnionDonor() {
  static const auto& spec = *new TokenizerSpec(
      toy::Unigram({{"bb", std::log(0.5)}, {"a", std::log(0.25)}, {"b", std::log(0.25)}}));
  return spec;
}

TEST(UnigramUnionTest, ScoresAreMixedAndAddUpToOne) {
  const MergeResult merged = UnionTestUnite(UnionBase(), UnionDonor());
  ASSERT_EQ(merged.id_map.added.size(), 1U);
  EXPECT_EQ(merged.id_map.strategy, "union");
  EXPECT_EQ(merged.id_map.added[0].bytes, "bb");
  EXPECT_EQ(merged.id_map.added[0].id, 4U);
  EXPECT_THAT(merged.id_map.donor_to_merged, ElementsAre(0, 4, 1, 2));
  EXPECT_THAT(merged.id_map.base_to_merged, ElementsAre(0, 1, 2, 3));
  // Missing sides: ab of the donor is a b, 0.25 * 0.25; bb of the base is b b, 0.3 * 0.3.
  const double all = 0.375 + 0.275 + (0.2 + 0.0625) / 2 + (0.09 + 0.5) / 2;
  const Vocab& vocab = merged.tokenizer.vocab;
  EXPECT_NEAR(std::exp(vocab.Get(1)->score), 0.375 / all, 1e-6);
  EXPECT_NEAR(std::exp(vocab.Get(2)->score), 0.275 / all, 1e-6);
  EXPECT_NEAR(std::exp(vocab.Get(3)->score), 0.13125 / all, 1e-6);
  EXPECT_NEAR(std::exp(vocab.Get(4)->score), 0.295 / all, 1e-6);
  EXPECT_EQ(static_cast<float>(UnionTestSum(merged.tokenizer)), 1.0F);
  EXPECT_EQ(vocab.Get(0)->score, 0);  // the unknown piece has none
  EXPECT_FALSE(merged.certificate.proved);
  EXPECT_EQ(merged.certificate.reason, "the score of base id 1 has changed");
}

TEST(UnigramUnionTest, TheWeightIsTheBasesShare) {
  const MergeResult merged = UnionTestUnite(UnionBase(), UnionDonor(), {.union_weight = 0.9});
  const double all = 0.475 + 0.295 + 0.9 * 0.2 + 0.1 * 0.0625 + 0.9 * 0.09 + 0.1 * 0.5;
  EXPECT_NEAR(std::exp(merged.tokenizer.vocab.Get(1)->score), 0.475 / all, 1e-6);
}

TEST(UnigramUnionTest, TheScalesAreReported) {
  const MergeResult merged = UnionTestUnite(UnionBase(), UnionDonor());
  for (const Finding& finding : merged.conflicts.findings) {
    if (finding.code != "C7") continue;
    EXPECT_EQ(finding.count, 4U);
    EXPECT_EQ(finding.message,
              "the base's scores are probabilities of 3 pieces that add up to 1.0000, the donor's "
              "of 3 that add up to 1.0000");
    EXPECT_EQ(finding.action, "mixed 0.5000 to 0.5000: all add up to 1; old scores have changed");
    return;
  }
  FAIL() << "no C7";
}

TEST(UnigramUnionTest, RoundsOnACorpusGiveWhatIsUsedMore) {
  const std::vector<std::string_view> corpus = {"bbbb", "bb", "a"};
  const MergeResult merged =
      UnionTestUnite(UnionBase(), UnionDonor(), {.corpus = corpus, .em_rounds = 60});
  const Vocab& vocab = merged.tokenizer.vocab;
  // bb three times, a once: b b is nearly forgotten, and ab was never there.
  EXPECT_NEAR(std::exp(vocab.Get(4)->score), 0.75, 0.02);
  EXPECT_NEAR(std::exp(vocab.Get(1)->score), 0.25, 0.02);
  EXPECT_LT(vocab.Get(3)->score, vocab.Get(2)->score);
  EXPECT_EQ(static_cast<float>(UnionTestSum(merged.tokenizer)), 1.0F);
  EXPECT_EQ(merged.certificate.level, "L2");
  EXPECT_EQ(merged.certificate.checked_bytes, 7U);
  EXPECT_EQ(merged.certificate.base_tokens, 7U);
  EXPECT_EQ(merged.certificate.merged_tokens, 4U);
}

TEST(UnigramUnionTest, ANewPieceThatNoTextShowsIsRefused) {
  const TokenizerSpec donor = toy::Unigram({{"a", std::log(0.9)}, {"aa", std::log(1e-6)}});
  const MergeResult merged = UnionTestUnite(UnionBase(), donor);
  EXPECT_TRUE(merged.id_map.added.empty());
  EXPECT_EQ(merged.conflicts.counts.at("B1"), 1U);
}

TEST(UnigramUnionTest, WhatItCannotDoIsSaid) {
  EXPECT_EQ(UnionTestError(UnionBase(), toy::ByteLevel({})),
            "toy: model: it has no log-probabilities, a Unigram model was expected beside a "
            "Unigram base; use extend");
  EXPECT_EQ(UnionTestError(UnionBase(), UnionDonor(), {.union_weight = 0}),
            "union_weight (mix): 0 is no share of the base, a number between 0 and 1 was expected; "
            "0.5 weighs both alike");
  EXPECT_EQ(UnionTestError(UnionBase(), UnionDonor(), {.em_rounds = -1}),
            "em_rounds (em): -1, 0 or more was expected; 2 to 4 are enough");
  EXPECT_EQ(UnionTestError(UnionBase(), UnionDonor(), {.em_rounds = 1}),
            "em_rounds (em): no corpus, one was expected; give the text to estimate scores on");
  EXPECT_EQ(UnionTestError(UnionBase(), UnionDonor(), {.corpus = {"xyz"}, .em_rounds = 1}),
            "em_rounds (em): the corpus shows none of the pieces, text of the two vocabularies was "
            "expected; give another corpus");
  EXPECT_EQ(UnionTestError(UnionBase(), UnionDonor(), {.budget = 3}),
            "strategy: \"union\" chooses no pieces, a budget was given; leave it out, or use "
            "\"extend\"");
  EXPECT_EQ(Message(MergeTokenizers(UnionBase(), UnionDonor(), {.union_weight = 0.4}).status()),
            "union_weight (mix): the strategy \"union\" on a Unigram base was expected, which "
            "alone mixes scores; leave it out");
}

TEST(UnigramUnionTest, NormalizedScoresAddUpToOneAsFloats) {
  std::vector<double> scores;
  for (int i = 0; i < 1000; ++i) scores.push_back(-0.013 * i);
  scores = NormalizedScores(std::move(scores));
  double sum = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    EXPECT_EQ(scores[i], static_cast<double>(static_cast<float>(scores[i])));
    EXPECT_TRUE(i == 0 || scores[i] < scores[i - 1]);
    sum += std::exp(scores[i]);
  }
  EXPECT_NEAR(sum, 1, 1e-9);
  EXPECT_TRUE(NormalizedScores({}).empty());
}

}  // namespace
}  // namespace tokgraft
