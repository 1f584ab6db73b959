#include "tokenizer/corpus.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace tokgraft {
namespace {

class CorpusTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = (std::filesystem::path(testing::TempDir()) /
             testing::UnitTest::GetInstance()->current_test_info()->name())
                .string();
  }
  void TearDown() override { std::filesystem::remove(path_); }

  std::vector<std::string> Read(const std::string& text, Documents documents) {
    std::ofstream(path_, std::ios::binary) << text;
    std::vector<std::string> out;
    const Status status =
        ForEachBatch({.name = "c", .path = path_}, documents,
                     [&](std::span<const std::string_view> batch, double fraction) {
                       out.insert(out.end(), batch.begin(), batch.end());
                       last_fraction_ = fraction;
                     });
    EXPECT_TRUE(status.ok()) << status.message();
    return out;
  }

  std::string path_;
  double last_fraction_ = 0;
};

TEST_F(CorpusTest, ALineKeepsItsTerminator) {
  EXPECT_EQ(Read("a\r\n\nb", Documents::kLine), (std::vector<std::string>{"a\r\n", "\n", "b"}));
  EXPECT_EQ(last_fraction_, 1.0);
}

TEST_F(CorpusTest, AParagraphEndsAfterItsBlankLines) {
  EXPECT_EQ(Read("\na\nb\n\n \nc\n", Documents::kParagraph),
            (std::vector<std::string>{"\na\nb\n\n \n", "c\n"}));
}

TEST_F(CorpusTest, AFileIsOneDocument) {
  EXPECT_EQ(Read("a\nb", Documents::kFile), (std::vector<std::string>{"a\nb"}));
  EXPECT_TRUE(Read("", Documents::kFile).empty());
}

TEST_F(CorpusTest, DocumentsOfManyBatchesAreTheFile) {
  std::string text;
  for (int i = 0; i < 300000; ++i) text += Cat("line ", i, i % 7 == 0 ? "\n\n" : "\n");
  for (const Documents documents : {Documents::kLine, Documents::kParagraph}) {
    std::string joined;
    for (const std::string& document : Read(text, documents)) joined += document;
    EXPECT_EQ(joined, text);
  }
}

TEST_F(CorpusTest, AMissingFileIsNamed) {
  const Status status = ForEachBatch({.name = "zh", .path = "/nowhere/zh.txt"}, Documents::kLine,
                                     [](std::span<const std::string_view>, double) {});
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Message(status), "/nowhere/zh.txt: no such file; check the path");
}

}  // namespace
}  // namespace tokgraft
