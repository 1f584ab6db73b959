#include "embed_init/gguf/model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "embed_init/init.h"
#include "embed_init/manifest.h"
#include "tests/embed_init/gguf/gguf_file.h"
#include "tokenizer/base/mapped_file.h"
#include "tokenizer/load.h"
#include "tokenizer/save.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::uint64_t kGgufRows = 258;

std::vector<TensorInfo> GgufTensorsOf(DType embedding, std::optional<DType> head) {
  std::vector<TensorInfo> tensors = {
      {.name = "odd", .dtype = DType::kI8, .shape = {3}, .file = "", .begin = 0, .end = 0},
      {.name = "token_embd.weight", .dtype = embedding, .shape = {kGgufRows, 256}, .file = ""},
      {.name = "blk.0.ffn.weight", .dtype = DType::kIq4Xs, .shape = {2, 256}, .file = ""}};
  if (head) {
    tensors.push_back(
        {.name = "output.weight", .dtype = *head, .shape = {kGgufRows, 256}, .file = ""});
  }
  return tensors;
}

class GgufModelTest : public ::testing::Test {
 protected:
  std::string Write(DType embedding, std::optional<DType> head = {}) {
    const std::string path = directory_ / "model.gguf";
    testing::WriteText(path, testing::GgufModelBytes(testing::GgufKeysOf({"ab", "cd"}),
                                                     GgufTensorsOf(embedding, head)));
    return path;
  }
  std::string ErrorOf(const std::string& path) {
    return std::string(Message(OpenCheckpoint(path).status()));
  }
  // "xy" is grafted on as id 258.
  StatusOr<InitReport> Graft(const std::string& path, const std::string& out,
                             const InitOptions& init = {}) {
    testing::WriteText(directory_ / "merged/tokenizer.gguf",
                       BuildGgufModelHeader(testing::GgufKeysOf({"ab", "cd", "xy"}), &none_));
    const Tokenizer base = *Compile(*Load(path));
    const Tokenizer merged = *Compile(*Load(directory_ / "merged/tokenizer.gguf"));
    IdMap map = testing::ExtendMap(kGgufRows, 1);
    map.added[0].bytes = map.added[0].witness = "xy";
    return InitEmbeddings(path, map, base, merged, out, init);
  }
  testing::TemporaryDirectory directory_;
  std::vector<TensorInfo> none_;
};

TEST_F(GgufModelTest, RowsAreFoundByTheNamesOfLlamaCpp) {
  const std::string path = Write(DType::kQ80, DType::kQ6K);
  for (const std::string& name : {path, directory_.path()}) {
    const auto model = OpenCheckpoint(name);
    ASSERT_TRUE(model.ok()) << model.status();
    EXPECT_TRUE(IsGguf(*model));
    EXPECT_EQ(GgufPathOf(*model), path);
    EXPECT_EQ(model->model_type, "llama");
    EXPECT_EQ(model->embedding, (RowTensor{"token_embd.weight", DType::kQ80, kGgufRows, 256}));
    EXPECT_EQ(model->head_kind, HeadKind::kSeparate);
    EXPECT_EQ(model->head->dtype, DType::kQ6K);
  }
  EXPECT_EQ(OpenCheckpoint(Write(DType::kF16))->head_kind, HeadKind::kTied);
}

TEST_F(GgufModelTest, EveryTypeOfRowsGrowsAndVerifies) {
  for (const DType dtype :
       {DType::kF32, DType::kF16, DType::kBf16, DType::kQ80, DType::kQ40, DType::kQ41, DType::kQ50,
        DType::kQ51, DType::kQ4K, DType::kQ5K, DType::kQ6K}) {
    for (const bool tied : {true, false}) {
      const std::string path =
          Write(dtype, tied ? std::nullopt : std::optional<DType>(DType::kQ51));
      const std::string out = directory_ / Cat("out", static_cast<int>(dtype), tied);
      const auto report = Graft(path, out);
      ASSERT_TRUE(report.ok()) << report.status();
      const Checkpoint before = *OpenCheckpoint(path);
      const auto after = OpenCheckpoint(out);
      ASSERT_TRUE(after.ok()) << after.status();
      EXPECT_EQ(after->embedding.rows, kGgufRows + 1);
      for (const TensorInfo& tensor : before.tensors) {
        const std::string old_bytes = testing::TensorBytesOf(before, tensor.name);
        EXPECT_EQ(testing::TensorBytesOf(*after, tensor.name).substr(0, old_bytes.size()),
                  old_bytes);
        EXPECT_EQ(after->Find(tensor.name)->begin % 32, 0u);
      }
      EXPECT_EQ(Load(out + "/model.gguf")->id_limit(), kGgufRows + 1);
      const auto verified = Verify(out);
      ASSERT_TRUE(verified.ok()) << verified.status();
      EXPECT_THAT(verified->problems, IsEmpty());
      EXPECT_TRUE(verified->complete());
      EXPECT_TRUE(Verify(out, {.model_dir = path})->complete());
    }
  }
}

TEST_F(GgufModelTest, KeysThatAreNoVocabularyStay) {
  const std::string path = Write(DType::kQ80);
  ASSERT_TRUE(Graft(path, directory_ / "out").ok());
  const GgufFile before = ReadGgufModel(path, "m")->file;
  const GgufFile after = ReadGgufModel(directory_ / "out/model.gguf", "m")->file;
  EXPECT_EQ(after.Find("llama.vocab_size")->number, kGgufRows + 1);
  EXPECT_EQ(after.Find("tokenizer.ggml.tokens")->count, kGgufRows + 1);
  for (const std::string name : {"general.architecture", "tokenizer.chat_template",
                                 "tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id"}) {
    EXPECT_EQ(*after.Find(name), *before.Find(name)) << name;
  }
}

TEST(GgufKeys, IdsFollowThePlanAndThoseThatAreGoneAreNoted) {
  GgufFile source;
  source.keys = testing::GgufKeysOf({"ab"});
  GgufFile vocabulary;
  vocabulary.keys = {testing::GgufTexts("tokenizer.ggml.tokens", {"a", "b", "c"}),
                     testing::GgufNumber("tokenizer.ggml.eos_token_id", 2)};
  InitPlan plan;
  plan.old_rows = 257;
  plan.new_rows = 3;
  plan.old_to_new.assign(257, std::nullopt);
  plan.old_to_new[7] = 1;
  std::vector<std::string> notes;
  GgufFile after;
  after.keys = NewGgufKeys(source, vocabulary, plan, &notes);
  EXPECT_THAT(notes, IsEmpty());
  EXPECT_EQ(after.Find("tokenizer.ggml.eos_token_id")->number, 2u);
  EXPECT_EQ(after.Find("tokenizer.ggml.eot_token_id")->number, 1u);
  EXPECT_EQ(after.Find("tokenizer.ggml.merges"), nullptr);
  EXPECT_EQ(after.Find("llama.vocab_size")->number, 3u);
  plan.old_to_new[7] = std::nullopt;
  after.keys = NewGgufKeys(source, vocabulary, plan, &notes);
  EXPECT_EQ(after.Find("tokenizer.ggml.eot_token_id"), nullptr);
  EXPECT_THAT(notes, ElementsAre(HasSubstr("eot_token_id: names token 7")));
}

TEST(GgufCost, IsCountedOnTheTensors) {
  GgufFile file;
  file.keys = {testing::GgufNumber("moe.expert_count", 4),
               testing::GgufNumber("moe.expert_used_count", 1)};
  Checkpoint model;
  model.model_type = "moe";
  model.embedding = {"token_embd.weight", DType::kQ80, 100, 32};
  model.head_kind = HeadKind::kTied;
  const auto add = [&](const std::string& name, const std::vector<std::uint64_t>& shape) {
    model.tensors.push_back({.name = name, .dtype = DType::kF32, .shape = shape, .file = ""});
  };
  add("blk.0.ffn_up_exps.weight", {4, 10, 32});
  add("blk.0.attn_q.weight", {32, 32});
  add("token_embd.weight", {100, 32});
  const ModelCost cost = CostOfGguf(file, model);
  EXPECT_EQ(cost.body_parameters, 4 * 320 + 1024u);
  EXPECT_EQ(cost.active_parameters, 320 + 1024u);
  EXPECT_EQ(cost.rows, 100u);
  EXPECT_EQ(cost.hidden_size, 32u);
  EXPECT_TRUE(cost.tied);
}

TEST_F(GgufModelTest, WhatCannotBeIsRefused) {
  EXPECT_THAT(std::string(Message(Graft(Write(DType::kQ3K), directory_ / "out").status())),
              HasSubstr("is stored as Q3_K, in which 1 new rows cannot be made"));
  EXPECT_THAT(ErrorOf(Write(DType::kIq4Nl)), HasSubstr("stored as IQ4_NL"));
  const std::string path = Write(DType::kQ80);
  EXPECT_THAT(
      std::string(Message(Graft(path, directory_ / "out", {.pad_to_multiple = 8}).status())),
      HasSubstr("--pad-to-multiple: is 8"));
  EXPECT_THAT(std::string(Message(Graft(path, directory_ / "out.gguf").status())),
              HasSubstr("a directory is written"));
  testing::WriteText(directory_ / "second.gguf", "GGUF");
  EXPECT_THAT(ErrorOf(directory_.path()), HasSubstr("holds 2 GGUF files"));
  testing::WriteText(
      path, testing::GgufModelBytes(testing::GgufKeysOf({"ab"}), GgufTensorsOf(DType::kQ80, {})));
  EXPECT_THAT(ErrorOf(path), HasSubstr("has 257 tokens, 258 were expected"));
  std::vector<TensorInfo> more = GgufTensorsOf(DType::kQ80, {});
  more.push_back({.name = "per_layer_token_embd.weight",
                  .dtype = DType::kF16,
                  .shape = {kGgufRows, 8},
                  .file = ""});
  testing::WriteText(path, testing::GgufModelBytes(testing::GgufKeysOf({"ab", "cd"}), more));
  EXPECT_THAT(ErrorOf(path), HasSubstr("one more table with a row per token"));
}

TEST_F(GgufModelTest, EveryTruncationAndManyMutationsAreHandled) {
  const std::string path = Write(DType::kQ80);
  const std::string whole = testing::ReadText(path);
  const std::size_t header = ReadGgufModel(path, "m")->file.data_begin;
  std::mt19937 random(2);
  for (int round = 0; round < 300; ++round) {
    std::string broken = whole;
    if (round % 3 == 0) {
      broken.resize(random() % whole.size());
    } else {
      // Around the keys' beginning and in the list of tensors.
      const std::size_t at = random() % 2 == 0 ? random() % 300 : header - 1 - random() % 300;
      broken[at] = static_cast<char>(random());
    }
    testing::WriteText(path, broken);
    const auto model = ReadGgufModel(path, "m");
    if (!model.ok()) continue;
    for (const TensorInfo& tensor : model->tensors) EXPECT_LE(tensor.end, broken.size());
  }
}

}  // namespace
}  // namespace tokgraft
