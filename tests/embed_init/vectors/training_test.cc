#include "embed_init/vectors/training.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "tests/embed_init/one_core.h"
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

// The vectors of bytes that no text has together, where one is part of a longer token or not.
TEST(TrainingTest, TokensThatShareNGramsShareRows) {
  const Tokenizer tokenizer = *Compile(toy::ByteLevel({{"a", "b"},
                                                       {"ab", "c"},
                                                       {"abc", "d"},
                                                       {"abcd", "e"},
                                                       {"e", "c"},
                                                       {"x", "y"},
                                                       {"xy", "z"},
                                                       {"xyz", "w"}}));
  TokenizedText text;
  std::mt19937 random(1);
  const TokenId tokens[] = {258, 259, 263};  // "abcd", "abcde", "xyzw"
  for (int i = 0; i < 3000; ++i) text.ids.push_back(tokens[random() % 3]);
  text.ends = {text.ids.size()};
  const TrainedVectors trained = *TrainVectors(text, tokenizer, {.columns = 64, .epochs = 1});
  ASSERT_EQ(trained.ids, (std::vector<TokenId>{258, 259, 263}));
  const auto dot = [&](std::size_t a, std::size_t b) {
    double sum = 0;
    for (std::size_t j = 0; j < 64; ++j) {
      sum += static_cast<double>(trained.values[a * 64 + j]) *
             static_cast<double>(trained.values[b * 64 + j]);
    }
    return sum;
  };
  const auto cosine = [&](std::size_t a, std::size_t b) {
    return dot(a, b) / std::sqrt(dot(a, a) * dot(b, b));
  };
  EXPECT_GT(cosine(0, 1), cosine(0, 2) + 0.1);
  EXPECT_GT(cosine(0, 1), cosine(1, 2) + 0.1);
}

TEST(TrainingTest, ProgressRisesFromNothing) {
  const Tokenizer tokenizer = *Compile(toy::ByteLevel({}));
  std::vector<double> fractions;
  TrainingOptions options{.columns = 4, .epochs = 4};
  options.progress = [&](double fraction) { fractions.push_back(fraction); };
  ASSERT_TRUE(TrainVectors(TwoTopics(), tokenizer, options).ok());
  ASSERT_GT(fractions.size(), 1U);
  EXPECT_EQ(fractions.front(), 0);
  EXPECT_LE(fractions.back(), 1);
  EXPECT_TRUE(std::is_sorted(fractions.begin(), fractions.end()));
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

TEST(TokenizeLinesTest, TheSameOnOneCoreAndOnMany) {
  if (!testing::HasManyCores()) GTEST_SKIP() << "one core";
  const testing::TemporaryDirectory directory;
  const Tokenizer tokenizer = *Compile(toy::ByteLevel({{"a", "b"}}));
  std::string lines;
  for (int i = 0; i < 5000; ++i) lines += "ab" + std::to_string(i * i) + "\n";
  testing::WriteText(directory / "t.txt", lines);
  const auto read = [&] { return *TokenizeLines(directory / "t.txt", tokenizer); };
  const TokenizedText one = testing::OnOneCore(read);
  const TokenizedText many = read();
  EXPECT_EQ(one.ids, many.ids);
  EXPECT_EQ(one.ends, many.ends);
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
