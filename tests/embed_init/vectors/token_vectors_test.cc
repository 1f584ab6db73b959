#include "embed_init/vectors/token_vectors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/embed_init/random_model.h"
#include "tests/vocab_merge/toy.h"
#include "vocab_merge/merge.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Bytes and "ab", and a donor's "zq" and " ab".
class TokenVectorsTest : public ::testing::Test {
 protected:
  TokenVectorsTest()
      : base_spec_(toy::ByteLevel({{"a", "b"}})),
        merged_(*MergeTokenizers(base_spec_, toy::ByteLevel({{"z", "q"}, {"a", "b"}, {" ", "ab"}}),
                                 {})),
        base_(*Compile(base_spec_)),
        after_(*Compile(merged_.tokenizer)) {}

  VectorSources Sources() {
    return {.auxiliary = auxiliary_,
            .settings = settings_,
            .seed = 1,
            .id_map = merged_.id_map,
            .base = &base_,
            .merged = &after_,
            .old_rows = base_.vocab_size()};
  }

  testing::TemporaryDirectory directory_;
  TokenizerSpec base_spec_;
  MergeResult merged_;
  Tokenizer base_;
  Tokenizer after_;
  AuxiliaryInputs auxiliary_;
  MethodSettings settings_;
  std::vector<std::string> notes_;
};

TEST_F(TokenVectorsTest, OfAFileAreFoundBySpelling) {
  auxiliary_.vectors = directory_ / "v.vec";
  testing::WriteText(auxiliary_.vectors, "5 2\nab 3 4\n▁ab 0 2\nq 0 0\nunknown 1 1\nb -1 0\n");
  const TokenVectors vectors = *OpenTokenVectors(Sources(), &notes_);
  EXPECT_EQ(vectors.columns, 2U);
  ASSERT_EQ(vectors.old.size(), 2U);  // "b" and "ab"; that of "q" is zero
  EXPECT_EQ(vectors.old[0].row, 'b');
  EXPECT_EQ(vectors.old[1].row, 256U);
  EXPECT_TRUE(vectors.old[1].shared);
  EXPECT_THAT(vectors.vector(vectors.old[1].vector), ElementsAre(0.6F, 0.8F));
  ASSERT_EQ(vectors.added.size(), 2U);
  std::size_t found = 0;
  for (std::size_t i = 0; i < 2; ++i) {
    if (merged_.id_map.added[i].bytes != " ab") {
      EXPECT_FALSE(vectors.added[i].has_value());
      continue;
    }
    ++found;
    EXPECT_THAT(vectors.vector(*vectors.added[i]), ElementsAre(0, 1));
  }
  EXPECT_EQ(found, 1U);
  ASSERT_EQ(notes_.size(), 1U);
  EXPECT_THAT(notes_[0], HasSubstr("1 of 2 new tokens and 2 shared ones have a vector"));
}

TEST_F(TokenVectorsTest, AFileWithNoneOfTheTokensIsAnError) {
  auxiliary_.vectors = directory_ / "v.vec";
  testing::WriteText(auxiliary_.vectors, "1 2\nunknown 1 1\n");
  const auto vectors = OpenTokenVectors(Sources(), &notes_);
  EXPECT_EQ(vectors.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(Message(vectors.status())), HasSubstr("0 of 2 new tokens"));
}

TEST_F(TokenVectorsTest, WithoutATokenizerThereAreNone) {
  auxiliary_.vector_text = directory_ / "t.txt";
  VectorSources sources = Sources();
  sources.merged = nullptr;
  EXPECT_THAT(std::string(Message(OpenTokenVectors(sources, &notes_).status())),
              HasSubstr("the new tokenizer was not given"));
  sources.base = nullptr;
  EXPECT_THAT(std::string(Message(OpenTokenVectors(sources, &notes_).status())),
              HasSubstr("the model's tokenizer was not given"));
  EXPECT_THAT(std::string(Message(TrainOldVectors(sources, &notes_).status())),
              HasSubstr("the model's tokenizer was not given"));
}

TEST_F(TokenVectorsTest, TokensBeyondTheRowsHaveNone) {
  auxiliary_.vectors = directory_ / "v.vec";
  testing::WriteText(auxiliary_.vectors, "3 2\nab 3 4\n▁ab 0 2\nb -1 0\n");
  VectorSources sources = Sources();
  sources.old_rows = 256;  // "ab" is 256
  const TokenVectors vectors = *OpenTokenVectors(sources, &notes_);
  ASSERT_EQ(vectors.old.size(), 1U);
  EXPECT_EQ(vectors.old[0].row, 'b');
}

TEST_F(TokenVectorsTest, TooRareInTheTextIsAnErrorThatNamesIt) {
  auxiliary_.vector_text = directory_ / "t.txt";
  testing::WriteText(auxiliary_.vector_text, "zq ab\n");  // the line break is the third
  const auto vectors = OpenTokenVectors(Sources(), &notes_);
  EXPECT_EQ(vectors.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(Message(vectors.status())),
              HasSubstr("t.txt: of 3 tokens of text, 0 different ones stand there 10 times"));
}

TEST_F(TokenVectorsTest, TrainedOnATextUnderEachTokenizer) {
  auxiliary_.vector_text = directory_ / "t.txt";
  std::string text;
  for (int i = 0; i < 200; ++i) text += "c ab zq ab d zq c\n";
  testing::WriteText(auxiliary_.vector_text, text);
  settings_.vector_size = 8;
  const TokenVectors vectors = *OpenTokenVectors(Sources(), &notes_);
  EXPECT_EQ(vectors.columns, 8U);
  for (const auto& at : vectors.added) {
    ASSERT_TRUE(at.has_value());
    double square = 0;
    for (const float value : vectors.vector(*at)) square += static_cast<double>(value * value);
    EXPECT_NEAR(square, 1, 1e-5);
  }
  const TokenVectors old = *TrainOldVectors(Sources(), &notes_);
  EXPECT_TRUE(old.added.empty());
  EXPECT_EQ(old.old.back().row, 256U);
  EXPECT_EQ(notes_.size(), 2U);
}

}  // namespace
}  // namespace tokgraft
