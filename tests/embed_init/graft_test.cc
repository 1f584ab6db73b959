#include "embed_init/graft.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/embed_init/random_model.h"
#include "tests/vocab_merge/toy.h"
#include "tokenizer/load.h"
#include "tokenizer/save.h"
#include "tokenizer/tokenizer.h"

namespace tokgraft {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A model whose tokenizer knows the bytes and "ab", and a donor with "zq" and "zqzq".
class GraftTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const TokenizerSpec base = toy::ByteLevel({{"a", "b"}});
    rows_ = base.id_limit();
    WriteModelOf("llama");
    ASSERT_TRUE(Save(base, model_).ok());
    testing::WriteText(corpus_, "zqzq zq zqzq\nzq\n");
    donor_.source = "";
    options_.out = directory_ / "out";
  }

  void WriteModelOf(const std::string& model_type) {
    nlohmann::json config = testing::LlamaConfig(rows_, false);
    config["model_type"] = model_type;
    testing::WriteRandomModel(model_, config, testing::LlamaTensors(rows_, 8, false, "F32"));
  }

  StatusOr<GraftReport> Run() { return Graft(model_, donor_, options_); }

  testing::TemporaryDirectory directory_;
  std::string model_ = directory_ / "model";
  std::string corpus_ = directory_ / "zh.txt";
  std::uint64_t rows_ = 0;
  TokenizerSpec donor_ = toy::ByteLevel({{"z", "q"}, {"zq", "zq"}});
  GraftOptions options_;
};

TEST_F(GraftTest, EveryPartOfTheReportIsThere) {
  options_.corpora = {{"zq", corpus_}};
  const StatusOr<GraftReport> report = Run();
  ASSERT_TRUE(report.ok()) << Message(report.status());
  EXPECT_EQ(report->id_map.base_size, rows_);
  ASSERT_EQ(report->id_map.added.size(), 2u);
  EXPECT_EQ(report->certificate.level, "L1");
  ASSERT_EQ(report->before.corpora.size(), 1u);
  EXPECT_LT(report->after.corpora[0].tokens, report->before.corpora[0].tokens);
  EXPECT_EQ(report->init.rows.at("copied"), rows_);
  ASSERT_TRUE(report->verified.has_value());
  EXPECT_THAT(report->verified->problems, IsEmpty());
  for (const char* name :
       {"config.json", "model.safetensors", "tokenizer.json", "id_map.json", "conflicts.json",
        "certificate.json", "init_report.json", "tokgraft.json"}) {
    EXPECT_TRUE(std::filesystem::exists(options_.out + "/" + name)) << name;
  }
  EXPECT_THAT(report->ToText(), HasSubstr("Verified"));
  EXPECT_EQ(nlohmann::json::parse(report->ToJson())["vocabulary"]["added"], 2);
}

TEST_F(GraftTest, TheNewTokenizerIsTheOneWithRows) {
  ASSERT_TRUE(Run().ok());
  const Tokenizer made = *Compile(*Load(options_.out));
  std::vector<TokenId> ids;
  made.EncodeIds("zqzq", &ids);
  ASSERT_EQ(ids.size(), 1u);
  EXPECT_GE(ids[0], rows_);
  EXPECT_LT(ids[0], OpenCheckpoint(options_.out)->embedding.rows);
}

TEST_F(GraftTest, TheManifestSaysWhereEachRowComesFrom) {
  ASSERT_TRUE(Run().ok());
  const StatusOr<Manifest> manifest = LoadManifest(options_.out);
  ASSERT_TRUE(manifest.ok()) << Message(manifest.status());
  const RolePlan& input = manifest->plan.input;
  for (std::uint64_t row = 0; row < rows_; ++row) {
    EXPECT_EQ(input.origins[row], RowOrigin::kCopied) << row;
  }
  for (std::size_t i = 0; i < 2; ++i) {  // "zq" is 1/2 z + 1/2 q, and so is "zqzq"
    EXPECT_EQ(input.origins[rows_ + i], RowOrigin::kMethod);
    std::map<std::uint32_t, double> weights;
    for (const auto& [source, weight] : input.Entries(rows_ + i)) weights[source] += weight;
    EXPECT_EQ(weights, (std::map<std::uint32_t, double>{{'q', 0.5}, {'z', 0.5}}));
  }
}

TEST_F(GraftTest, ADryRunPlansAndWritesNothing) {
  options_.dry_run = true;
  const auto before = testing::ReadTree(directory_.path());
  const StatusOr<GraftReport> dry = Run();
  ASSERT_TRUE(dry.ok()) << Message(dry.status());
  EXPECT_EQ(testing::ReadTree(directory_.path()), before);
  EXPECT_EQ(dry->out, "");
  EXPECT_FALSE(dry->verified.has_value());
  EXPECT_THAT(dry->ToText(), HasSubstr("a dry run"));
  options_.dry_run = false;
  const StatusOr<GraftReport> wet = Run();
  ASSERT_TRUE(wet.ok()) << Message(wet.status());
  EXPECT_EQ(dry->id_map, wet->id_map);
  EXPECT_EQ(dry->conflicts, wet->conflicts);
  EXPECT_EQ(dry->init.rows, wet->init.rows);
  EXPECT_EQ(dry->init.output_rows, wet->init.output_rows);
}

TEST_F(GraftTest, ASwapBringsRowsAndRolesAlong) {
  // The model stops at <end>; the donor at </s>, and knows "ab" by another id.
  TokenizerSpec base = toy::ByteLevel({{"a", "b"}});
  base.added_tokens.push_back({.id = 257, .content = "<end>", .special = true});
  base.companions["tokenizer_config.json"] = R"({"eos_token": "<end>"})";
  ASSERT_TRUE(Save(base, model_, {.force = true}).ok());
  rows_ = base.id_limit();
  nlohmann::json config = testing::LlamaConfig(rows_, false);
  config["eos_token_id"] = 257;
  testing::WriteRandomModel(model_, config, testing::LlamaTensors(rows_, 8, false, "F32"));
  testing::WriteText(model_ + "/generation_config.json", R"({"eos_token_id": [257]})");
  donor_ = toy::ByteLevel({{"z", "q"}, {"a", "b"}});
  donor_.source = "";
  donor_.added_tokens.push_back({.id = 258, .content = "</s>", .special = true});
  donor_.roles.eos = 258;
  options_.strategy = "swap";
  const StatusOr<GraftReport> report = Run();
  ASSERT_TRUE(report.ok()) << Message(report.status());
  EXPECT_EQ(report->id_map.merged_size, 259u);
  EXPECT_TRUE(report->verified->ok());
  const StatusOr<Manifest> manifest = LoadManifest(options_.out);
  ASSERT_TRUE(manifest.ok()) << Message(manifest.status());
  const RolePlan& input = manifest->plan.input;
  using Entries = std::vector<std::pair<std::uint32_t, double>>;
  EXPECT_EQ(input.Entries(257), (Entries{{256, 1.0}}));  // "ab" from its old id
  EXPECT_EQ(input.origins[257], RowOrigin::kCopied);
  EXPECT_EQ(input.origins[256], RowOrigin::kMethod);     // "zq"
  EXPECT_EQ(input.Entries(258), (Entries{{257, 1.0}}));  // </s> starts as <end>
  const auto written = [&](const char* name) {
    return nlohmann::json::parse(testing::ReadText(options_.out + "/" + name));
  };
  EXPECT_EQ(written("config.json")["eos_token_id"], 258);
  EXPECT_EQ(written("generation_config.json")["eos_token_id"], nlohmann::json({258}));
  const Tokenizer made = *Compile(*Load(options_.out));
  EXPECT_EQ(made.token_id("ab"), 257u);
}

TEST_F(GraftTest, ASwapToADonorOfAnotherFormatIsWrittenInTheModels) {
  donor_ = toy::Ranks({"zq", "ab"});
  donor_.source = "";
  options_.strategy = "swap";
  const StatusOr<GraftReport> report = Run();
  ASSERT_TRUE(report.ok()) << Message(report.status());
  const StatusOr<TokenizerSpec> spec = Load(options_.out);
  ASSERT_TRUE(spec.ok()) << Message(spec.status());
  EXPECT_EQ(spec->format, Format::kTokenizerJson);
  const Tokenizer made = *Compile(*spec);
  std::vector<TokenId> ids;
  made.EncodeIds("zqab", &ids);
  EXPECT_EQ(ids, (std::vector<TokenId>{256, 257}));
}

TEST_F(GraftTest, AnIntersectionHasFewerRows) {
  donor_ = toy::ByteLevel({});
  donor_.source = "";
  options_.strategy = "intersect";
  const StatusOr<GraftReport> report = Run();
  ASSERT_TRUE(report.ok()) << Message(report.status());
  EXPECT_EQ(report->id_map.merged_size, 256u);
  EXPECT_EQ(OpenCheckpoint(options_.out)->embedding.rows, 256u);
  EXPECT_TRUE(report->verified->ok());
  EXPECT_THAT(report->init.warnings, IsEmpty());
}

TEST_F(GraftTest, ReplacedSlotsKeepTheNumberOfRows) {
  testing::WriteText(directory_ / "old.txt", "a b\n");  // "ab" is of no use here
  options_.strategy = "replace-slots";
  options_.budget = 1;
  options_.protect = {{"old", directory_ / "old.txt"}};
  const StatusOr<GraftReport> report = Run();
  ASSERT_TRUE(report.ok()) << Message(report.status());
  EXPECT_EQ(OpenCheckpoint(options_.out)->embedding.rows, rows_);
  EXPECT_TRUE(report->verified->ok());
  ASSERT_EQ(report->id_map.added.size(), 1u);
  EXPECT_EQ(report->id_map.added[0].id, 256u);
  EXPECT_EQ(Compile(*Load(options_.out))->token_id("zq"), 256u);
  const StatusOr<Manifest> manifest = LoadManifest(options_.out);
  ASSERT_TRUE(manifest.ok()) << Message(manifest.status());
  EXPECT_EQ(manifest->plan.input.origins[256], RowOrigin::kMethod);
}

TEST_F(GraftTest, AUnionHasRowsForTheNamesOfTheDonor) {
  donor_.added_tokens.push_back({.id = 258, .content = "<call>", .special = true});
  options_.strategy = "union";
  const StatusOr<GraftReport> report = Run();
  ASSERT_TRUE(report.ok()) << Message(report.status());
  EXPECT_EQ(report->id_map.merged_size, rows_ + 3);
  EXPECT_TRUE(report->verified->ok());
  const Tokenizer made = *Compile(*Load(options_.out));
  std::vector<TokenId> ids;
  made.EncodeIds("<call>", &ids);
  EXPECT_EQ(ids, (std::vector<TokenId>{static_cast<TokenId>(rows_ + 2)}));
}

TEST_F(GraftTest, ABudgetHolds) {
  options_.budget = 1;
  const StatusOr<GraftReport> report = Run();
  ASSERT_TRUE(report.ok()) << Message(report.status());
  EXPECT_LE(report->id_map.added.size(), 1u);
}

TEST_F(GraftTest, AnExistingOutputIsReplacedOnlyByForceAndOnlyIfItIsOurs) {
  ASSERT_TRUE(Run().ok());
  EXPECT_EQ(Run().status().code(), absl::StatusCode::kFailedPrecondition);
  options_.force = true;
  EXPECT_TRUE(Run().ok());
  std::filesystem::remove(options_.out + "/tokgraft.json");
  const StatusOr<GraftReport> report = Run();
  EXPECT_EQ(report.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(Message(report.status())), HasSubstr("not written by tokgraft"));
  EXPECT_TRUE(std::filesystem::exists(options_.out + "/config.json"));
}

TEST_F(GraftTest, AModelTypeWithAClassOfItsOwnIsReported) {
  for (const auto& [type, warned] :
       {std::pair("llama", false), {"qwen3", false}, {"qwen2", true}}) {
    std::filesystem::remove_all(options_.out);
    std::filesystem::remove(model_ + "/model.safetensors");
    WriteModelOf(type);
    const StatusOr<GraftReport> report = Run();
    ASSERT_TRUE(report.ok()) << Message(report.status());
    const std::string text = report->ToText();
    EXPECT_EQ(text.find("PreTrainedTokenizerFast.from_pretrained") != std::string::npos, warned)
        << type;
  }
}

}  // namespace
}  // namespace tokgraft
