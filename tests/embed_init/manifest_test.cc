#include "embed_init/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "embed_init/init.h"
#include "tests/embed_init/random_model.h"

namespace tokgraft {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ManifestTest : public ::testing::Test {
 protected:
  void Write(std::uint64_t added, InitOptions options = {.method = Method::kWeighted},
             const nlohmann::json& config = testing::LlamaConfig(64, false)) {
    testing::WriteRandomModel(directory_ / "model", config,
                              testing::LlamaTensors(64, 16, false, "BF16"));
    const Checkpoint model = *OpenCheckpoint(directory_ / "model");
    std::vector<OldPieces> pieces(added);
    for (std::uint32_t i = 0; i + 1 < added; ++i) {
      pieces[i] = {{i % 64, (i * 7) % 64, 5}, {1 + i % 3, 1, 2}};
    }
    plan_ = *PlanInit(model, testing::ExtendMap(64, added), pieces, options);
    WriteOptions write;
    write.command = "tokgraft init model";
    const auto report = WriteModel(model, plan_, directory_ / "out", write);
    ASSERT_TRUE(report.ok()) << Message(report.status());
    report_ = *report;
  }

  std::string Problems() {
    const auto report = Verify(directory_ / "out");
    if (!report.ok()) return std::string(Message(report.status()));
    std::string text;
    for (const std::string& problem : report->problems) text += problem + "\n";
    return text;
  }

  void Edit(const std::string& name, const std::string& from, const std::string& to) {
    std::string text = testing::ReadText(directory_ / ("out/" + name));
    const std::size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    testing::WriteText(directory_ / ("out/" + name), text.replace(at, from.size(), to));
  }

  testing::TemporaryDirectory directory_;
  InitPlan plan_;
  InitReport report_;
};

TEST_F(ManifestTest, HoldsThePlanInlineOrInAFile) {
  for (const std::uint64_t added : {20U, 3000U}) {
    std::filesystem::remove_all(directory_ / "out");
    Write(added);
    EXPECT_EQ(std::filesystem::exists(directory_ / "out/tokgraft_rows.json"), added == 3000);
    const StatusOr<Manifest> manifest = LoadManifest(directory_ / "out");
    ASSERT_TRUE(manifest.ok()) << Message(manifest.status());
    InitPlan kept = plan_;
    kept.old_to_new.clear();
    kept.warnings.clear();
    EXPECT_EQ(manifest->plan, kept);
    EXPECT_EQ(manifest->command, "tokgraft init model");
    EXPECT_EQ(Problems(), "");
  }
}

// Every method that needs no more than pieces and numbers, with every policy of norms.
TEST_F(ManifestTest, WhateverTheMethodRowsAreMadeAgain) {
  for (const MethodInfo& info : ListMethods()) {
    if (info.needs_donor_model || !info.files.empty() || info.name == "ridge" ||
        info.name == "bil" || info.name == "script") {
      continue;
    }
    std::filesystem::remove_all(directory_ / "out");
    Write(20, {.method = info.method, .output_norm = NormPolicy::kPieces});
    EXPECT_EQ(Problems(), "") << info.name;
    InitPlan kept = plan_;
    kept.old_to_new.clear();
    kept.notes.clear();
    kept.warnings.clear();
    EXPECT_EQ(LoadManifest(directory_ / "out")->plan, kept) << info.name;
  }
}

TEST_F(ManifestTest, GaussianRowsAreMadeAgain) {
  Write(20, {.method = Method::kGaussian, .seed = 4});
  EXPECT_EQ(Problems(), "");
}

// Rows that no one can make again have a hash, with the source and without.
TEST_F(ManifestTest, GivenRowsAreNamedAndHashed) {
  std::vector<float> rows(std::size_t{20} * 16);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = 0.01F * static_cast<float>(i % 37);
  Write(20, {.method = Method::kFirst, .given = {.input = rows, .name = "trained \"here\""}});
  const StatusOr<Manifest> manifest = LoadManifest(directory_ / "out");
  ASSERT_TRUE(manifest.ok()) << Message(manifest.status());
  InitPlan kept = plan_;
  kept.old_to_new.clear();
  kept.warnings.clear();
  kept.input.dense.columns = 0;
  kept.input.dense.values.clear();
  EXPECT_EQ(manifest->plan, kept);
  EXPECT_EQ(manifest->plan.input.given_name, "trained \"here\"");
  ASSERT_EQ(manifest->dense_sha256.size(), 1U);
  EXPECT_TRUE(manifest->dense_sha256.contains("model.embed_tokens.weight"));
  EXPECT_EQ(report_.rows.at("given"), 20U);
  EXPECT_EQ(report_.input, "given (trained \"here\")");
  EXPECT_EQ(report_.output, "first");
  EXPECT_THAT(testing::ReadText(directory_ / "out/tokgraft.json"),
              HasSubstr("{\"rows\":[64,84],\"method\":\"given\",\"dense\":true}"));
  const auto report = *Verify(directory_ / "out");
  EXPECT_THAT(report.problems, IsEmpty());
  EXPECT_THAT(report.notes, ElementsAre("there is no tokenizer in the directory"));
  EXPECT_THAT(report.checked,
              Contains("model.embed_tokens.weight: 20 rows that given made have the SHA-256 they "
                       "had"));
  const Checkpoint model = *OpenCheckpoint(directory_ / "out");
  const TensorInfo* info = model.Find("model.embed_tokens.weight");
  std::string bytes = testing::ReadText(directory_ / "out/model.safetensors");
  bytes[info->begin + 70 * 32] = static_cast<char>(bytes[info->begin + 70 * 32] ^ 1);
  testing::WriteText(directory_ / "out/model.safetensors", bytes);
  const std::string wrong =
      "model.embed_tokens.weight: 20 rows that given made are not those that were written (rows 64 "
      "to 83): their SHA-256 is another";
  EXPECT_THAT(Verify(directory_ / "out")->problems, Contains(wrong));
  std::filesystem::remove_all(directory_ / "model");
  EXPECT_THAT(Verify(directory_ / "out")->problems, Contains(wrong));
  Edit("tokgraft.json", "dense_sha256", "dense_sha257");
  EXPECT_THAT(Problems(), HasSubstr("20 rows that given made have no SHA-256 in the manifest"));
}

// A row may have both; and both matrices of an untied model rows of their own.
TEST_F(ManifestTest, SumsOfEntriesAndNumbersAreHashedToo) {
  Write(20, {.method = Method::kMean});
  InitPlan plan = plan_;
  plan.output->dense.Add(65, std::vector<float>(16, 0.5F));
  plan.output->dense.Add(66, std::vector<float>(16, 0.25F));
  const Checkpoint model = *OpenCheckpoint(directory_ / "model");
  ASSERT_TRUE(WriteModel(model, plan, directory_ / "both").ok());
  const auto report = *Verify(directory_ / "both");
  EXPECT_THAT(report.problems, IsEmpty());
  EXPECT_THAT(report.checked, Contains("lm_head.weight: 126 rows made again, bit by bit"));
  EXPECT_THAT(report.checked, Contains(HasSubstr("lm_head.weight: 2 rows that mean made have")));
  // A plan without the numbers, as a manifest has it, is no plan to write.
  const InitPlan read = LoadManifest(directory_ / "both")->plan;
  EXPECT_TRUE(absl::IsInvalidArgument(WriteModel(model, read, directory_ / "again").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(ApplyPlan(model, read, Role::kOutput, 64, 66).status()));
}

TEST_F(ManifestTest, EveryChangeIsNamed) {
  Write(20);
  const auto clean = testing::ReadTree(directory_ / "out");
  const auto restore = [&] {
    for (const auto& [name, bytes] : clean) testing::WriteText(directory_ / ("out/" + name), bytes);
  };
  // One bit of a row, of another tensor, of a config.
  const Checkpoint model = *OpenCheckpoint(directory_ / "out");
  const auto flip = [&](const std::string& tensor, std::uint64_t offset) {
    const TensorInfo* info = model.Find(tensor);
    std::string bytes = testing::ReadText(directory_ / ("out/" + info->file));
    bytes[info->begin + offset] = static_cast<char>(bytes[info->begin + offset] ^ 1);
    testing::WriteText(directory_ / ("out/" + info->file), bytes);
  };
  flip("lm_head.weight", 70 * 32);
  EXPECT_THAT(Problems(), HasSubstr("model.safetensors: was changed"));
  EXPECT_THAT(Problems(), HasSubstr("lm_head.weight: 1 rows are not what the manifest says they "
                                    "are made of (rows 70)"));
  restore();
  flip("model.norm.weight", 3);
  EXPECT_THAT(Problems(), HasSubstr("model.norm.weight: differs from the source model"));
  restore();
  Edit("config.json", "\"vocab_size\": 128", "\"vocab_size\": 127");
  EXPECT_THAT(Problems(), HasSubstr("127"));
  restore();
  Edit("config.json", "\"bos_token_id\": 0", "\"bos_token_id\": 99");
  EXPECT_THAT(Problems(), HasSubstr("bos_token_id: names token 99, the vocabulary has 84"));
  restore();
  std::filesystem::remove(directory_ / "out/config.json");
  EXPECT_THAT(Problems(), HasSubstr("config.json"));
  restore();
  // A manifest that tells another story.
  Edit("tokgraft.json", "\"pieces\":[1,7,5]", "\"pieces\":[1,8,5]");
  EXPECT_THAT(Problems(), HasSubstr("rows are not what the manifest says"));
  restore();
  Edit("tokgraft.json", "{\"row\":65,", "{\"row\":66,");
  EXPECT_THAT(Problems(), HasSubstr("tells of row 66, row 65 was expected"));
  restore();
  EXPECT_EQ(Problems(), "");
}

TEST_F(ManifestTest, IdsThatTheSourceNamedInVainAreKeptAndTold) {
  nlohmann::json config = testing::LlamaConfig(64, false);
  config["bos_token_id"] = 50256;
  Write(20, {.method = Method::kMean}, config);
  EXPECT_THAT(report_.warnings,
              ElementsAre("config.json: names tokens that the model did not have (bos_token_id "
                          "50256); they are kept, set them to ids of the new vocabulary"));
  const auto report = Verify(directory_ / "out");
  ASSERT_TRUE(report.ok()) << Message(report.status());
  EXPECT_THAT(report->problems, IsEmpty());
  EXPECT_THAT(report->notes,
              Contains((directory_ / "out/config.json") +
                       ": bos_token_id: names token 50256, the vocabulary has 84; so it did "
                       "in the source model"));
  std::filesystem::remove_all(directory_ / "model");
  EXPECT_THAT(Verify(directory_ / "out")->notes,
              Contains((directory_ / "out/config.json") +
                       ": bos_token_id: names token 50256, the vocabulary has 84; whether the "
                       "source model did so too cannot be told"));
}

TEST_F(ManifestTest, WithoutTheSourceCopiedRowsStandForIt) {
  Write(20);
  std::filesystem::remove_all(directory_ / "model");
  auto report = *Verify(directory_ / "out");
  EXPECT_THAT(report.problems, IsEmpty());
  EXPECT_THAT(report.checked, ::testing::Contains(HasSubstr("128 rows made again")));
  EXPECT_THAT(report.notes, ::testing::Contains(HasSubstr("source model")));
  const Checkpoint model = *OpenCheckpoint(directory_ / "out");
  const TensorInfo* info = model.Find("model.embed_tokens.weight");
  std::string bytes = testing::ReadText(directory_ / "out/model.safetensors");
  bytes[info->begin + 66 * 32] = static_cast<char>(bytes[info->begin + 66 * 32] ^ 1);
  testing::WriteText(directory_ / "out/model.safetensors", bytes);
  EXPECT_THAT(Problems(), HasSubstr("(rows 66)"));
}

TEST_F(ManifestTest, WhatAMissingSourceLeavesOpenIsTheLastLine) {
  Write(20);
  EXPECT_TRUE(Verify(directory_ / "out")->complete());
  EXPECT_THAT(Verify(directory_ / "out")->DebugString(), ::testing::EndsWith("everything holds\n"));
  std::filesystem::remove_all(directory_ / "model");
  const auto report = *Verify(directory_ / "out");
  EXPECT_FALSE(report.complete());
  EXPECT_THAT(report.DebugString(),
              HasSubstr("\nholds in part: the source model was not there, so copied rows and "));
  EXPECT_THAT(report.DebugString(), ::testing::EndsWith(" other tensors were not compared\n"));
}

TEST_F(ManifestTest, AnotherModelIsNotTheSource) {
  Write(20);
  std::filesystem::copy(directory_ / "model", directory_ / "other");
  std::string bytes = testing::ReadText(directory_ / "other/model.safetensors");
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  testing::WriteText(directory_ / "other/model.safetensors", bytes);
  const auto report = *Verify(directory_ / "out", {.model_dir = directory_ / "other"});
  ASSERT_EQ(report.problems.size(), 1U);
  EXPECT_THAT(report.problems[0], HasSubstr("other: is not the source model: model.safetensors"));
  EXPECT_FALSE(Verify(directory_ / "out", {.model_dir = directory_ / "nowhere"})->ok());
  EXPECT_TRUE(Verify(directory_ / "out", {.model_dir = directory_ / "model"})->ok());
}

TEST_F(ManifestTest, AMovedSourceIsFoundByName) {
  Write(20);
  std::filesystem::rename(directory_ / "model", directory_ / "elsewhere");
  const auto report = *Verify(directory_ / "out", {.model_dir = directory_ / "elsewhere"});
  EXPECT_THAT(report.problems, IsEmpty());
  EXPECT_THAT(report.checked, ::testing::Contains(HasSubstr("other tensors are the source's")));
}

TEST_F(ManifestTest, HostileManifestsAreProblemsNotCrashes) {
  Write(20);
  const std::string good = testing::ReadText(directory_ / "out/tokgraft.json");
  const auto problem = [&](const std::string& from, const std::string& to) {
    testing::WriteText(directory_ / "out/tokgraft.json", good);
    Edit("tokgraft.json", from, to);
    return Problems();
  };
  EXPECT_THAT(problem("\"manifest_version\": 1", "\"manifest_version\": 2"),
              HasSubstr("manifest_version 2 is not known"));
  EXPECT_THAT(problem("\"new_rows\": 128", "\"new_rows\": 4294967296"),
              HasSubstr("contradict each other"));
  EXPECT_THAT(problem("\"rows\":[0,64]", "\"rows\":[0,65]"), HasSubstr("beyond the old rows"));
  EXPECT_THAT(problem("\"pieces\":[1,7,5]", "\"pieces\":[1,65,5]"),
              HasSubstr("beyond the old rows"));
  EXPECT_THAT(problem("\"path\": \"config.json\"", "\"path\": \"../model/config.json\""),
              HasSubstr("is not a name inside the directory"));
  for (std::size_t size = 0; size < good.size(); size += 97) {
    testing::WriteText(directory_ / "out/tokgraft.json", good.substr(0, size));
    EXPECT_NE(Problems(), "");
  }
  std::filesystem::remove(directory_ / "out/tokgraft.json");
  EXPECT_TRUE(absl::IsNotFound(Verify(directory_ / "out").status()));
}

TEST(ManifestSchemaTest, KnowsEveryMethod) {
  const auto known = nlohmann::json::parse(ManifestSchema())["$defs"]["method"]["enum"];
  for (const MethodInfo& method : ListMethods()) {
    if (method.method == Method::kAuto) continue;  // resolved before it is written
    EXPECT_NE(std::find(known.begin(), known.end(), method.name), known.end()) << method.name;
  }
}

TEST(ManifestSchemaTest, IsJson) {
  const auto schema = nlohmann::json::parse(ManifestSchema());
  EXPECT_EQ(schema["properties"]["manifest_version"]["const"], 1);
}

}  // namespace
}  // namespace tokgraft
