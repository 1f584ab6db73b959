#include "vocab_merge/learn/unigram.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/vocab_merge/toy_whole.h"

namespace tokgraft {
namespace {

using ::testing::HasSubstr;

const std::vector<std::string>& UnigramTexts() {
  static const auto& texts = *new std::vector<std::string>{
      "alpha beta gamma",  "gamma beta alpha",       "beta alpha beta",
      "delta gamma delta", "alpha delta alpha beta", "gamma gamma beta delta"};
  return texts;
}

TEST(UnigramTest, TheTrainersPiecesAreInTheFormOfTheBase) {
  TokenizerSpec base = toy::SentencePieceUnigram({{" ", -1}, {"a", -2}});
  base.normalizers.emplace(base.normalizers.begin())->emplace<normalizer::SentencePiece>();
  base.normalizers.pop_back();
  const std::vector<std::string_view> corpus(UnigramTexts().begin(), UnigramTexts().end());
  std::set<std::string> stages;
  const LearnOptions options{
      .corpus = corpus, .size = 16, .progress = [&](std::string_view stage, double) {
        stages.insert(std::string(stage));
      }};
  const StatusOr<TokenizerSpec> donor = TrainUnigram(base, options);
  ASSERT_TRUE(donor.ok()) << donor.status();
  EXPECT_TRUE(donor->vocab.Find(" alpha").has_value());
  EXPECT_LE(donor->vocab.size(), 17U);
  EXPECT_THAT(stages, ::testing::ElementsAre("read the donor corpus", "train a donor"));
  EXPECT_EQ(*donor, *TrainUnigram(base, {.corpus = corpus, .size = 16, .threads = 3}));
}

TEST(UnigramTest, TheTrainersErrorsSayWhatToDo) {
  const TokenizerSpec base = toy::SentencePieceUnigram({{"a", -2}});
  const StatusOr<TokenizerSpec> donor = TrainUnigram(base, {.corpus = {"abcdefgh"}, .size = 2});
  ASSERT_FALSE(donor.ok());
  EXPECT_THAT(std::string(donor.status().message()),
              HasSubstr("donor corpus: sentencepiece cannot train 2 pieces on it ("));
  EXPECT_THAT(std::string(donor.status().message()),
              HasSubstr("); give more text or another size"));
}

TEST(UnigramTest, TrainingTellsHowFarItIs) {
  const TokenizerSpec base = toy::SentencePieceUnigram({{" ", -1}, {"a", -2}});
  const std::vector<std::string_view> corpus(UnigramTexts().begin(), UnigramTexts().end());
  std::vector<double> told;
  LearnOptions options{.corpus = corpus, .size = 16};
  options.progress = [&](std::string_view stage, double fraction) {
    if (stage == "train a donor") told.push_back(fraction);
  };
  ASSERT_TRUE(TrainUnigram(base, options).ok());
  ASSERT_GE(told.size(), 2U);
  EXPECT_EQ(told.front(), 0);
  EXPECT_TRUE(std::is_sorted(told.begin(), told.end()));
  EXPECT_LE(told.back(), 1);
}

TEST(UnigramTest, BlanksAreNoText) {
  const TokenizerSpec base = toy::SentencePieceUnigram({{" ", -1}, {"a", -2}});
  for (const std::string_view text : {" ", "  ", "\u2581", "\xFF"}) {
    const StatusOr<TokenizerSpec> donor = TrainUnigram(base, {.corpus = {text}, .size = 9});
    ASSERT_FALSE(donor.ok());
    EXPECT_THAT(std::string(donor.status().message()), HasSubstr("it has nothing but blanks"));
  }
}

TEST(UnigramTest, ASizeBeyondAllVocabulariesIsRefused) {
  const TokenizerSpec base = toy::SentencePieceUnigram({{"a", -2}});
  EXPECT_FALSE(TrainUnigram(base, {.corpus = {"aa"}, .size = ~std::uint64_t{0}}).ok());
}

TEST(UnigramTest, AUnigramBaseIsExtendedByThem) {
  const TokenizerSpec base = toy::SentencePieceUnigram({{" ", -3},
                                                        {"a", -4},
                                                        {"b", -4},
                                                        {"d", -4},
                                                        {"e", -4},
                                                        {"g", -4},
                                                        {"h", -4},
                                                        {"l", -4},
                                                        {"m", -4},
                                                        {"p", -4},
                                                        {"t", -4}});
  const std::vector<std::string_view> corpus(UnigramTexts().begin(), UnigramTexts().end());
  const StatusOr<MergeResult> m =
      MergeLearnt(base, {.corpus = corpus, .size = 16, .protect = {"new text"}});
  ASSERT_TRUE(m.ok()) << m.status();
  EXPECT_FALSE(m->id_map.added.empty());
  EXPECT_TRUE(m->id_map.donor_to_merged.empty());
  for (const AddedPiece& piece : m->id_map.added) EXPECT_EQ(piece.donor_id, std::nullopt);
}

}  // namespace
}  // namespace tokgraft
