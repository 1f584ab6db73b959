#include "embed_init/alignment/text_pairs.h"

#include <gtest/gtest.h>

#include "tests/embed_init/random_model.h"

namespace tokgraft {
namespace {

class TextPairsTest : public ::testing::Test {
 protected:
  StatusOr<TextPairs> Read(const std::string& text) {
    testing::WriteText(path_, text);
    return ReadTextPairs(path_);
  }
  std::string Error(const std::string& text) {
    const std::string message(Message(Read(text).status()));
    return message.starts_with(path_) ? message.substr(path_.size()) : message;
  }
  testing::TemporaryDirectory directory_;
  std::string path_ = directory_ / "pairs.tsv";
};

TEST_F(TextPairsTest, ReadsBothSidesOfEachLine) {
  for (const char* text :
       {"a b\tc\nd\t\u00fc e\n", "a b\tc\r\nd\t\u00fc e\r\n", "a b\tc\nd\t\u00fc e"}) {
    const TextPairs read = *Read(text);
    ASSERT_EQ(read.pairs.size(), 2U);
    EXPECT_EQ(read.pairs[0].first, "a b");
    EXPECT_EQ(read.pairs[0].second, "c");
    EXPECT_EQ(read.pairs[1].first, "d");
    EXPECT_EQ(read.pairs[1].second, "\u00fc e");
  }
}

TEST_F(TextPairsTest, WhatIsNoPairIsNamedByItsLine) {
  const std::string expected = ", \"<text><TAB><text>\" was expected; correct the file";
  EXPECT_EQ(Error(""), ": line 1: is empty" + expected);
  EXPECT_EQ(Error("a\tb\n\nc\td\n"), ": line 2: is empty" + expected);
  EXPECT_EQ(Error("a\tb\nc d\n"), ": line 2: has no tab" + expected);
  EXPECT_EQ(Error("a\tb\tc\n"), ": line 1: has more than one tab" + expected);
  EXPECT_EQ(Error("a\tb\nc\td\n\te\n"), ": line 3: has nothing on one side of its tab" + expected);
  EXPECT_EQ(Error("a\t\r\n"), ": line 1: has nothing on one side of its tab" + expected);
  EXPECT_EQ(Error("a\tb\nc\t\xC3\n"), ": line 2: is not UTF-8" + expected);
  EXPECT_TRUE(absl::IsNotFound(ReadTextPairs(directory_ / "none").status()));
}

}  // namespace
}  // namespace tokgraft
