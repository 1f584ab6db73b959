#include "vocab_merge/learn/sentencepiece_trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tokenizer/load.h"

namespace tokgraft {
namespace {

TrainedModel TrainedOn(const std::vector<std::string>& sentences, const std::string& size) {
  return TrainSentencePiece({{"model_type", "unigram"},
                             {"vocab_size", size},
                             {"hard_vocab_limit", "false"},
                             {"minloglevel", "3"}},
                            sentences);
}

TEST(SentencePieceTrainerTest, GivesTheBytesOfAModel) {
  const TrainedModel trained =
      TrainedOn(std::vector<std::string>(20, "hello hello world world"), "20");
  ASSERT_EQ(trained.error, "");
  const StatusOr<TokenizerSpec> spec = LoadBytes(trained.model, "trained");
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_TRUE(std::holds_alternative<UnigramModel>(spec->model));
  EXPECT_TRUE(spec->vocab.Find("h").has_value());
  EXPECT_GT(spec->vocab.size(), 10U);
}

TEST(SentencePieceTrainerTest, SaysWhatTheTrainerSays) {
  const TrainedModel trained = TrainedOn({"abcdefghij"}, "4");
  EXPECT_EQ(trained.model, "");
  EXPECT_THAT(trained.error,
              ::testing::HasSubstr("Vocabulary size is smaller than required_chars"));
}

TEST(SentencePieceTrainerTest, WhatEndsTheTrainerIsAnError) {
  const TrainedModel trained = TrainedOn({" ", " "}, "8");
  EXPECT_EQ(trained.model, "");
  EXPECT_EQ(trained.error, "its trainer gave up");
}

}  // namespace
}  // namespace tokgraft
