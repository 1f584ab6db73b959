#include "embed_init/vectors/vector_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/embed_init/random_model.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class VectorFileTest : public ::testing::Test {
 protected:
  StatusOr<VectorFile> Read(const std::string& text) {
    testing::WriteText(path_, text);
    return ReadVectorFile(path_, [](std::string_view word) { return word != "not"; });
  }
  std::string ErrorOf(const std::string& text) { return std::string(Message(Read(text).status())); }

  testing::TemporaryDirectory directory_;
  std::string path_ = directory_ / "v.vec";
};

TEST_F(VectorFileTest, WantedVectorsTheFirstOfEach) {
  const VectorFile file = *Read("4 2\nthe 1 2\nnot 3 4 \nthe 5 6\r\n▁a -1e-3 0.5\n");
  EXPECT_EQ(file.columns, 2U);
  EXPECT_EQ(file.lines, 4U);
  EXPECT_EQ(file.repeated, 1U);
  EXPECT_EQ(file.rows.size(), 2U);
  EXPECT_EQ(file.rows.at("the"), 0U);
  EXPECT_EQ(file.rows.at("▁a"), 1U);
  EXPECT_THAT(file.values, ElementsAre(1, 2, -1e-3F, 0.5F));
}

TEST_F(VectorFileTest, WhatIsWrongIsNamedByLine) {
  EXPECT_THAT(ErrorOf("the 1 2\n"), HasSubstr("v.vec: line 1: is not \"<words> <dimension>\""));
  EXPECT_THAT(ErrorOf("2 2\nthe 1 2\nof 1\n"), HasSubstr("line 3: has 1 numbers"));
  EXPECT_THAT(ErrorOf("1 2\nthe 1 nan\n"), HasSubstr("line 2: has an infinity or a NaN"));
  EXPECT_THAT(ErrorOf("1 2\nthe 1 x\n"), HasSubstr("line 2: has no number in place 2"));
  EXPECT_THAT(ErrorOf("1 2\n\xff 1 2\n"), HasSubstr("line 2: has a word that is not UTF-8"));
  EXPECT_THAT(ErrorOf("3 2\nthe 1 2\n"), HasSubstr("has 1 words, 3 were expected"));
  EXPECT_THAT(ErrorOf("1 999999999\nthe 1\n"), HasSubstr("line 1"));
  EXPECT_THAT(ErrorOf("1 2\nthe 1 2\nof 1 2\n"), HasSubstr("has more words, 1 were expected"));
  EXPECT_THAT(ErrorOf("1 2\r\nthe 1\r\n"), HasSubstr("line 2: has 1 numbers"));
  // A vector that nobody wants is read with the same care.
  EXPECT_THAT(ErrorOf("1 2\nnot 1 inf\n"), HasSubstr("line 2: has an infinity"));
  EXPECT_EQ(ReadVectorFile("/none/x.vec", {}).status().code(), absl::StatusCode::kNotFound);
}

TEST(SpellingsTest, PlainThenMarkedThenByteAlphabet) {
  EXPECT_THAT(SpellingsOf("the"), ElementsAre("the"));
  EXPECT_THAT(SpellingsOf(" the"), ElementsAre("▁the", "Ġthe"));
  EXPECT_THAT(SpellingsOf("\n"), ElementsAre("Ċ"));
  EXPECT_THAT(SpellingsOf("\xc3"), ElementsAre("Ã"));
  EXPECT_THAT(SpellingsOf("é"), ElementsAre("é", "Ã©"));
}

}  // namespace
}  // namespace tokgraft
