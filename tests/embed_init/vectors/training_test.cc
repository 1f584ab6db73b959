#include "embed_init/vectors/training.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "tests/embed_init/random_model.h"
#include "tests/vocab_merge/toy.h"

namespace tokgraft {
namespace {

using ::testing::HasSubstr;

// Two topics of four letters each; a document keeps to one.
TokenizedText TwoTopics() {
  std::mt19937 random(1);
  TokenizedText text;
  for (int document = 0; document < 400; ++document) {
    const TokenId first = document % 2 == 0 ? 'a' : 'p';
    for (int i = 0; i < 30; ++i) text.ids.push_back(first + static_cast<TokenId>(random() % 4));
    text.ends.push_back(text.ids.size());
  }
  return text;
}

TEST(TrainingTest, TokensOfOneTopicComeNearEachOther) {
  const Tokenizer tokenizer = *Compile(toy::ByteLevel({}));
  const TrainedVectors trained =
      *TrainVectors(TwoTopics(), tokenizer, {.columns = 16, .epochs = 10, .seed = 3});
  ASSERT_EQ(trained.ids.size(), 8U);
  EXPECT_EQ(trained.columns, 16U);
  ASSERT_EQ(trained.values.size(), 128U);
  const auto cosine = [&](std::size_t a, std::size_t b) {
    double ab = 0, aa = 0, bb = 0;
    for (std::size_t j = 0; j < 16; ++j) {
      const auto x = static_cast<double>(trained.values[a * 16 + j]);
      const auto y = static_cast<double>(trained.values[b * 16 + j]);
      ab += x * y;
      aa += x * x;
      bb += y * y;
    }
    return ab / std::sqrt(aa * bb);
  };
  double same = 0;
  double other = 0;
  for (std::size_t a = 0; a < 8; ++a) {
    for (std::size_t b = 0; b < a; ++b) (a / 4 == b / 4 ? same : other) += cosine(a, b);
  }
  EXPECT_GT(same / 12, other / 16 + 0.2);
}

TEST(TrainingTest, TheSameSeedGivesTheSameBytes) {
  const Tokenizer tokenizer = *Compile(toy::ByteLevel({}));
  const auto train = [&](std::uint64_t seed) {
    return TrainVectors(TwoTopics(), tokenizer, {.columns = 8, .epochs = 1, .seed = seed})->values;
  };
  EXPECT_EQ(train(1), train(1));
  EXPECT_NE(train(1), train(2));
}

TEST(TrainingTest, RareTokensHaveNoVector) {
  const Tokenizer tokenizer = *Compile(toy::ByteLevel({}));
  TokenizedText text = TwoTopics();
  text.ids.push_back('z');
  text.ends.back() = text.ids.size();
  EXPECT_EQ(TrainVectors(text, tokenizer, {.columns = 4, .epochs = 1})->ids.size(), 8U);
  EXPECT_EQ(TrainVectors(text, tokenizer, {.columns = 4, .epochs = 1, .min_count = 1})->ids.back(),
            TokenId{'z'});
  const auto none = TrainVectors({.ids = {1, 2, 3}, .ends = {3}}, tokenizer);
  EXPECT_EQ(none.status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(TokenizeLinesTest, ADocumentALine) {
  const testing::TemporaryDirectory directory;
  const Tokenizer tokenizer = *Compile(toy::ByteLevel({{"a", "b"}}));
  testing::WriteText(directory / "t.txt", "abc\nab\n");
  const TokenizedText text = *TokenizeLines(directory / "t.txt", tokenizer);
  EXPECT_EQ(text.ends.size(), 2U);
  EXPECT_EQ(text.ends.back(), text.ids.size());
  EXPECT_EQ(text.ids.front(), 256U);
  testing::WriteText(directory / "none.txt", "");
  EXPECT_EQ(TokenizeLines(directory / "none.txt", tokenizer).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(TokenizeLines("/none", tokenizer).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace tokgraft
