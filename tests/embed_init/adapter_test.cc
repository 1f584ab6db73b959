#include "embed_init/adapter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "embed_init/init.h"
#include "embed_init/safetensors/header.h"
#include "tests/embed_init/random_model.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::uint64_t kOldRows = 64;

// A grafted Llama (20 tokens more, of two pieces each) and adapters of the one before.
class AdapterTest : public ::testing::Test {
 protected:
  void SetUp() override { MakeModel({.method = Method::kAsymmetric}); }

  void MakeModel(const InitOptions& init) {
    testing::WriteRandomModel(directory_ / "model", testing::LlamaConfig(kOldRows, false),
                              testing::LlamaTensors(kOldRows, 16, false, "F32", 1));
    const Checkpoint model = *OpenCheckpoint(directory_ / "model");
    const std::vector<OldPieces> pieces(20, {{3, 5}, {1, 1}});
    const InitPlan plan = *PlanInit(model, testing::ExtendMap(kOldRows, 20), pieces, init);
    new_rows_ = plan.new_rows;
    ASSERT_TRUE(WriteModel(model, plan, directory_ / "out", {.force = true}).ok());
  }

  void WriteAdapter(std::vector<testing::RandomTensor> tensors,
                    const nlohmann::json& more = nlohmann::json::object()) {
    std::mt19937 random(4);
    for (testing::RandomTensor& tensor : tensors) testing::Draw(&tensor, &random);
    testing::WriteText(directory_ / "lora/adapter_model.safetensors",
                       testing::SafetensorsBytes(tensors));
    nlohmann::json config = {
        {"peft_type", "LORA"}, {"base_model_name_or_path", "model"}, {"revision", "v1"}, {"r", 4}};
    config.update(more);
    testing::WriteText(directory_ / "lora/adapter_config.json", config.dump());
  }
  StatusOr<AdapterReport> Graft(const AdapterOptions& options = {}) {
    return GraftAdapter(directory_ / "lora", directory_ / "out", directory_ / "new", options);
  }
  std::string ErrorOfGraft() { return std::string(Message(Graft().status())); }

  // Numbers of a float32 tensor of an adapter.
  std::vector<float> Numbers(const std::string& folder, const std::string& name) {
    const std::string path = directory_ / (folder + "/adapter_model.safetensors");
    const SafetensorsHeader header = *ReadSafetensorsHeader(path, "a");
    for (const TensorInfo& tensor : header.tensors) {
      if (tensor.name != name) continue;
      std::vector<float> values(tensor.size_bytes() / 4);
      std::memcpy(values.data(), testing::ReadText(path).data() + tensor.begin,
                  tensor.size_bytes());
      return values;
    }
    return {};
  }

  testing::TemporaryDirectory directory_;
  std::uint64_t new_rows_ = 0;
};

const std::string kPrefix = "base_model.model.";

TEST_F(AdapterTest, PartsPerTokenFollowThePlan) {
  WriteAdapter({{kPrefix + "lm_head.lora_A.weight", {4, 16}},
                {kPrefix + "lm_head.lora_B.weight", {kOldRows, 4}},
                {kPrefix + "lm_head.lora_magnitude_vector", {kOldRows}},
                {kPrefix + "model.embed_tokens.lora_embedding_A", {4, kOldRows}},
                {kPrefix + "model.embed_tokens.lora_embedding_B", {16, 4}},
                {kPrefix + "model.embed_tokens.base_layer.weight", {kOldRows, 16}},
                {kPrefix + "model.layers.0.self_attn.q_proj.lora_A.weight", {4, 16}}});
  testing::WriteText(directory_ / "lora/README.md", "about");
  testing::WriteText(directory_ / "lora/tokenizer.json", "{}");
  testing::WriteText(directory_ / "lora/optimizer.pt", "{}");
  const auto report = Graft();
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->mapped, ElementsAre(kPrefix + "lm_head.lora_B.weight",
                                          kPrefix + "lm_head.lora_magnitude_vector",
                                          kPrefix + "model.embed_tokens.base_layer.weight",
                                          kPrefix + "model.embed_tokens.lora_embedding_A"));
  EXPECT_EQ(report->unchanged, 3u);
  EXPECT_EQ(report->new_rows, new_rows_);
  EXPECT_THAT(report->left_out, ElementsAre("optimizer.pt (weights of the old vocabulary)",
                                            "tokenizer.json (of the old tokenizer)"));
  EXPECT_EQ(testing::ReadText(directory_ / "new/README.md"), "about");
  for (const std::string name : {"lm_head.lora_A.weight", "model.embed_tokens.lora_embedding_B",
                                 "model.layers.0.self_attn.q_proj.lora_A.weight"}) {
    EXPECT_EQ(Numbers("new", kPrefix + name), Numbers("lora", kPrefix + name)) << name;
  }
  // Rows: input mean, output first.
  const std::vector<float> b = Numbers("lora", kPrefix + "lm_head.lora_B.weight");
  const std::vector<float> new_b = Numbers("new", kPrefix + "lm_head.lora_B.weight");
  ASSERT_EQ(new_b.size(), new_rows_ * 4);
  for (std::size_t i = 0; i < b.size(); ++i) EXPECT_EQ(new_b[i], b[i]);
  for (std::size_t j = 0; j < 4; ++j) EXPECT_EQ(new_b[kOldRows * 4 + j], b[3 * 4 + j]);
  // Columns.
  const std::vector<float> a = Numbers("lora", kPrefix + "model.embed_tokens.lora_embedding_A");
  const std::vector<float> new_a = Numbers("new", kPrefix + "model.embed_tokens.lora_embedding_A");
  ASSERT_EQ(new_a.size(), new_rows_ * 4);
  for (std::size_t r = 0; r < 4; ++r) {
    for (std::size_t i = 0; i < kOldRows; ++i)
      EXPECT_EQ(new_a[r * new_rows_ + i], a[r * kOldRows + i]);
    EXPECT_FLOAT_EQ(new_a[r * new_rows_ + kOldRows],
                    (a[r * kOldRows + 3] + a[r * kOldRows + 5]) / 2);
  }
  const auto config =
      nlohmann::json::parse(testing::ReadText(directory_ / "new/adapter_config.json"));
  EXPECT_EQ(config["base_model_name_or_path"], directory_ / "out");
  EXPECT_TRUE(config["revision"].is_null());
  EXPECT_EQ(config["r"], 4);
}

TEST_F(AdapterTest, RowsOfTheirOwnNumbersAreRefused) {
  const std::vector<float> rows(20 * 16, 0.5F);
  MakeModel({.given = {.input = rows, .output = {}, .name = "trained"}});
  WriteAdapter({{kPrefix + "model.embed_tokens.lora_embedding_A", {4, kOldRows}}});
  EXPECT_THAT(ErrorOfGraft(), HasSubstr("20 rows of"));
  EXPECT_THAT(ErrorOfGraft(), HasSubstr("merge the adapter into the model before the graft"));
  WriteAdapter({{kPrefix + "lm_head.lora_B.weight", {kOldRows, 4}},
                {kPrefix + "model.layers.0.self_attn.q_proj.lora_A.weight", {4, 16}}});
  EXPECT_TRUE(Graft().ok());  // the output rows are sums
}

TEST_F(AdapterTest, NoiseIsForWholeMatricesOnly) {
  MakeModel({.method = Method::kGaussian});
  WriteAdapter({{kPrefix + "model.embed_tokens.lora_embedding_A", {4, kOldRows}},
                {kPrefix + "model.embed_tokens.base_layer.weight", {kOldRows, 16}}});
  ASSERT_TRUE(Graft().ok());
  const std::vector<float> a = Numbers("new", kPrefix + "model.embed_tokens.lora_embedding_A");
  EXPECT_EQ(a[kOldRows], a[kOldRows + 1]);
  const std::vector<float> whole = Numbers("new", kPrefix + "model.embed_tokens.base_layer.weight");
  EXPECT_NE(whole[kOldRows * 16], whole[(kOldRows + 1) * 16]);
}

TEST_F(AdapterTest, IdsInTheConfigFollowTheRows) {
  WriteAdapter({{kPrefix + "model.embed_tokens.token_adapter.trainable_tokens_delta", {2, 16}}},
               {{"trainable_token_indices", {{"embed_tokens", {3, 60}}}}});
  const auto report = Graft({.base_name = "org/model"});
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->warnings.size(), 1u);
  const auto config =
      nlohmann::json::parse(testing::ReadText(directory_ / "new/adapter_config.json"));
  EXPECT_EQ(config["trainable_token_indices"]["embed_tokens"], nlohmann::json({3, 60}));
  EXPECT_EQ(config["base_model_name_or_path"], "org/model");
  EXPECT_THAT(ErrorOfGraft(), HasSubstr("exists already"));
  EXPECT_TRUE(Graft({.force = true}).ok());
  WriteAdapter({}, {{"trainable_token_indices", {3, 64}}});
  EXPECT_THAT(ErrorOfGraft(), HasSubstr("trainable_token_indices: 64 is no id"));
}

TEST_F(AdapterTest, RefusesWhatDoesNotFitByName) {
  EXPECT_THAT(ErrorOfGraft(), HasSubstr("adapter_config.json: no such file"));
  WriteAdapter({}, {{"peft_type", "PREFIX_TUNING"}});
  EXPECT_THAT(ErrorOfGraft(), HasSubstr("peft_type: is \"PREFIX_TUNING\""));
  WriteAdapter({{kPrefix + "lm_head.lora_B.weight", {kOldRows + 1, 4}}});
  EXPECT_THAT(ErrorOfGraft(), HasSubstr("lm_head.lora_B.weight: 64 rows of numbers were expected"));
  WriteAdapter({{kPrefix + "lm_head.weight", {kOldRows, 4}, "U8"}});
  EXPECT_THAT(ErrorOfGraft(), HasSubstr("rows of numbers"));
  WriteAdapter({{kPrefix + "lm_head.lora_C.weight", {kOldRows, 4}}});
  EXPECT_THAT(ErrorOfGraft(), HasSubstr("a part of the head that is not known"));
  testing::WriteText(directory_ / "lora/adapter_config.json", "[]");
  EXPECT_THAT(ErrorOfGraft(), HasSubstr("is not a JSON object"));
  EXPECT_FALSE(std::filesystem::exists(directory_ / "new"));
  WriteAdapter({});
  EXPECT_TRUE(absl::IsNotFound(
      GraftAdapter(directory_ / "lora", directory_ / "model", directory_ / "new").status()));
}

}  // namespace
}  // namespace tokgraft
