// config.json, generation_config.json and the index: what is read from them, and that nothing but
// sizes, ties and ids changes in them.
#include "embed_init/config/model_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using Parsed = nlohmann::json;

TEST(ModelConfigTest, APlainModel) {
  const ModelConfig config = *ParseModelConfig(
      R"({"model_type": "llama", "architectures": ["LlamaForCausalLM"], "vocab_size": 8,
          "tie_word_embeddings": false, "bos_token_id": 0, "eos_token_id": [1, 2],
          "pad_token_id": null, "sep_token_id": -1, "image_token_index": 5, "hidden_size": 4,
          "quantization_config": {"quant_method": "gptq"}})",
      "c");
  EXPECT_EQ(config.model_type, "llama");
  EXPECT_EQ(config.text_model_type, "llama");
  EXPECT_THAT(config.architectures, ElementsAre("LlamaForCausalLM"));
  EXPECT_EQ(config.vocab_size, 8u);
  EXPECT_EQ(config.tied, false);
  EXPECT_EQ(config.quant_method, "gptq");
  EXPECT_THAT(config.token_ids, ElementsAre(Pair("bos_token_id", 0), Pair("eos_token_id", 1),
                                            Pair("eos_token_id", 2), Pair("image_token_index", 5)));
}

TEST(ModelConfigTest, TheTextPartOfAMultimodalModel) {
  for (const std::string part : {"text_config", "llm_config", "language_config"}) {
    const ModelConfig config = *ParseModelConfig(
        R"({"model_type": "gemma3", "image_token_index": 7, ")" + part +
            R"(": {"model_type": "gemma3_text", "vocab_size": 8, "tie_word_embeddings": true,
                   "eos_token_id": 3}, "vision_config": {"vocab_size": 99}})",
        "c");
    EXPECT_EQ(config.model_type, "gemma3");
    EXPECT_EQ(config.text_model_type, "gemma3_text");
    EXPECT_EQ(config.vocab_size, 8u);
    EXPECT_EQ(config.tied, true);
    EXPECT_THAT(config.token_ids,
                ElementsAre(Pair(part + ".eos_token_id", 3), Pair("image_token_index", 7)));
  }
}

TEST(ModelConfigTest, WhatIsAbsentIsSaidToBe) {
  const ModelConfig config = *ParseModelConfig(R"({"quantization_config": {}})", "c");
  EXPECT_EQ(config.model_type, "");
  EXPECT_FALSE(config.vocab_size.has_value());
  EXPECT_FALSE(config.tied.has_value());
  EXPECT_EQ(config.quant_method, "unnamed");
  EXPECT_EQ(Message(ParseModelConfig("[]", "c.json").status()),
            "c.json: is not a JSON object; restore the file");
}

const std::vector<std::optional<TokenId>> kMoved = {0, 5, std::nullopt, 2};

ConfigChange GrowTo12() {
  return {.old_rows = 8,
          .new_rows = 12,
          .new_tokens = 11,
          .pad_to_multiple = 4,
          .tied = false,
          .old_to_new = &kMoved};
}

TEST(ModelConfigTest, OnlySizesTiesAndIdsChange) {
  const std::string updated = *UpdateModelConfig(
      R"({"vocab_size": 8, "tie_word_embeddings": true, "eos_token_id": [1, 3], "bos_token_id": 0,
          "pad_token_id": -1, "hidden_size": 8, "rms_norm_eps": 1e-05, "z": null})",
      GrowTo12(), "c");
  EXPECT_EQ(Parsed::parse(updated), Parsed::parse(R"(
      {"vocab_size": 12, "tie_word_embeddings": false, "eos_token_id": [5, 2], "bos_token_id": 0,
       "pad_token_id": -1, "hidden_size": 8, "rms_norm_eps": 1e-05, "z": null,
       "tokgraft": {"tokenizer_size": 11, "embedding_rows": 12, "pad_to_multiple": 4}})"));
  EXPECT_EQ(updated.back(), '\n');
}

TEST(ModelConfigTest, ANestedSizeStaysNested) {
  const std::string updated = *UpdateModelConfig(
      R"({"vocab_size": 3, "text_config": {"vocab_size": 8, "tie_word_embeddings": true,
          "eos_token_id": 1}, "vision_config": {"vocab_size": 8}})",
      GrowTo12(), "c");
  EXPECT_EQ(Parsed::parse(updated), Parsed::parse(R"(
      {"vocab_size": 3, "tie_word_embeddings": false,
       "text_config": {"vocab_size": 12, "tie_word_embeddings": false, "eos_token_id": 5},
       "vision_config": {"vocab_size": 8},
       "tokgraft": {"tokenizer_size": 11, "embedding_rows": 12, "pad_to_multiple": 4}})"));
  // A size that was left to the default is written where the text part is.
  ConfigChange change = GrowTo12();
  change.tied.reset();
  EXPECT_EQ(Parsed::parse(*UpdateModelConfig(R"({"text_config": {}})", change, "c"))["text_config"],
            Parsed({{"vocab_size", 12}}));
}

TEST(ModelConfigTest, ATokenThatIsGoneIsAnError) {
  EXPECT_EQ(Message(UpdateModelConfig(R"({"text_config": {"eos_token_id": 2}})", GrowTo12(),
                                      "M/config.json")
                        .status()),
            "M/config.json: text_config.eos_token_id: names token 2, which the new vocabulary "
            "lacks, and none that has its role is known; load the donor from its directory "
            "(tokenizer_config.json names its roles), or keep that token");
}

TEST(ModelConfigTest, OfSeveralStopTokensThoseThatAreGoneAreLeftOut) {
  ConfigChange change = GrowTo12();
  std::vector<std::string> notes;
  change.notes = &notes;
  EXPECT_EQ(Parsed::parse(*UpdateGenerationConfig(R"({"eos_token_id": [1, 2, -1]})", change, "g")),
            Parsed::parse(R"({"eos_token_id": [5, -1]})"));
  EXPECT_EQ(notes, std::vector<std::string>{"g: eos_token_id: names token 2, which the new "
                                            "vocabulary lacks; it was taken out of the list"});
  EXPECT_EQ(Message(UpdateGenerationConfig(R"({"eos_token_id": [2]})", change, "g").status()),
            "g: eos_token_id: names token 2, which the new vocabulary lacks, and none that has its "
            "role is known; load the donor from its directory (tokenizer_config.json names its "
            "roles), or keep that token");
}

TEST(ModelConfigTest, GenerationConfigChangesByIdsAlone) {
  EXPECT_EQ(Parsed::parse(*UpdateGenerationConfig(R"({"eos_token_id": [3, 1], "temperature": 0.6,
                              "suppress_token_ids": [0, 9], "vocab_size": 8})",
                                                  GrowTo12(), "g")),
            Parsed::parse(R"({"eos_token_id": [2, 5], "temperature": 0.6,
                              "suppress_token_ids": [0, 9], "vocab_size": 8})"));
  // No id moves: not a byte changes, spelling included.
  const std::string same = "{ \"eos_token_id\" : [0,9],\n\"temperature\":0.60 }";
  EXPECT_EQ(*UpdateGenerationConfig(same, GrowTo12(), "g"), same);
  EXPECT_TRUE(absl::IsFailedPrecondition(
      UpdateGenerationConfig(R"({"eos_token_id": 2})", GrowTo12(), "g").status()));
}

TEST(ModelConfigTest, TheIndexGetsItsTotalAndItsNewTensors) {
  const std::string updated = *UpdateIndex(
      R"({"metadata": {"total_size": 1, "total_parameters": 9, "note": "n"},
          "weight_map": {"embed.weight": "a"}})",
      640, {{"lm_head.weight", "a"}}, "i");
  EXPECT_EQ(Parsed::parse(updated), Parsed::parse(R"(
      {"metadata": {"total_size": 640, "note": "n"},
       "weight_map": {"embed.weight": "a", "lm_head.weight": "a"}})"));
  EXPECT_EQ(Parsed::parse(*UpdateIndex(R"({"weight_map": {}})", 5, {}, "i"))["metadata"],
            Parsed({{"total_size", 5}}));
  EXPECT_EQ(Message(UpdateIndex("7", 5, {}, "i.json").status()),
            "i.json: is not a JSON object; restore the file");
}

}  // namespace
}  // namespace tokgraft
