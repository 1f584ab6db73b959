#include "vocab_merge/model_cost.h"

#include <gtest/gtest.h>

#include <string>

namespace tokgraft {
namespace {

ModelCost CostOfConfig(const std::string& json) {
  const StatusOr<ModelCost> cost = ParseModelCost(json, "config.json");
  EXPECT_TRUE(cost.ok()) << cost.status();
  return cost.value_or(ModelCost());
}

TEST(ModelCostTest, AModelWithAGateAndFewerKeysThanHeads) {
  // SmolLM2-135M: 30 (2 576^2 + 2 576 192 + 3 576 1536); it has 134,515,008 parameters, norms
  // included, of which 28,311,552 are rows.
  const ModelCost cost = CostOfConfig(R"({"model_type": "llama", "hidden_size": 576,
      "num_hidden_layers": 30, "intermediate_size": 1536, "num_attention_heads": 9,
      "num_key_value_heads": 3, "head_dim": 64, "vocab_size": 49152,
      "tie_word_embeddings": true})");
  EXPECT_EQ(cost, (ModelCost{576, 106168320, 106168320, 49152, true}));
  EXPECT_EQ(cost.FlopsPerToken(49152), 2.0 * (106168320 + 576 * 49152));
  EXPECT_EQ(cost.Parameters(49152), 106168320.0 + 576 * 49152);
  EXPECT_EQ(cost.DebugString(), "106,168,320 parameters beside 49,152 tied rows of 576");
  EXPECT_EQ(cost.ToJson(),
            "{\n  \"hidden_size\": 576,\n  \"body_parameters\": 106168320,\n"
            "  \"active_parameters\": 106168320,\n  \"rows\": 49152,\n  \"tied\": true\n}\n");
}

TEST(ModelCostTest, UntiedRowsAreTwice) {
  const ModelCost cost = CostOfConfig(R"({"model_type": "llama", "hidden_size": 8192,
      "num_hidden_layers": 80, "intermediate_size": 28672, "num_attention_heads": 64,
      "num_key_value_heads": 8, "vocab_size": 128256})");  // untied as llama is by default
  EXPECT_EQ(cost, (ModelCost{8192, 68451041280, 68451041280, 128256, false}));
  EXPECT_EQ(cost.FlopsPerToken(10), 2.0 * (68451041280 + 8192 * 10));
  EXPECT_EQ(cost.Parameters(10), 68451041280.0 + 2 * 8192 * 10);
}

TEST(ModelCostTest, OtherFamiliesSayItInOtherWords) {
  // GPT-2: no gate, n_inner null is 4 n_embd: 12 (4 768^2 + 2 768 3072).
  EXPECT_EQ(CostOfConfig(R"({"model_type": "gpt2", "n_embd": 768, "n_layer": 12, "n_head": 12,
                             "n_inner": null, "vocab_size": 50257})"),
            (ModelCost{768, 84934656, 84934656, 50257, true}));
  // One head of keys for all: 2 (2 8 8 + 2 8 2 + 2 8 32).
  EXPECT_EQ(CostOfConfig(R"({"model_type": "falcon", "hidden_size": 8, "num_hidden_layers": 2,
                             "num_attention_heads": 4, "multi_query": true, "vocab_size": 10})"),
            (ModelCost{8, 1344, 1344, 10, true}));
  // The text part of a multimodal model; head_dim is not d / h: 4 8 (2 4 + 2 2) + 3 8 10 ...
  EXPECT_EQ(CostOfConfig(R"({"model_type": "gemma3", "vision_config": {"hidden_size": 99},
      "text_config": {"model_type": "gemma3_text", "hidden_size": 8, "num_hidden_layers": 1,
                      "intermediate_size": 10, "num_attention_heads": 4, "num_key_value_heads": 2,
                      "head_dim": 16, "vocab_size": 7}})"),
            (ModelCost{8, 2 * 8 * 64 + 2 * 8 * 32 + 3 * 8 * 10, 1776, 7, true}));
  // Nothing says: tied, as transformers has it.
  EXPECT_TRUE(CostOfConfig(R"({"d_model": 8, "n_layers": 1, "n_heads": 1, "vocab_size": 5})").tied);
}

TEST(ModelCostTest, OfExpertsAllAreStoredAndSomeActive) {
  // One dense layer, then two with 4 experts of 6 and one shared of 6; the router chooses.
  const ModelCost cost = CostOfConfig(R"({"model_type": "qwen3_moe", "hidden_size": 8,
      "num_hidden_layers": 3, "intermediate_size": 20, "num_attention_heads": 2,
      "n_routed_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 6,
      "n_shared_experts": 1, "first_k_dense_replace": 1, "vocab_size": 100})");
  const std::uint64_t attention = 3 * 4 * 8 * 8;
  const std::uint64_t always = 3 * 8 * 20 + 2 * (8 * 4 + 3 * 8 * 6);
  EXPECT_EQ(cost.body_parameters, attention + always + 2 * 4 * 3 * 8 * 6);
  EXPECT_EQ(cost.active_parameters, attention + always + 2 * 2 * 3 * 8 * 6);
  EXPECT_EQ(cost.DebugString(), "2,752 parameters (2,176 active) beside 100 untied rows of 8");
}

TEST(ModelCostTest, LowRankKeys) {
  const ModelCost cost = CostOfConfig(R"({"model_type": "deepseek_v3", "hidden_size": 16,
      "num_hidden_layers": 1, "intermediate_size": 1, "num_attention_heads": 2,
      "q_lora_rank": 5, "kv_lora_rank": 3, "qk_nope_head_dim": 4, "qk_rope_head_dim": 2,
      "v_head_dim": 6, "vocab_size": 9})");
  EXPECT_EQ(cost.body_parameters,
            5 * (16 + 2 * 6) + 16 * (3 + 2) + 3 * 2 * (4 + 6) + 2 * 6 * 16 + 3 * 16 * 1U);
}

TEST(ModelCostTest, WhatIsMissingOrAbsurdIsNamed) {
  const auto error = [](const std::string& json) {
    const Status status = ParseModelCost(json, "c.json").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << json;
    return std::string(Message(status));
  };
  EXPECT_EQ(error("[]"), "c.json: is not a JSON object; restore the file");
  EXPECT_EQ(error("{}"),
            "c.json: hidden_size: is missing, a size above 0 was expected; name the config.json "
            "of a model");
  EXPECT_EQ(error(R"({"text_config": {"hidden_size": 8, "n_layer": 0}})"),
            "c.json: text_config: num_hidden_layers: is 0, a size above 0 was expected; name the "
            "config.json of a model");
  EXPECT_EQ(error(R"({"hidden_size": 8, "n_layer": 1, "vocab_size": 5, "n_head": 1,
                      "num_experts": 8})"),
            "c.json: num_experts_per_tok: is missing, a size above 0 was expected; name the "
            "config.json of a model");
  EXPECT_EQ(error(R"({"hidden_size": 4294967296, "n_layer": 4294967296, "vocab_size": 5,
                      "n_head": 1})"),
            "c.json: gives more than 1e15 parameters, the sizes of a model were expected; restore "
            "the file");
  EXPECT_EQ(ReadModelCost("/no/such/model").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReadModelCost(::testing::TempDir()).status().code(), absl::StatusCode::kNotFound);
}

TEST(ModelCostTest, FamiliesTieByDefaultOrDoNot) {
  for (const char* type : {"llama", "mistral", "qwen2", "gpt_neox", "phi3"}) {
    EXPECT_EQ(TiedByDefault(type), false) << type;
  }
  for (const char* type : {"gpt2", "gemma", "bert", "xlm-roberta", "opt", "bloom"}) {
    EXPECT_EQ(TiedByDefault(type), true) << type;
  }
  EXPECT_EQ(TiedByDefault("mamba9"), std::nullopt);
}

}  // namespace
}  // namespace tokgraft
