// Every name by which a family stores embedding, head and bias; what tells one of several apart;
// and the name of a head that did not exist. (checkpoint_test.cc has whole models and errors.)
#include "embed_init/config/family.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace tokgraft {
namespace {

using ::testing::ElementsAre;

TensorInfo FamilyTensor(const std::string& name, std::vector<std::uint64_t> shape,
                        DType dtype = DType::kF32) {
  return {.name = name, .dtype = dtype, .shape = std::move(shape), .file = "f"};
}

Checkpoint FamilyModel(std::vector<TensorInfo> tensors) {
  std::sort(tensors.begin(), tensors.end(),
            [](const TensorInfo& a, const TensorInfo& b) { return a.name < b.name; });
  Checkpoint model;
  model.directory = "M";
  model.tensors = std::move(tensors);
  return model;
}

std::string FamilyError(const ModelConfig& config, std::vector<TensorInfo> tensors,
                        const CheckpointOptions& options = {}) {
  Checkpoint model = FamilyModel(std::move(tensors));
  return std::string(Message(FindRowTensors(config, options, &model)));
}

TEST(FamilyTest, EveryNameOfAnEmbeddingIsKnown) {
  for (const std::string name :
       {"embed_tokens.weight", "model.embed_tokens.weight", "model.decoder.embed_tokens.weight",
        "model.language_model.embed_tokens.weight", "transformer.wte.weight", "wte.weight",
        "gpt_neox.embed_in.weight", "transformer.word_embeddings.weight",
        "bert.embeddings.word_embeddings.weight", "tok_embeddings.weight", "embed.weight"}) {
    Checkpoint model = FamilyModel({FamilyTensor(name, {8, 4}, DType::kBf16)});
    ASSERT_EQ(Message(FindRowTensors({.tied = true}, {}, &model)), "") << name;
    EXPECT_EQ(model.embedding, (RowTensor{name, DType::kBf16, 8, 4}));
    EXPECT_EQ(model.head_kind, HeadKind::kTied);
  }
  // Only after a dot: these end alike and are something else.
  for (const std::string name : {"model.xembed_tokens.weight", "rewte.weight"}) {
    EXPECT_NE(FamilyError({}, {FamilyTensor(name, {8, 4})}), "") << name;
  }
}

TEST(FamilyTest, EveryNameOfAHeadIsKnown) {
  for (const std::string head :
       {"lm_head.weight", "language_model.lm_head.weight", "embed_out.weight",
        "cls.predictions.decoder.weight", "lm_head.decoder.weight", "vocab_projector.weight",
        "generator_lm_head.weight", "output.weight", "decoder.weight"}) {
    const std::string bias = head.substr(0, head.size() - 6) + "bias";
    Checkpoint model =
        FamilyModel({FamilyTensor("embed.weight", {8, 4}), FamilyTensor(head, {8, 4}),
                     FamilyTensor(bias, {8}), FamilyTensor("h.0.attention.output.weight", {8, 4}),
                     FamilyTensor("h.0.attention.output.bias", {8})});
    ASSERT_EQ(Message(FindRowTensors({.tied = false}, {}, &model)), "") << head;
    EXPECT_EQ(model.head, (RowTensor{head, DType::kF32, 8, 4}));
    EXPECT_EQ(model.head_kind, HeadKind::kSeparate);
    EXPECT_THAT(model.head_biases, ElementsAre(RowTensor{bias, DType::kF32, 8, 1})) << head;
  }
}

TEST(FamilyTest, TheSizeOfTheVocabularyTellsTablesApart) {
  Checkpoint model = FamilyModel({FamilyTensor("audio.embed_tokens.weight", {5, 4}),
                                  FamilyTensor("text.embed_tokens.weight", {8, 4})});
  ASSERT_EQ(Message(FindRowTensors({.vocab_size = 8, .tied = true}, {}, &model)), "");
  EXPECT_EQ(model.embedding.tensor, "text.embed_tokens.weight");
}

TEST(FamilyTest, WhatCannotBeUsedIsRefusedByName) {
  const ModelConfig untied{.tied = false};
  EXPECT_EQ(FamilyError(untied, {FamilyTensor("embed.weight", {8, 4}),
                                 FamilyTensor("a.lm_head.weight", {8, 4}),
                                 FamilyTensor("b.lm_head.weight", {8, 4})}),
            "M: both a.lm_head.weight and b.lm_head.weight may be the output head; name it with "
            "--head");
  EXPECT_EQ(FamilyError(untied, {FamilyTensor("embed.weight", {8, 4, 2})}),
            "M/f: embed.weight: has shape [8, 4, 2], a matrix [rows, columns] was expected; name "
            "the right tensor");
  EXPECT_EQ(FamilyError(untied,
                        {FamilyTensor("embed.weight", {8, 4}), FamilyTensor("lm_head.bias", {7})}),
            "M/f: lm_head.bias: has shape [7], [8] was expected, one number per row; name the "
            "right tensor with --head-bias");
  EXPECT_EQ(FamilyError(untied, {FamilyTensor("embed.weight", {8, 4})}, {.head_bias = "b"}),
            "M: --head-bias: there is no tensor b in this model; see the names in its safetensors "
            "files");
  EXPECT_EQ(FamilyError({.quant_method = "bitsandbytes"},
                        {FamilyTensor("embed.weight", {8, 4}, DType::kI8)}),
            "M/f: embed.weight: the embedding is quantised (bitsandbytes, stored as I8), F16, "
            "BF16, F32 or F64 was expected; start from the model before quantisation");
}

TEST(FamilyTest, TheKindOfHeadFollowsConfigThenFamilyThenArchitecture) {
  const auto kind = [](const ModelConfig& config, bool stored) {
    std::vector<TensorInfo> tensors = {FamilyTensor("embed.weight", {8, 4})};
    if (stored) tensors.push_back(FamilyTensor("lm_head.weight", {8, 4}));
    Checkpoint model = FamilyModel(std::move(tensors));
    const Status status = FindRowTensors(config, {}, &model);
    return status.ok() ? HeadKindName(model.head_kind) : "error";
  };
  ModelConfig llama{.text_model_type = "llama", .architectures = {"LlamaForCausalLM"}};
  EXPECT_EQ(kind(llama, true), "separate");
  EXPECT_EQ(kind(llama, false), "error");
  llama.tied = true;
  EXPECT_EQ(kind(llama, false), "tied");
  // The text part decides before the whole.
  EXPECT_EQ(kind({.model_type = "llava",
                  .text_model_type = "gemma2",
                  .architectures = {"LlavaForConditionalGeneration"}},
                 true),
            "tied");
  EXPECT_EQ(kind({.model_type = "bert", .architectures = {"BertModel"}}, false), "none");
  // An unknown family: tied where no head is stored.
  EXPECT_EQ(kind({.model_type = "?", .architectures = {"XForCausalLM"}}, false), "tied");
  EXPECT_EQ(kind({.model_type = "?", .architectures = {"XForCausalLM"}}, true), "separate");
}

TEST(FamilyTest, AnUntiedHeadGetsTheNameOfItsFamily) {
  const auto name = [](const std::string& embedding, const std::string& bias = "",
                       const std::string& type = "") {
    Checkpoint model;
    model.model_type = type;
    model.embedding.tensor = embedding;
    if (!bias.empty()) model.head_biases = {{bias, DType::kF32, 8, 1}};
    return UntiedHeadName(model);
  };
  EXPECT_EQ(name("model.embed_tokens.weight"), "lm_head.weight");
  EXPECT_EQ(name("transformer.wte.weight"), "lm_head.weight");
  EXPECT_EQ(name("model.language_model.embed_tokens.weight"), "lm_head.weight");
  EXPECT_EQ(name("language_model.model.embed_tokens.weight"), "language_model.lm_head.weight");
  EXPECT_EQ(name("x.language_model.model.embed_tokens.weight"), "x.language_model.lm_head.weight");
  EXPECT_EQ(name("tok_embeddings.weight"), "output.weight");
  EXPECT_EQ(name("gpt_neox.embed_in.weight"), "embed_out.weight");
  const std::string words = "bert.embeddings.word_embeddings.weight";
  EXPECT_EQ(name(words, "cls.predictions.bias"), "cls.predictions.decoder.weight");
  EXPECT_EQ(name(words, "lm_head.bias"), "lm_head.decoder.weight");
  EXPECT_EQ(name(words, "vocab_projector.bias", "distilbert"), "vocab_projector.weight");
  EXPECT_EQ(name("transformer.word_embeddings.weight"), "lm_head.weight");
  // A stored copy keeps its name.
  Checkpoint stored;
  stored.head = RowTensor{"embed_out.weight", DType::kF32, 8, 4};
  EXPECT_EQ(UntiedHeadName(stored), "embed_out.weight");
}

}  // namespace
}  // namespace tokgraft
