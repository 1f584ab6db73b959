// The stages put together: where errors are placed, which added token an id is, and that both ways
// through agree where stages meet. (Whole tokenizers: tokenizer_test.)
#include "tokenizer/stages/pipeline.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/tokenizer/toy_spec.h"

namespace tokgraft {
namespace {

using internal::Pipeline;

std::vector<TokenId> PipelineIds(const Pipeline& pipeline, std::string_view text) {
  std::vector<TokenId> ids;
  const std::uint64_t invalid = pipeline.EncodeIds(text, false, &ids);
  const Encoding encoding = pipeline.Encode(text, false);
  EXPECT_EQ(encoding.ids, ids) << text;
  EXPECT_EQ(encoding.invalid_utf8, invalid) << text;
  EXPECT_EQ(encoding.offsets.size(), ids.size()) << text;
  return ids;
}

TEST(PipelineTest, ErrorsAreOfTheFileWhereThereIsOne) {
  TokenizerSpec spec = toy::Spec({{"a"}}, BpeModel{});
  spec.normalizers = {UnknownStage{"New", "{}"}};
  const std::string bare(Message(Pipeline::Compile(spec).status()));
  spec.source = "t.json";
  EXPECT_EQ(Message(Pipeline::Compile(spec).status()), "t.json: " + bare);
}

TEST(PipelineTest, OfTwoAddedTokensOnAnIdTheLastCounts) {
  TokenizerSpec spec = toy::Spec({{"a"}, {"b"}}, BpeModel{});
  spec.added_tokens = {
      {.id = 5, .content = "<x>"}, {.id = 5, .content = "<y>"}, {.id = 6, .content = ""}};
  const auto pipeline = Pipeline::Compile(spec).value();
  ASSERT_NE(pipeline->Added(5), nullptr);
  EXPECT_EQ(pipeline->Added(5)->content, "<y>");
  EXPECT_EQ(pipeline->Added(6), nullptr);
  EXPECT_EQ(pipeline->Added(0), nullptr);
  EXPECT_EQ(PipelineIds(*pipeline, "a<y>b"), (std::vector<TokenId>{0, 5, 1}));
  EXPECT_EQ(PipelineIds(*pipeline, "<x>"), std::vector<TokenId>{});  // letters that nobody knows
}

TEST(PipelineTest, ANormalizedTokenIsSoughtInItsNormalForm) {
  TokenizerSpec spec = toy::Spec({{"a"}, {"b"}}, BpeModel{});
  spec.normalizers = {normalizer::Lowercase{}};
  spec.added_tokens = {{.id = 2, .content = "A", .normalized = false},
                       {.id = 3, .content = "B", .normalized = true}};
  const auto pipeline = Pipeline::Compile(spec).value();
  EXPECT_EQ(PipelineIds(*pipeline, "aAbB"), (std::vector<TokenId>{0, 2, 3, 3}));
}

TEST(PipelineTest, TekkenFindsNoSpecialTokenInText) {
  TokenizerSpec spec = toy::Spec({}, BpeModel{}, Reference::kTekken);
  spec.spelling = Spelling::kRaw;
  auto& bpe = std::get<BpeModel>(spec.model);
  bpe.order = BpeModel::Order::kRank;
  for (int byte = 0; byte < 256; ++byte) {
    const std::string bytes(1, static_cast<char>(byte));
    spec.vocab.Add({.id = static_cast<TokenId>(byte), .bytes = bytes, .spelling = bytes});
  }
  spec.pre_tokenizers = {pre_tokenizer::Split{.pattern = {.text = "[^x]+|x", .is_regex = true}},
                         pre_tokenizer::ByteLevel{
                             .add_prefix_space = false, .trim_offsets = false, .use_regex = false}};
  spec.decoders = {decoder::RawBytes{}};
  spec.added_tokens = {{.id = 256, .content = "<s>", .special = true}};
  for (const Reference reference : {Reference::kTekken, Reference::kTiktoken}) {
    spec.reference = reference;
    const auto pipeline = Pipeline::Compile(spec).value();
    const std::vector<TokenId> found = reference == Reference::kTekken
                                           ? std::vector<TokenId>{'<', 's', '>'}
                                           : std::vector<TokenId>{256};
    EXPECT_EQ(PipelineIds(*pipeline, "<s>"), found);
  }
}

TEST(PipelineTest, EmptyAndInvalidTexts) {
  TokenizerSpec spec = toy::Spec({{"a"}, {"<unk>"}}, BpeModel{});
  auto& bpe = std::get<BpeModel>(spec.model);
  bpe.unk = 1;
  const auto pipeline = Pipeline::Compile(spec).value();
  EXPECT_EQ(PipelineIds(*pipeline, ""), std::vector<TokenId>{});
  EXPECT_EQ(PipelineIds(*pipeline, "\xFF"), std::vector<TokenId>{1});
  // One U+FFFD for E4 BD, one for FF; each token has the bytes it stands for.
  const Encoding encoding = pipeline->Encode(
      "\xE4\xBD\xFF"
      "a",
      false);
  EXPECT_EQ(encoding.ids, (std::vector<TokenId>{1, 1, 0}));
  EXPECT_EQ(encoding.offsets, (std::vector<Span>{{0, 2}, {2, 3}, {3, 4}}));
  EXPECT_EQ(encoding.invalid_utf8, 2U);
}

TEST(PipelineTest, ATextThatVanishesLeavesNothing) {
  TokenizerSpec spec = toy::Spec({{"a"}}, BpeModel{});
  spec.normalizers = {normalizer::Strip{}};
  spec.pre_tokenizers = {pre_tokenizer::Metaspace{}};
  const auto pipeline = Pipeline::Compile(spec).value();
  EXPECT_EQ(PipelineIds(*pipeline, "  \n"), std::vector<TokenId>{});
}

}  // namespace
}  // namespace tokgraft
