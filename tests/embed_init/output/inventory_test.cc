// The fate of every kind of file that lies beside a model.
#include "embed_init/output/inventory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/embed_init/random_model.h"

namespace tokgraft {
namespace {

class InventoryTest : public ::testing::Test {
 protected:
  // "keep", "update", ... and why, of each of these files beside a model in two shards.
  std::map<std::string, std::string> FatesOf(const std::vector<std::string>& names) {
    Checkpoint model;
    model.directory = directory_.path();
    model.files = {"model-1.safetensors", "model-2.safetensors"};
    model.index = "model.safetensors.index.json";
    for (const std::string& name : names) testing::WriteText(directory_ / name, "12345");
    static constexpr const char* kFates[] = {"rewrite", "update", "keep", "tokenizer", "leave out"};
    std::map<std::string, std::string> fates;
    const std::vector<ModelFile> files = *ListModelFiles(model, {"model-1.safetensors"});
    for (const ModelFile& file : files) {
      EXPECT_EQ(file.size_bytes, 5u) << file.name;
      EXPECT_EQ(file.why.empty(), file.fate != FileFate::kLeaveOut) << file.name;
      fates[file.name] = kFates[static_cast<int>(file.fate)];
      if (!file.why.empty()) fates[file.name] += ": " + file.why;
    }
    return fates;
  }

  void ExpectAll(const std::string& fate, const std::vector<std::string>& names) {
    const auto fates = FatesOf(names);
    EXPECT_EQ(fates.size(), names.size());
    for (const std::string& name : names) {
      ASSERT_TRUE(fates.contains(name)) << name;
      EXPECT_EQ(fates.at(name), fate) << name;
    }
  }

  testing::TemporaryDirectory directory_;
};

TEST_F(InventoryTest, OnlyTheShardWithRowsIsRewritten) {
  const auto fates = FatesOf({"model-1.safetensors", "model-2.safetensors"});
  EXPECT_EQ(fates.at("model-1.safetensors"), "rewrite");
  EXPECT_EQ(fates.at("model-2.safetensors"), "keep");
}

TEST_F(InventoryTest, EveryPickleOfTheModelIsRewritten) {
  Checkpoint model;
  model.directory = directory_.path();
  model.files = {"pytorch_model-1.bin", "pytorch_model-2.bin"};
  model.index = "pytorch_model.bin.index.json";
  for (const std::string name : {"pytorch_model-1.bin", "pytorch_model-2.bin", "training_args.bin",
                                 "pytorch_model.bin.index.json"}) {
    testing::WriteText(directory_ / name, "12345");
  }
  const std::vector<ModelFile> files = *ListModelFiles(model, {"pytorch_model-1.bin"});
  ASSERT_EQ(files.size(), 4u);
  EXPECT_EQ(files[0].fate, FileFate::kRewriteTensors);
  EXPECT_EQ(files[1].fate, FileFate::kRewriteTensors);
  EXPECT_EQ(files[2].fate, FileFate::kUpdate);
  EXPECT_EQ(files[3].fate, FileFate::kLeaveOut);
}

TEST_F(InventoryTest, ConfigsAndIndexAreUpdated) {
  ExpectAll("update", {"config.json", "generation_config.json", "model.safetensors.index.json"});
}

TEST_F(InventoryTest, FilesOfTheTokenizerAreKnown) {
  ExpectAll("tokenizer",
            {"tokenizer.json", "tokenizer.model", "tokenizer_config.json", "vocab.json",
             "vocab.txt", "merges.txt", "special_tokens_map.json", "added_tokens.json",
             "spiece.model", "sentencepiece.bpe.model", "tekken.json", "tokenizer.model.v3",
             "tokenizer.model.v7", "chat_template.jinja", "qwen.tiktoken"});
}

TEST_F(InventoryTest, OtherFilesStay) {
  ExpectAll("keep", {"README.md", "LICENSE", "preprocessor_config.json", "modules.json",
                     "1_Pooling/config.json", "2_Dense/model.safetensors", "sub/vocab.json",
                     "sub/config.json", "a.bins"});
}

TEST_F(InventoryTest, WeightsOfTheOldVocabularyAreLeftOut) {
  ExpectAll("leave out: weights of the old vocabulary",
            {"pytorch_model.bin", "pytorch_model.bin.index.json", "pytorch_model-1.bin",
             "consolidated.safetensors", "consolidated.00.pth", "optimizer.pt", "model.gguf",
             "tf_model.h5", "flax_model.msgpack", "onnx/model.onnx", "rust_model.ot", "last.ckpt",
             "weights.npz", "model.tflite", "ggml-model.ggml", "_1/x.bin", "original/model.bin"});
}

TEST_F(InventoryTest, WhatTellsOfTheMergeBeforeIsLeftOut) {
  ExpectAll("leave out: tells of the merge before",
            {"tokgraft.json", "tokgraft_rows.json", "init_report.json", "id_map.json",
             "conflicts.json", "certificate.json", "efficiency.json"});
}

TEST_F(InventoryTest, HiddenFilesAndFoldersArePassedOver) {
  const auto fates = FatesOf({".gitattributes", ".git/config", ".cache/a/b.bin", "a/.b/c", "a/d"});
  EXPECT_THAT(fates, ::testing::ElementsAre(::testing::Pair("a/d", "keep")));
}

// The hub's cache: names that link to blobs. A link into nothing is no file.
TEST_F(InventoryTest, LinksCountAsWhatTheyPointTo) {
  const testing::TemporaryDirectory blobs;
  testing::WriteText(blobs / "0a1b", "12345");
  std::filesystem::create_symlink(blobs / "0a1b", directory_ / "tokenizer.json");
  std::filesystem::create_symlink(blobs / "gone", directory_ / "vocab.json");
  EXPECT_THAT(FatesOf({}), ::testing::ElementsAre(::testing::Pair("tokenizer.json", "tokenizer")));
}

TEST_F(InventoryTest, NamesComeInOrder) {
  Checkpoint model;
  model.directory = directory_.path();
  for (const char* name : {"b", "a/z", "a/b", "c"}) testing::WriteText(directory_ / name, "");
  std::vector<std::string> names;
  const std::vector<ModelFile> files = *ListModelFiles(model, {});
  for (const ModelFile& file : files) names.push_back(file.name);
  EXPECT_THAT(names, ::testing::ElementsAre("a/b", "a/z", "b", "c"));
  model.directory += "/none";
  EXPECT_EQ(Message(ListModelFiles(model, {}).status()),
            model.directory + ": cannot be listed: No such file or directory; check the path");
}

}  // namespace
}  // namespace tokgraft
