// BertNormalizer option by option. (All of them together: normalize_test.)
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/tokenizer/stages/normalizers/step_texts.h"

namespace tokgraft {
namespace {

normalizer::Bert BertOf(bool clean, bool chinese, std::optional<bool> accents, bool lower) {
  return {.clean_text = clean,
          .handle_chinese_chars = chinese,
          .strip_accents = accents,
          .lowercase = lower};
}
std::string BertText(const normalizer::Bert& options, std::string_view text) {
  return step_texts::Applied(*MakeBert(options), text);
}

TEST(BertNormalizerTest, WithoutAnyOptionTextStays) {
  const normalizer::Bert none = BertOf(false, false, false, false);
  EXPECT_EQ(BertText(none, ""), "");
  EXPECT_EQ(BertText(none, "É\t中\x01"), "É\t中\x01");
}

TEST(BertNormalizerTest, CleaningDropsControlsAndMakesSpacesOne) {
  const normalizer::Bert clean = BertOf(true, false, false, false);
  EXPECT_EQ(BertText(clean, std::string("a\0b\x7F\uFFFD", 7)), "ab");
  EXPECT_EQ(BertText(clean, "a\tb\nc\rd\u00A0e\u3000f"), "a b c d e f");
  EXPECT_EQ(BertText(clean, "中É"), "中É");
}

TEST(BertNormalizerTest, IdeographsStandBetweenSpaces) {
  const normalizer::Bert chinese = BertOf(false, true, false, false);
  EXPECT_EQ(BertText(chinese, "a中文b"), "a 中  文 b");
  EXPECT_EQ(BertText(chinese, "あ한"), "あ한");
  EXPECT_EQ(step_texts::Origins(*MakeBert(chinese), "中"),
            (std::vector<Span>{{0, 3}, {0, 3}, {0, 3}, {0, 3}, {0, 3}}));
}

TEST(BertNormalizerTest, AccentsFollowLowercaseUnlessTold) {
  EXPECT_EQ(BertText(BertOf(false, false, std::nullopt, true), "É"), "e");
  EXPECT_EQ(BertText(BertOf(false, false, std::nullopt, false), "É"), "É");
  EXPECT_EQ(BertText(BertOf(false, false, true, false), "É"), "E");
  EXPECT_EQ(BertText(BertOf(false, false, false, true), "É"), "é");
  EXPECT_EQ(BertText(BertOf(false, false, true, false), "\u0301"), "");
}

}  // namespace
}  // namespace tokgraft
