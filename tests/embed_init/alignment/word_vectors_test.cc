#include "embed_init/alignment/word_vectors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/embed_init/random_model.h"

namespace tokgraft {
namespace {

class WordVectorsTest : public ::testing::Test {
 protected:
  Status Read(
      const std::string& text, const std::function<void(const WordBlock&)>& f = [](auto&) {}) {
    testing::WriteText(path_, text);
    return ForEachWordBlock(path_, 1, f);
  }
  std::string Error(const std::string& text) {
    const std::string message(Message(Read(text)));
    return message.starts_with(path_) ? message.substr(path_.size()) : message;
  }
  testing::TemporaryDirectory directory_;
  std::string path_ = directory_ / "words.vec";
};

TEST_F(WordVectorsTest, ReadsWordsAndNumbers) {
  for (const char* text : {"2 3\nein 1 -2.5 3e-2 \n\u00fcber 0 1e-50 -0.25\n",
                           "2 3 \r\nein 1 -2.5 0.03\r\n\u00fcber 0 0 -0.25"}) {
    std::vector<std::string> words;
    std::vector<float> values;
    const Status status = Read(text, [&](const WordBlock& block) {
      EXPECT_EQ(block.columns, 3U);
      EXPECT_EQ(block.first, 0U);
      EXPECT_EQ(block.fraction, 1);
      for (const std::string_view word : block.words) words.emplace_back(word);
      values = block.values;
    });
    ASSERT_TRUE(status.ok()) << Message(status);
    EXPECT_THAT(words, ::testing::ElementsAre("ein", "\u00fcber"));
    EXPECT_THAT(values, ::testing::ElementsAre(1, -2.5F, 0.03F, 0, ::testing::FloatEq(0), -0.25F));
    EXPECT_EQ(*DimensionOfWords(path_), 3U);
  }
}

TEST_F(WordVectorsTest, LargeFilesComeInBlocks) {
  constexpr std::uint64_t kWords = 20'000;
  std::string text = std::to_string(kWords) + " 2\n";
  for (std::uint64_t i = 0; i < kWords; ++i) {
    text += "w" + std::to_string(i) + " " + std::to_string(i) + " 0.5\n";
  }
  testing::WriteText(path_, text);
  for (const int threads : {1, 4}) {
    std::uint64_t next = 0;
    double fraction = 0;
    ASSERT_TRUE(ForEachWordBlock(path_, threads, [&](const WordBlock& block) {
                  EXPECT_EQ(block.first, next);
                  for (std::size_t i = 0; i < block.words.size(); ++i, ++next) {
                    EXPECT_EQ(block.words[i], "w" + std::to_string(next));
                    EXPECT_EQ(block.vector(i)[0], static_cast<float>(next));
                  }
                  EXPECT_GT(block.fraction, fraction);
                  fraction = block.fraction;
                }).ok());
    EXPECT_EQ(next, kWords);
  }
}

TEST_F(WordVectorsTest, LongVectorsComeInSmallBlocks) {
  constexpr std::size_t kColumns = 50'000;
  std::string numbers;
  for (std::size_t j = 0; j < kColumns; ++j) numbers += " 1";
  std::string text = "200 " + std::to_string(kColumns) + "\n";
  for (int i = 0; i < 200; ++i) text += "w" + numbers + "\n";
  std::uint64_t words = 0;
  ASSERT_TRUE(Read(text, [&](const WordBlock& block) {
                EXPECT_LE(block.values.size(), std::size_t{1} << 22);
                EXPECT_EQ(block.first, words);
                words += block.words.size();
              }).ok());
  EXPECT_EQ(words, 200U);
  // A first line that promises much does not take memory for it.
  EXPECT_EQ(Error("99999999 100000\na 1\n"),
            ": line 2: has 1 numbers, a word and 100000 numbers were expected; correct the file");
  EXPECT_TRUE(Error("1 100001\na 1\n").starts_with(": line 1: "));
}

TEST_F(WordVectorsTest, WhatIsWrongIsNamedByItsLine) {
  const auto line = [](const std::string& what) {
    return what + ", a word and 2 numbers were expected; correct the file";
  };
  const std::string no_header =
      ": line 1: is not \"<words> <dimension>\", which a .vec file starts with; give word vectors "
      "as "
      "text";
  for (const char* text : {"", "word 0.1 0.2\n", "2\n", "2 0\n", "0 2\n", "2 2 2\n", "-1 2\n"}) {
    EXPECT_EQ(Error(text), no_header) << text;
  }
  EXPECT_EQ(Error("2 2\na 1 2\nb 1\n"), line(": line 3: has 1 numbers"));
  EXPECT_EQ(Error("2 2\na 1 2 3\nb 1 2\n"), line(": line 2: has 3 numbers"));
  EXPECT_EQ(Error("2 2\na 1 nan\nb 1 2\n"), line(": line 2: has an infinity or a NaN in place 2"));
  EXPECT_EQ(Error("2 2\na 1 2\nb 1e99 2\n"), line(": line 3: has an infinity or a NaN in place 1"));
  EXPECT_EQ(Error("2 2\na 1 x\nb 1 2\n"), line(": line 2: has no number in place 2"));
  EXPECT_EQ(Error("2 2\na 1 2x\nb 1 2\n"), line(": line 2: has no number in place 2"));
  EXPECT_EQ(Error("2 2\na 1 2\n\n"), line(": line 3: is empty"));
  EXPECT_EQ(Error("2 2\na 1 2\n 1 2\n"), line(": line 3: has no word"));
  EXPECT_EQ(Error("2 2\na 1 2\n\xC3 1 2\n"), line(": line 3: has a word that is not UTF-8"));
  EXPECT_EQ(Error("2 2\na 1 2\n"),
            ": has 1 words, 2 were expected by its first line; get the whole file");
  EXPECT_TRUE(absl::IsDataLoss(Read("1 2\na 1 2\nb 1 2\n")));
}

}  // namespace
}  // namespace tokgraft
