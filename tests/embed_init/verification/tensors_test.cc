// What is said of each way in which tensors of an output can differ from what they should be.
#include "embed_init/verification/tensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "embed_init/init.h"
#include "tests/embed_init/random_model.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A model of 8 rows, and in memory an output with 12: 8 copied, 3 made, 1 of padding.
class TensorsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    tensors_ = testing::LlamaTensors(8, 4, false, "F32", 1);
    testing::WriteRandomModel(directory_ / "model", testing::LlamaConfig(8, false), tensors_);
    source_ = *OpenCheckpoint(directory_ / "model");
    Plan(testing::ExtendMap(8, 3));
    for (testing::RandomTensor& tensor : tensors_) {
      if (tensor.shape.size() == 2 && tensor.shape[0] == 8 && tensor.shape[1] == 4 &&
          !tensor.name.starts_with("model.layers")) {
        tensor.bytes = RowsOf(tensor.name == "lm_head.weight" ? Role::kOutput : Role::kInput);
        tensor.shape[0] = 12;
      } else {
        tensor.bytes = testing::TensorBytesOf(source_, tensor.name);
      }
    }
  }

  void Plan(const IdMap& map) {
    manifest_.embedding = "model.embed_tokens.weight";
    manifest_.head = "lm_head.weight";
    manifest_.plan = *PlanInit(source_, map, std::vector<OldPieces>(3, {{1, 2}, {1, 1}}),
                               {.pad_to_multiple = 4});
  }

  std::string RowsOf(Role role) {
    const std::vector<float> rows = *ApplyPlan(source_, manifest_.plan, role, 0, 12);
    return {reinterpret_cast<const char*>(rows.data()), rows.size() * sizeof(float)};
  }

  testing::RandomTensor& Tensor(const std::string& name) {
    return *std::find_if(tensors_.begin(), tensors_.end(),
                         [&](const testing::RandomTensor& t) { return t.name == name; });
  }

  // The output as it now is, opened without the checks of a whole model.
  Checkpoint Output() {
    testing::WriteText(directory_ / "out/model.safetensors", testing::SafetensorsBytes(tensors_));
    Checkpoint output;
    output.directory = directory_ / "out";
    const std::string header = testing::SafetensorsBytes(tensors_);
    std::uint64_t at = header.size();
    for (const testing::RandomTensor& tensor : tensors_) at -= tensor.bytes.size();
    for (const testing::RandomTensor& tensor : tensors_) {
      output.tensors.push_back({.name = tensor.name,
                                .dtype = tensor.dtype == "F32" ? DType::kF32 : DType::kF64,
                                .shape = tensor.shape,
                                .file = "model.safetensors",
                                .begin = at,
                                .end = at + tensor.bytes.size()});
      at += tensor.bytes.size();
    }
    std::sort(output.tensors.begin(), output.tensors.end(),
              [](const TensorInfo& a, const TensorInfo& b) { return a.name < b.name; });
    return output;
  }

  VerifyReport FromSource() {
    VerifyReport report;
    EXPECT_EQ(Message(CheckRowsFromSource(source_, Output(), manifest_, 2, &report)), "");
    return report;
  }
  VerifyReport FromOutput() {
    VerifyReport report;
    EXPECT_EQ(Message(CheckRowsFromOutput(Output(), manifest_, 2, &report)), "");
    return report;
  }
  VerifyReport Others() {
    VerifyReport report;
    EXPECT_EQ(Message(CheckOtherTensors(source_, Output(), manifest_.plan, &report)), "");
    return report;
  }

  testing::TemporaryDirectory directory_;
  Checkpoint source_;
  Manifest manifest_;
  std::vector<testing::RandomTensor> tensors_;
};

TEST_F(TensorsTest, WhatIsRightIsCounted) {
  EXPECT_THAT(FromSource().problems, IsEmpty());
  EXPECT_THAT(FromSource().checked,
              ElementsAre("model.embed_tokens.weight: 12 rows made again, bit by bit",
                          "lm_head.weight: 12 rows made again, bit by bit"));
  EXPECT_THAT(FromOutput().problems, IsEmpty());
  EXPECT_EQ(FromOutput().checked, FromSource().checked);
  EXPECT_EQ(FromOutput().not_compared, "copied rows and 3 other tensors were not compared");
  EXPECT_THAT(Others().problems, IsEmpty());
  EXPECT_THAT(Others().checked, ElementsAre("3 other tensors are the source's, bit by bit"));
}

TEST_F(TensorsTest, WrongRowsAreNamedThreeAtMost) {
  std::string& head = Tensor("lm_head.weight").bytes;
  for (const std::size_t row : {0U, 9U}) head[row * 16] = static_cast<char>(head[row * 16] ^ 1);
  EXPECT_THAT(FromSource().problems,
              ElementsAre("lm_head.weight: 2 rows are not what the manifest says they are made of "
                          "(rows 0, 9)"));
  for (const std::size_t row : {4U, 11U}) head[row * 16] = static_cast<char>(head[row * 16] ^ 1);
  EXPECT_THAT(FromSource().problems,
              ElementsAre("lm_head.weight: 4 rows are not what the manifest says they are made of "
                          "(rows 0, 4, 9, ...)"));
}

TEST_F(TensorsTest, AMatrixOfAnotherShapeOrTypeIsNotRead) {
  Tensor("lm_head.weight").shape = {4, 12};
  Tensor("model.embed_tokens.weight").name = "model.renamed.weight";
  EXPECT_THAT(FromSource().problems,
              ElementsAre("model.embed_tokens.weight: is missing, 12 rows were expected",
                          "lm_head.weight: is of another shape or type, 12 rows were expected"));
  EXPECT_THAT(FromOutput().problems,
              ElementsAre("model.embed_tokens.weight: is missing or has not 12 rows",
                          "lm_head.weight: is missing or has not 12 rows"));
}

TEST_F(TensorsTest, OtherTensorsAreComparedBitByBit) {
  testing::RandomTensor& norm = Tensor("model.norm.weight");
  norm.bytes.back() = static_cast<char>(norm.bytes.back() ^ 0x80);
  Tensor("model.layers.0.mlp.up_proj.weight").name = "model.layers.9.mlp.up_proj.weight";
  Tensor("model.layers.0.self_attn.q_proj.weight").shape = {2, 8};
  EXPECT_THAT(
      Others().problems,
      ElementsAre("model.layers.0.mlp.up_proj.weight: is missing or has another shape or type",
                  "model.layers.0.self_attn.q_proj.weight: is missing or has another shape or type",
                  "model.norm.weight: differs from the source model, the same bytes were expected",
                  "model.layers.9.mlp.up_proj.weight: is not in the source model"));
}

// A swap drops old rows; what was made of them, or of the mean of all, needs the source.
TEST_F(TensorsTest, RowsMadeOfDroppedOnesAreNotedWithoutTheSource) {
  IdMap map = testing::ExtendMap(8, 3);
  map.strategy = "swap";
  map.base_to_merged[0].reset();
  map.merged_size = 11;
  Plan(map);  // row 0 has no token any more: padding
  for (const auto& [name, role] :
       {std::pair("model.embed_tokens.weight", Role::kInput), {"lm_head.weight", Role::kOutput}}) {
    Tensor(name).bytes = RowsOf(role);
  }
  const VerifyReport report = FromOutput();
  EXPECT_THAT(report.problems, IsEmpty());
  EXPECT_THAT(report.checked,
              ElementsAre("model.embed_tokens.weight: 10 rows made again, bit by bit",
                          "lm_head.weight: 10 rows made again, bit by bit"));
  EXPECT_THAT(
      report.notes,
      ElementsAre(
          "model.embed_tokens.weight: 2 rows could not be made again without the source model",
          "lm_head.weight: 2 rows could not be made again without the source model"));
  EXPECT_THAT(FromSource().checked,
              ElementsAre("model.embed_tokens.weight: 12 rows made again, bit by bit",
                          "lm_head.weight: 12 rows made again, bit by bit"));
}

// The names come from the manifest, which may be anybody's.
TEST_F(TensorsTest, NamesThatFitNoRowsAreProblems) {
  tensors_.push_back({.name = "empty", .shape = {12, 0}});
  manifest_.head_biases = {"empty", "none", "none", "none", "none", "none"};
  const VerifyReport report = FromOutput();
  EXPECT_THAT(
      report.problems,
      ElementsAre("empty: is missing or has not 12 rows", "none: is missing or has not 12 rows",
                  "none: is missing or has not 12 rows", "none: is missing or has not 12 rows",
                  "none: is missing or has not 12 rows", "none: is missing or has not 12 rows"));
  EXPECT_EQ(report.not_compared, "copied rows and 3 other tensors were not compared");
}

}  // namespace
}  // namespace tokgraft
