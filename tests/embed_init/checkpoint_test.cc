#include "embed_init/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/embed_init/random_model.h"

namespace tokgraft {
namespace {

using ::testing::HasSubstr;

struct Family {
  std::string name;
  nlohmann::json config;
  std::vector<testing::RandomTensor> tensors;
  std::string embedding;
  HeadKind kind;
  std::string head;
  std::size_t biases;
};

std::vector<Family> Families() {
  const auto config = [](const std::string& type, const std::string& architecture) {
    return nlohmann::json{
        {"model_type", type}, {"architectures", {architecture}}, {"vocab_size", 8}};
  };
  nlohmann::json tied_llama = config("llama", "LlamaForCausalLM");
  tied_llama["tie_word_embeddings"] = true;
  nlohmann::json gemma3 = {{"model_type", "gemma3"},
                           {"architectures", {"Gemma3ForConditionalGeneration"}},
                           {"text_config", {{"model_type", "gemma3_text"}, {"vocab_size", 8}}}};
  return {
      {"llama",
       config("llama", "LlamaForCausalLM"),
       {{"model.embed_tokens.weight", {8, 4}}, {"lm_head.weight", {8, 4}}},
       "model.embed_tokens.weight",
       HeadKind::kSeparate,
       "lm_head.weight",
       0},
      {"tied llama",
       tied_llama,
       {{"model.embed_tokens.weight", {8, 4}, "BF16"}},
       "model.embed_tokens.weight",
       HeadKind::kTied,
       "",
       0},
      {"gemma",
       config("gemma", "GemmaForCausalLM"),
       {{"model.embed_tokens.weight", {8, 4}}},
       "model.embed_tokens.weight",
       HeadKind::kTied,
       "",
       0},
      {"gemma3",
       gemma3,
       {{"language_model.model.embed_tokens.weight", {8, 4}},
        {"vision_tower.embeddings.position_embedding.weight", {16, 4}}},
       "language_model.model.embed_tokens.weight",
       HeadKind::kTied,
       "",
       0},
      {"gpt2",
       config("gpt2", "GPT2LMHeadModel"),
       {{"transformer.wte.weight", {8, 4}}, {"transformer.wpe.weight", {8, 4}}},
       "transformer.wte.weight",
       HeadKind::kTied,
       "",
       0},
      {"gpt_neox",
       config("gpt_neox", "GPTNeoXForCausalLM"),
       {{"gpt_neox.embed_in.weight", {8, 4}}, {"embed_out.weight", {8, 4}}},
       "gpt_neox.embed_in.weight",
       HeadKind::kSeparate,
       "embed_out.weight",
       0},
      {"bert",
       config("bert", "BertForMaskedLM"),
       {{"bert.embeddings.word_embeddings.weight", {8, 4}},
        {"bert.embeddings.token_type_embeddings.weight", {2, 4}},
        {"cls.predictions.bias", {8}},
        {"cls.predictions.decoder.bias", {8}}},
       "bert.embeddings.word_embeddings.weight",
       HeadKind::kTied,
       "",
       2},
      {"bert encoder",
       config("bert", "BertModel"),
       {{"embeddings.word_embeddings.weight", {8, 4}, "F16"}},
       "embeddings.word_embeddings.weight",
       HeadKind::kNone,
       "",
       0},
      {"roberta",
       config("roberta", "RobertaForMaskedLM"),
       {{"roberta.embeddings.word_embeddings.weight", {8, 4}},
        {"lm_head.bias", {8}},
        {"lm_head.dense.weight", {4, 4}}},
       "roberta.embeddings.word_embeddings.weight",
       HeadKind::kTied,
       "",
       1},
      {"phi with a bias",
       config("phi", "PhiForCausalLM"),
       {{"model.embed_tokens.weight", {8, 4}}, {"lm_head.weight", {8, 4}}, {"lm_head.bias", {8}}},
       "model.embed_tokens.weight",
       HeadKind::kSeparate,
       "lm_head.weight",
       1},
  };
}

TEST(CheckpointTest, FindsTheRowsOfEveryFamily) {
  for (const Family& family : Families()) {
    const testing::TemporaryDirectory directory;
    testing::WriteRandomModel(directory.path(), family.config, family.tensors);
    const StatusOr<Checkpoint> model = OpenCheckpoint(directory.path());
    ASSERT_TRUE(model.ok()) << family.name << ": " << Message(model.status());
    EXPECT_EQ(model->embedding.tensor, family.embedding) << family.name;
    EXPECT_EQ(model->embedding.rows, 8u) << family.name;
    EXPECT_EQ(model->embedding.columns, 4u) << family.name;
    EXPECT_EQ(HeadKindName(model->head_kind), HeadKindName(family.kind)) << family.name;
    EXPECT_EQ(model->head ? model->head->tensor : "", family.head) << family.name;
    EXPECT_EQ(model->head_biases.size(), family.biases) << family.name;
  }
}

// The error for a Llama with these tensors and this config, folder left out.
std::string OpenError(const nlohmann::json& config, std::vector<testing::RandomTensor> tensors,
                      const CheckpointOptions& options = {}) {
  const testing::TemporaryDirectory directory;
  testing::WriteRandomModel(directory.path(), config, std::move(tensors));
  const StatusOr<Checkpoint> model = OpenCheckpoint(directory.path(), options);
  if (model.ok()) return "ok";
  std::string message(Message(model.status()));
  if (const std::size_t at = message.find(directory.path()); at != std::string::npos) {
    message.replace(at, directory.path().size(), "M");
  }
  return message;
}

TEST(CheckpointTest, RefusesWhatDisagrees) {
  const nlohmann::json config = testing::LlamaConfig(8, false);
  EXPECT_EQ(OpenError(config, {{"model.embed_tokens.weight", {9, 4}}, {"lm_head.weight", {9, 4}}}),
            "M/model.safetensors: model.embed_tokens.weight: has 9 rows, 8 were expected, the "
            "vocab_size of config.json; correct the one that is wrong");
  EXPECT_EQ(OpenError(config, {{"model.embed_tokens.weight", {8, 4}}, {"lm_head.weight", {8, 5}}}),
            "M/model.safetensors: lm_head.weight: has shape [8, 5], [8, 4] was expected, as the "
            "embedding has; name the right tensor with --head");
  EXPECT_EQ(OpenError(config, {{"model.embed_tokens.weight", {8, 4}}}),
            "M/config.json: tie_word_embeddings: is false, but no tensor has the name of an output "
            "head; name it with --head");
  EXPECT_EQ(OpenError(config, {{"words", {8, 4}}}),
            "M: no tensor has the name of an embedding (embed_tokens, wte, embed_in, "
            "word_embeddings, tok_embeddings); name it with --embedding");
  EXPECT_EQ(OpenError(config, {{"a.embed_tokens.weight", {8, 4}}, {"b.wte.weight", {8, 4}}}),
            "M: several tensors may be the embedding: a.embed_tokens.weight, b.wte.weight; name it "
            "with --embedding");
  EXPECT_EQ(OpenError(config, {{"model.embed_tokens.weight", {8, 4}}}, {.embedding = "nothing"}),
            "M: --embedding: there is no tensor nothing in this model; see the names in its "
            "safetensors files");
  EXPECT_EQ(OpenError(testing::LlamaConfig(8, true),
                      {{"model.embed_tokens.weight", {8, 4}}, {"lm_head.weight", {8, 4}}}),
            "M/config.json: tie_word_embeddings: is true, but lm_head.weight differs from "
            "model.embed_tokens.weight; set it to false, or remove the stored head");
  EXPECT_THAT(OpenError(config, {{"model.embed_tokens.weight", {8, 4}},
                                 {"model.embed_tokens_per_layer.weight", {8, 2}},
                                 {"lm_head.weight", {8, 4}}}),
              HasSubstr("one more table with a row per token"));
}

TEST(CheckpointTest, NamedTensorsAreUsed) {
  EXPECT_EQ(OpenError(testing::LlamaConfig(8, false), {{"words", {8, 4}}, {"logits", {8, 4}}},
                      {.embedding = "words", .head = "logits"}),
            "ok");
}

TEST(CheckpointTest, QuantisedRowsAreRefusedByName) {
  nlohmann::json config = testing::LlamaConfig(8, false);
  config["quantization_config"] = {{"quant_method", "gptq"}};
  EXPECT_EQ(
      OpenError(config, {{"model.embed_tokens.weight", {8, 4}}, {"lm_head.qweight", {8, 4}, "U8"}}),
      "M/model.safetensors: lm_head.qweight: the output head is quantised (gptq), a plain "
      "matrix lm_head.weight was expected; start from the model before quantisation");
  config["quantization_config"]["quant_method"] = "awq";
  EXPECT_THAT(OpenError(config, {{"model.embed_tokens.qweight", {8, 4}, "U8"}}),
              HasSubstr("the embedding is quantised (awq)"));
  config.erase("quantization_config");
  EXPECT_THAT(OpenError(config, {{"model.embed_tokens.weight", {8, 4}, "F8_E4M3"},
                                 {"lm_head.weight", {8, 4}}}),
              HasSubstr("the embedding is quantised (fp8, stored as F8_E4M3)"));
  // The rest of the model may be quantised.
  EXPECT_EQ(OpenError(config, {{"model.embed_tokens.weight", {8, 4}},
                               {"lm_head.weight", {8, 4}},
                               {"model.layers.0.q_proj.qweight", {8, 4}, "U8"}}),
            "ok");
}

TEST(CheckpointTest, ShardsAndTheirIndexMustAgree) {
  const testing::TemporaryDirectory directory;
  testing::WriteRandomModel(directory.path(), testing::LlamaConfig(8, false),
                            testing::LlamaTensors(8, 4, false, "F32"), 3);
  ASSERT_TRUE(OpenCheckpoint(directory.path()).ok());
  const std::string index_path = directory / "model.safetensors.index.json";
  const nlohmann::json index = nlohmann::json::parse(testing::ReadText(index_path));
  const auto error = [&](const nlohmann::json& edited) {
    testing::WriteText(index_path, edited.dump());
    return std::string(Message(OpenCheckpoint(directory.path()).status()));
  };
  nlohmann::json edited = index;
  edited["weight_map"]["ghost.weight"] = "model-00001-of-00003.safetensors";
  EXPECT_THAT(error(edited), HasSubstr("weight_map.ghost.weight: is not in model-00001-of-00003"));
  edited = index;
  edited["weight_map"].erase("model.layers.0.mlp.up_proj.weight");
  EXPECT_THAT(error(edited), HasSubstr("does not name model.layers.0.mlp.up_proj.weight"));
  edited = index;
  edited["weight_map"]["lm_head.weight"] = "../../etc/passwd";
  EXPECT_THAT(error(edited), HasSubstr("is not the name of a file in this directory"));
  edited = index;
  edited["weight_map"]["lm_head.weight"] = "model-00009-of-00003.safetensors";
  EXPECT_THAT(error(edited), HasSubstr("which is not there"));
}

TEST(CheckpointTest, DirectoriesWithoutAModelAreNamed) {
  const testing::TemporaryDirectory directory;
  EXPECT_TRUE(absl::IsNotFound(OpenCheckpoint(directory / "nothing").status()));
  testing::WriteText(directory / "config.json", "{}");
  EXPECT_TRUE(absl::IsNotFound(OpenCheckpoint(directory.path()).status()));
  testing::WriteText(directory / "pytorch_model.bin", "pickle");
  EXPECT_THAT(std::string(Message(OpenCheckpoint(directory.path()).status())),
              HasSubstr("pytorch_model.bin: byte 0: is no zip archive"));
  testing::WriteText(directory / "config.json", "{\"vocab_size\": tru");
  EXPECT_THAT(std::string(Message(OpenCheckpoint(directory.path()).status())),
              HasSubstr("config.json: byte"));
}

}  // namespace
}  // namespace tokgraft
