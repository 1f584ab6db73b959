// InitEmbeddings in one call: the model, its new rows, the merged tokenizer and the id map arrive
// together, or nothing does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "embed_init/init.h"
#include "embed_init/manifest.h"
#include "tests/embed_init/random_model.h"
#include "tests/vocab_merge/toy.h"
#include "tokenizer/load.h"
#include "tokenizer/save.h"

namespace tokgraft {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// 256 bytes and "ab", and the same with "zq" on id 257.
class InitEmbeddingsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    WriteModelOfType("llama");
    ASSERT_TRUE(Save(base_.spec(), model_).ok());
    map_.added[0].bytes = map_.added[0].witness = "zq";
  }

  void WriteModelOfType(const std::string& type) {
    nlohmann::json config = testing::LlamaConfig(257, true);
    config["model_type"] = type;
    testing::WriteRandomModel(model_, config, testing::LlamaTensors(257, 4, true, "F32"));
  }

  StatusOr<InitReport> Run() { return InitEmbeddings(model_, map_, base_, merged_, out_); }

  testing::TemporaryDirectory directory_;
  const std::string model_ = directory_ / "model";
  const std::string out_ = directory_ / "out";
  const Tokenizer base_ = *Compile(toy::ByteLevel({{"a", "b"}}));
  const Tokenizer merged_ = *Compile(toy::ByteLevel({{"a", "b"}, {"z", "q"}}));
  IdMap map_ = testing::ExtendMap(257, 1);
};

TEST_F(InitEmbeddingsTest, TheNewIdHasTheMeanOfItsPieces) {
  const StatusOr<InitReport> report = Run();
  ASSERT_TRUE(report.ok()) << Message(report.status());
  EXPECT_EQ(report->rows, (std::map<std::string, std::uint64_t>{{"copied", 257}, {"mean", 1}}));
  const Checkpoint made = *OpenCheckpoint(out_);
  const std::string bytes = testing::TensorBytesOf(made, "model.embed_tokens.weight");
  std::vector<float> rows(258 * 4);
  ASSERT_EQ(bytes.size(), rows.size() * sizeof(float));
  std::memcpy(rows.data(), bytes.data(), bytes.size());
  for (std::size_t j = 0; j < 4; ++j) {
    const double mean =
        0.5 * static_cast<double>(rows['z' * 4 + j]) + 0.5 * static_cast<double>(rows['q' * 4 + j]);
    EXPECT_EQ(rows[257 * 4 + j], static_cast<float>(mean));
  }
}

TEST_F(InitEmbeddingsTest, TheMergedTokenizerAndTheIdMapLieBeside) {
  ASSERT_TRUE(Run().ok());
  std::vector<TokenId> ids;
  Compile(*Load(out_))->EncodeIds("abzq", &ids);
  EXPECT_THAT(ids, ElementsAre(256, 257));
  EXPECT_EQ(testing::ReadText(out_ + "/id_map.json"), map_.ToJson());
  const VerifyReport verified = *Verify(out_);
  EXPECT_THAT(verified.problems, IsEmpty());
  EXPECT_THAT(verified.checked, Contains("id_map.json agrees with the origin of each row"));
}

TEST_F(InitEmbeddingsTest, FilesOfTheOldTokenizerGoAndAreHashed) {
  testing::WriteText(model_ + "/vocab.json", "{}");
  const InitReport report = *Run();
  EXPECT_THAT(report.left_out, ElementsAre("vocab.json (of the old tokenizer)"));
  EXPECT_FALSE(std::filesystem::exists(out_ + "/vocab.json"));
  std::vector<std::string> inputs;
  const Manifest manifest = *LoadManifest(out_);
  for (const ManifestFile& file : manifest.inputs) inputs.push_back(file.path);
  for (const char* name :
       {"/config.json", "/model.safetensors", "/tokenizer.json", "/vocab.json"}) {
    EXPECT_THAT(inputs, Contains(model_ + name));
  }
}

TEST_F(InitEmbeddingsTest, AClassThatTransformersForcesIsAWarning) {
  const auto forced = Contains(HasSubstr("transformers 5 builds Qwen2Tokenizer"));
  EXPECT_THAT(Run()->warnings, ::testing::Not(forced));
  std::filesystem::remove_all(out_);
  WriteModelOfType("qwen2");
  EXPECT_THAT(Run()->warnings, forced);
}

TEST_F(InitEmbeddingsTest, AMapOfAnotherBaseLeavesNothingBehind) {
  map_ = testing::ExtendMap(200, 1);
  const Status status = Run().status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << Message(status);
  EXPECT_FALSE(std::filesystem::exists(out_));
}

}  // namespace
}  // namespace tokgraft
