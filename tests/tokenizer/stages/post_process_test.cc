// Templates around a sequence, and the offsets that ByteLevel trims.
#include "tokenizer/stages/post_process.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/tokenizer/toy_spec.h"

namespace tokgraft {
namespace {

using PartKind = post_processor::TemplatePart::Kind;

post_processor::Template BosEosTemplate() {
  post_processor::Template stage;
  stage.single = {{PartKind::kSpecial, "<s>", 0},
                  {PartKind::kSequenceA, "", 0},
                  {PartKind::kSpecial, "</s>", 0}};
  stage.special_tokens = {{"<s>", {7, 8}, {}}, {"</s>", {9}, {}}};
  return stage;
}

TEST(PostProcessTest, TemplatesSurroundTheSequence) {
  TokenizerSpec spec = toy::Spec({{"a"}}, BpeModel{});
  spec.post_processors = {BosEosTemplate()};
  const Tokenizer tokenizer = Compile(spec).value();
  const Encoding encoding = tokenizer.Encode("aa", {.add_special_tokens = true});
  EXPECT_EQ(encoding.ids, (std::vector<TokenId>{7, 8, 0, 0, 9}));
  EXPECT_EQ(encoding.offsets, (std::vector<Span>{{0, 0}, {0, 0}, {0, 1}, {1, 2}, {0, 0}}));
  EXPECT_EQ(tokenizer.Count("aa", {.add_special_tokens = true}), 5U);
  EXPECT_EQ(tokenizer.Count("aa"), 2U);
  EXPECT_EQ(tokenizer.Count("", {.add_special_tokens = true}), 3U);
}

TEST(PostProcessTest, RefusesTemplatesItCannotKeepApart) {
  post_processor::Template twice = BosEosTemplate();
  twice.single.push_back({PartKind::kSequenceA, "", 0});
  post_processor::Template of_pairs = BosEosTemplate();
  of_pairs.single.push_back({PartKind::kSequenceB, "", 0});
  for (const PostProcessor& stage : {PostProcessor(twice), PostProcessor(of_pairs)}) {
    TokenizerSpec spec = toy::Spec({{"a"}}, BpeModel{});
    spec.post_processors = {stage};
    EXPECT_EQ(Compile(spec).status().code(), absl::StatusCode::kUnimplemented);
  }
}

TEST(PostProcessTest, BosAndEosOfFormatsWithoutTemplate) {
  TokenizerSpec spec = toy::Spec({{"a"}, {"<s>"}, {"</s>"}}, BpeModel{});
  spec.roles.bos = 1;
  spec.roles.eos = 2;
  spec.add_bos = true;
  std::vector<TokenId> ids;
  Compile(spec).value().EncodeIds("a", &ids, {.add_special_tokens = true});
  EXPECT_EQ(ids, (std::vector<TokenId>{1, 0}));
}

TEST(PostProcessTest, CountsSpacesAndSpelledSpaces) {
  EXPECT_EQ(CountSpaces("ĠĠa\u3000").leading, 2U);
  EXPECT_EQ(CountSpaces("ĠĠa\u3000").trailing, 1U);
  EXPECT_EQ(CountSpaces("ĠĠ").leading, 2U);
  EXPECT_EQ(CountSpaces("ĠĠ").trailing, 2U);
  EXPECT_EQ(CountSpaces("aĠb").leading, 0U);
}

// The byte-level example of the reference's own documentation: a prefix space that was put there
// is not trimmed, one that was in the text is.
TEST(PostProcessTest, TrimsSpacesFromOffsets) {
  TokenizerSpec spec;
  spec.post_processors = {post_processor::ByteLevel{}};
  const CompiledPostProcessor processor = CompiledPostProcessor::Compile(spec).value();
  ASSERT_TRUE(processor.trims());
  const std::string text = " \u3000a bc  ";
  std::vector<Span> offsets = {{0, 5}, {5, 10}, {8, 10}};
  processor.Trim(text, false, {{2, 0}, {1, 2}, {2, 2}}, &offsets);
  EXPECT_EQ(offsets, (std::vector<Span>{{4, 5}, {6, 8}, {10, 10}}));
  offsets = {{0, 4}};
  processor.Trim(" abc", false, {{1, 0}}, &offsets);
  EXPECT_EQ(offsets, (std::vector<Span>{{0, 4}}));
}

}  // namespace
}  // namespace tokgraft
