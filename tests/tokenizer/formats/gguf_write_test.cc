// What the writer makes of a spec that no file said: types of carried values, broken merges in
// their places, and each refusal in words.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tokenizer/formats/gguf.h"
#include "tokenizer/formats/gguf_metadata.h"

namespace tokgraft {
namespace {

using testing::ElementsAre;

// A BPE by score, which has no merge list.
TokenizerSpec ScoredSpec() {
  TokenizerSpec spec;
  spec.source = "s";
  spec.format = Format::kGguf;
  spec.reference = Reference::kLlamaCpp;
  spec.spelling = Spelling::kMetaspace;
  spec.vocab.Add({.id = 0, .bytes = "<s>", .spelling = "<s>", .kind = PieceKind::kControl});
  spec.vocab.Add({.id = 1, .bytes = " a", .spelling = "▁a", .score = -1.5});
  BpeModel bpe;
  bpe.order = BpeModel::Order::kScore;
  spec.model = bpe;
  spec.decoders = {decoder::LlamaCpp{.add_space_prefix = true}};
  spec.roles.bos = 0;
  spec.add_bos = true;
  return spec;
}

// A BPE by merge list over a, b, ab.
TokenizerSpec ListedSpec() {
  TokenizerSpec spec = ScoredSpec();
  spec.spelling = Spelling::kByteLevel;
  spec.vocab = Vocab();
  for (const char* piece : {"a", "b", "ab"}) {
    const auto id = static_cast<TokenId>(spec.vocab.size());
    spec.vocab.Add({.id = id, .bytes = piece, .spelling = piece});
  }
  spec.model = BpeModel();
  spec.pre_tokenizers = {pre_tokenizer::LlamaCpp{"smollm"}, pre_tokenizer::ByteLevel{}};
  return spec;
}

std::string GgufWriteError(const TokenizerSpec& spec) {
  return std::string(Message(WriteGguf(spec).status()));
}

TEST(GgufWriteTest, ScoresKindsAndRoles) {
  const StatusOr<std::string> bytes = WriteGguf(ScoredSpec());
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  EXPECT_EQ(bytes->size() % 32, 0U);
  EXPECT_EQ(bytes->substr(8, 8), std::string(8, '\0'));  // tensors
  const GgufMetadata file = GgufMetadata::Parse(*bytes, "m").value();
  EXPECT_EQ(*file.String("general.architecture"), "llama");
  EXPECT_EQ(*file.String("tokenizer.ggml.model"), "llama");
  EXPECT_THAT(**file.Strings("tokenizer.ggml.tokens"), ElementsAre("<s>", "▁a"));
  EXPECT_THAT(**file.Int32s("tokenizer.ggml.token_type"), ElementsAre(3, 1));
  EXPECT_THAT(**file.Floats("tokenizer.ggml.scores"), ElementsAre(0, -1.5F));
  EXPECT_EQ(*file.Uint32("tokenizer.ggml.bos_token_id"), 0U);
  EXPECT_EQ(*file.Uint32("tokenizer.ggml.eos_token_id"), std::nullopt);
  EXPECT_EQ(*file.Bool("tokenizer.ggml.add_bos_token"), true);
  EXPECT_EQ(*file.Bool("tokenizer.ggml.add_eos_token"), false);
  EXPECT_EQ(*file.Bool("tokenizer.ggml.add_space_prefix"), true);
}

TEST(GgufWriteTest, CarriedValuesHaveTheSmallestTypeThatLlamaCppReads) {
  TokenizerSpec spec = ScoredSpec();
  spec.rest = {{"general.architecture", "\"qwen3\""},
               {"general.a", "4294967295"},
               {"general.b", "4294967296"},
               {"general.c", "-1"},
               {"general.d", "0.5"},
               {"general.e", "true"},
               {"general.list", "[1]"},
               {"tokenizer.ggml.model", "\"other\""},  // what the spec says counts
               {"trainer_spec", "1"}};
  const std::string bytes = WriteGguf(spec).value();
  const GgufMetadata file = GgufMetadata::Parse(bytes, "m").value();
  EXPECT_EQ(*file.String("general.architecture"), "qwen3");
  EXPECT_EQ(file.values().at("general.a").type, GgufType::kUint32);
  EXPECT_EQ(file.values().at("general.b").type, GgufType::kUint64);
  EXPECT_EQ(file.values().at("general.c").type, GgufType::kInt64);
  EXPECT_EQ(GgufScalarAsJson(file.values().at("general.c")), "-1");
  EXPECT_EQ(file.values().at("general.d").type, GgufType::kFloat32);
  EXPECT_EQ(file.values().at("general.e").type, GgufType::kBool);
  EXPECT_EQ(file.values().count("general.list"), 0U);
  EXPECT_EQ(*file.String("tokenizer.ggml.model"), "llama");
  EXPECT_EQ(file.values().count("trainer_spec"), 0U);
}

TEST(GgufWriteTest, BrokenMergesStandWhereTheyStood) {
  TokenizerSpec spec = ListedSpec();
  auto& bpe = std::get<BpeModel>(spec.model);
  bpe.merges = {{0, 1, 2}};
  bpe.broken_merges = {{.index = 0, .left = "x", .right = "a", .missing = "x"},
                       {.index = 2, .left = "b", .right = "y", .missing = "y"}};
  const std::string bytes = WriteGguf(spec).value();
  const GgufMetadata file = GgufMetadata::Parse(bytes, "m").value();
  EXPECT_THAT(**file.Strings("tokenizer.ggml.merges"), ElementsAre("x a", "a b", "b y"));
  EXPECT_EQ(*file.String("tokenizer.ggml.pre"), "smollm");
  EXPECT_EQ(*file.Floats("tokenizer.ggml.scores"), std::nullopt);  // none but zeros
}

TEST(GgufWriteTest, RefusesInWords) {
  TokenizerSpec spec = ListedSpec();
  spec.vocab.Add({.id = 3, .bytes = "c d", .spelling = "c d"});
  std::get<BpeModel>(spec.model).merges = {{0, 3, 2}};
  EXPECT_EQ(GgufWriteError(spec), "");  // llama.cpp parts at the first space
  std::get<BpeModel>(spec.model).merges = {{3, 0, 2}};
  EXPECT_EQ(GgufWriteError(spec),
            "s: the merge of \"c d\" and \"a\" has a space in a part, and GGUF writes a space "
            "between");
  std::get<BpeModel>(spec.model).merges = {{0, 9, 2}};
  EXPECT_EQ(GgufWriteError(spec), "s: merge 0 names an id without a piece");
  spec = ScoredSpec();
  spec.vocab.Add({.id = 2, .bytes = "b", .spelling = "b", .score = 0.1});
  EXPECT_EQ(GgufWriteError(spec),
            "s: the score of the piece \"b\", 0.1, is no float, which GGUF holds");
  spec = ScoredSpec();
  spec.vocab.Add({.id = 2, .bytes = "\xE4", .spelling = "\xE4"});
  EXPECT_EQ(WriteGguf(spec).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(GgufWriteError(spec),
            "s: the piece with id 2 is not UTF-8, which a GGUF vocabulary cannot hold");
  spec = ScoredSpec();
  spec.vocab.Add({.id = 1, .bytes = "b", .spelling = "b"});
  EXPECT_EQ(GgufWriteError(spec),
            "s: 3 pieces on ids below 2, and a GGUF vocabulary has one piece for each id");
  spec = ScoredSpec();
  spec.pre_tokenizers = {pre_tokenizer::LlamaCpp{"smollm"}};
  EXPECT_EQ(GgufWriteError(spec), "s: a llama vocabulary of GGUF has no pre-tokenizer");
  spec = ScoredSpec();
  spec.decoders.reset();
  EXPECT_EQ(GgufWriteError(spec), "s: a decoder that is not llama.cpp's");
  spec = ScoredSpec();
  spec.model = UnigramModel{};
  EXPECT_EQ(GgufWriteError(spec),
            "s: GGUF holds a BPE by merge list or by score, and nothing else");
  spec.reference = Reference::kHuggingFace;
  EXPECT_EQ(GgufWriteError(spec),
            "s: a tokenizer of hf is no vocabulary of GGUF; convert it first");
}

}  // namespace
}  // namespace tokgraft
