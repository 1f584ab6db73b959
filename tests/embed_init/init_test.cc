#include "embed_init/init.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "embed_init/manifest.h"
#include "tests/embed_init/pytorch/torch_file.h"
#include "tests/embed_init/random_model.h"

namespace tokgraft {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Made {
  Checkpoint before;
  InitPlan plan;
};

// A sharded untied Llama in `directory`/model, and a plan for 20 more tokens.
Made MakeModel(const testing::TemporaryDirectory& directory, bool tied, std::size_t shards,
               const std::string& dtype = "BF16", InitOptions options = {}) {
  testing::WriteRandomModel(directory / "model", testing::LlamaConfig(64, tied),
                            testing::LlamaTensors(64, 16, tied, dtype, 8), shards);
  testing::WriteText(directory / "model/README.md", "about");
  testing::WriteText(directory / "model/1_Pooling/config.json", "{}");
  testing::WriteText(directory / "model/pytorch_model.bin", "old weights");
  testing::WriteText(directory / "model/generation_config.json", "{\"eos_token_id\": [1, 2]}");
  Made made;
  made.before = *OpenCheckpoint(directory / "model");
  std::vector<OldPieces> pieces(20);
  for (std::uint32_t i = 0; i < 19; ++i) pieces[i] = {{i, i + 3, 2 * i}, {1, 2, 3}};
  made.plan = *PlanInit(made.before, testing::ExtendMap(64, 20), pieces, options);
  return made;
}

TEST(InitTest, OnlyRowsChangeWhateverTheLayout) {
  for (const bool tied : {false, true}) {
    for (const std::size_t shards : {1U, 5U}) {
      for (const std::string dtype : {"F32", "F16", "BF16", "F64"}) {
        const testing::TemporaryDirectory directory;
        const Made made = MakeModel(directory, tied, shards, dtype);
        const auto input_before = testing::ReadTree(directory / "model");
        const StatusOr<InitReport> report = WriteModel(made.before, made.plan, directory / "out");
        ASSERT_TRUE(report.ok()) << Message(report.status());
        EXPECT_EQ(testing::ReadTree(directory / "model"), input_before);
        const StatusOr<Checkpoint> after = OpenCheckpoint(directory / "out");
        ASSERT_TRUE(after.ok()) << Message(after.status());
        EXPECT_EQ(after->embedding.rows, made.plan.new_rows);
        EXPECT_EQ(after->tensors.size(), made.before.tensors.size());
        for (const TensorInfo& tensor : made.before.tensors) {
          const std::string old_bytes = testing::TensorBytesOf(made.before, tensor.name);
          const std::string new_bytes = testing::TensorBytesOf(*after, tensor.name);
          const bool rows = tensor.shape.size() == 2 && tensor.shape[0] == 64;
          EXPECT_EQ(new_bytes.substr(0, old_bytes.size()), old_bytes) << tensor.name;
          EXPECT_EQ(new_bytes.size() > old_bytes.size(), rows) << tensor.name;
        }
        EXPECT_EQ(report->rows.at("copied"), 64u);
        EXPECT_EQ(report->rows.at("mean"), 19u);
        EXPECT_EQ(report->rows.at("mean_of_all"), 1u);
        EXPECT_EQ(report->method, tied ? "auto (mean)" : "auto (mean, halving)");
        const auto verified = Verify(directory / "out");
        ASSERT_TRUE(verified.ok()) << Message(verified.status());
        EXPECT_THAT(verified->problems, IsEmpty());
      }
    }
  }
}

TEST(InitTest, OnlyFilesWithRowsAreRewritten) {
  const testing::TemporaryDirectory directory;
  const Made made = MakeModel(directory, false, 5);
  const InitReport report = *WriteModel(made.before, made.plan, directory / "out");
  EXPECT_EQ(report.files.at("model-00001-of-00005.safetensors"), "written");
  for (const std::string name : {"model-00002-of-00005.safetensors", "README.md",
                                 "model-00005-of-00005.safetensors", "1_Pooling/config.json"}) {
    EXPECT_NE(report.files.at(name), "written") << name;
    EXPECT_EQ(testing::ReadText(directory / ("out/" + name)),
              testing::ReadText(directory / ("model/" + name)));
  }
  EXPECT_THAT(report.left_out,
              ::testing::ElementsAre("pytorch_model.bin (weights of the old vocabulary)"));
  const auto index =
      nlohmann::json::parse(testing::ReadText(directory / "out/model.safetensors.index.json"));
  std::uint64_t total = 0;
  const Checkpoint after = *OpenCheckpoint(directory / "out");
  for (const TensorInfo& tensor : after.tensors) {
    total += tensor.size_bytes();
  }
  EXPECT_EQ(index["metadata"]["total_size"], total);
}

// A model of PyTorch's own files comes out as safetensors, every tensor with the bytes it had.
TEST(InitTest, PicklesBecomeSafetensors) {
  for (const bool tied : {false, true}) {
    for (const std::size_t shards : {1U, 3U}) {
      const testing::TemporaryDirectory directory;
      std::vector<testing::RandomTensor> tensors = testing::LlamaTensors(64, 16, tied, "BF16", 3);
      if (tied && shards == 1) {
        std::mt19937 random(3);
        testing::Draw(&tensors[0], &random);
        tensors.push_back({"lm_head.weight", {64, 16}, "BF16", tensors[0].bytes});
      }
      testing::WriteRandomTorchModel(directory / "model", testing::LlamaConfig(64, tied), tensors,
                                     shards);
      testing::WriteText(directory / "model/training_args.bin", "not a model");
      const auto before = OpenCheckpoint(directory / "model");
      ASSERT_TRUE(before.ok()) << before.status();
      EXPECT_EQ(before->head_kind, tied ? HeadKind::kTied : HeadKind::kSeparate);
      const std::vector<OldPieces> pieces(20, {{3, 5}, {1, 1}});
      const InitPlan plan = *PlanInit(*before, testing::ExtendMap(64, 20), pieces, {});
      const auto report = WriteModel(*before, plan, directory / "out");
      ASSERT_TRUE(report.ok()) << report.status();
      for (const auto& [name, bytes] : testing::ReadTree(directory / "out")) {
        EXPECT_EQ(name.find(".bin"), std::string::npos) << name;
      }
      const auto after = OpenCheckpoint(directory / "out");
      ASSERT_TRUE(after.ok()) << after.status();
      EXPECT_EQ(after->index, shards == 1 ? "" : "model.safetensors.index.json");
      EXPECT_EQ(after->files.size(), shards);
      ASSERT_EQ(after->tensors.size(), tensors.size());
      for (const TensorInfo& tensor : before->tensors) {
        const std::string old_bytes = testing::TensorBytesOf(*before, tensor.name);
        const std::string new_bytes = testing::TensorBytesOf(*after, tensor.name);
        EXPECT_EQ(new_bytes.substr(0, old_bytes.size()), old_bytes) << tensor.name;
        EXPECT_EQ(new_bytes.size() > old_bytes.size(), tensor.shape[0] == 64) << tensor.name;
      }
      const auto verified = Verify(directory / "out");
      ASSERT_TRUE(verified.ok()) << verified.status();
      EXPECT_THAT(verified->problems, IsEmpty());
      EXPECT_TRUE(verified->complete());
      // And what it checks against is the pickle: another one is seen.
      const std::string shard = directory / ("model/" + before->files.front());
      std::string bytes = testing::ReadText(shard);
      bytes[before->Find("model.norm.weight")->file == before->files.front()
                ? before->Find("model.norm.weight")->begin
                : before->tensors.front().begin] ^= 1;
      testing::WriteText(shard, bytes);
      EXPECT_FALSE(Verify(directory / "out")->complete());
    }
  }
}

TEST(InitTest, ShardsThatWouldBeWrittenUnderOneNameAreRefused) {
  const testing::TemporaryDirectory directory;
  testing::WriteRandomTorchModel(directory / "model", testing::LlamaConfig(64, true),
                                 testing::LlamaTensors(64, 16, true, "F32", 1), 2);
  nlohmann::json index =
      nlohmann::json::parse(testing::ReadText(directory / "model/pytorch_model.bin.index.json"));
  for (auto& [name, file] : index["weight_map"].items()) {
    if (file == "pytorch_model-00002-of-00002.bin") file = "model-00001-of-00002.bin";
  }
  std::filesystem::rename(directory / "model/pytorch_model-00002-of-00002.bin",
                          directory / "model/model-00001-of-00002.bin");
  testing::WriteText(directory / "model/pytorch_model.bin.index.json", index.dump());
  EXPECT_THAT(std::string(Message(OpenCheckpoint(directory / "model").status())),
              HasSubstr("would both be written as model-00001-of-00002.safetensors"));
}

TEST(InitTest, ConfigFilesFollow) {
  const testing::TemporaryDirectory directory;
  const Made made = MakeModel(directory, false, 1);
  ASSERT_TRUE(WriteModel(made.before, made.plan, directory / "out").ok());
  const auto config = nlohmann::json::parse(testing::ReadText(directory / "out/config.json"));
  EXPECT_EQ(config["vocab_size"], 128);
  EXPECT_EQ(config["tie_word_embeddings"], false);
  EXPECT_EQ(config["eos_token_id"], nlohmann::json({1, 2}));
  EXPECT_EQ(config["rms_norm_eps"], 1e-05);
  EXPECT_EQ(config["tokgraft"]["pad_to_multiple"], 64);
  EXPECT_EQ(config["tokgraft"]["tokenizer_size"], 84);
  EXPECT_EQ(testing::ReadText(directory / "out/generation_config.json"),
            testing::ReadText(directory / "model/generation_config.json"));
}

TEST(InitTest, UntyingMakesAHead) {
  for (const std::size_t shards : {1U, 4U}) {
    const testing::TemporaryDirectory directory;
    const Made made = MakeModel(directory, true, shards, "BF16", {.tie = TiePolicy::kUntie});
    const InitReport report = *WriteModel(made.before, made.plan, directory / "out");
    EXPECT_FALSE(report.tied);
    const StatusOr<Checkpoint> after = OpenCheckpoint(directory / "out");
    ASSERT_TRUE(after.ok()) << Message(after.status());
    EXPECT_EQ(after->head_kind, HeadKind::kSeparate);
    const std::string old = testing::TensorBytesOf(made.before, "model.embed_tokens.weight");
    EXPECT_EQ(testing::TensorBytesOf(*after, "lm_head.weight").substr(0, old.size()), old);
    EXPECT_NE(testing::TensorBytesOf(*after, "lm_head.weight"),
              testing::TensorBytesOf(*after, "model.embed_tokens.weight"));
    EXPECT_THAT(Verify(directory / "out")->problems, IsEmpty());
  }
}

// BERT: a bias per row, stored twice, in another type than the matrix.
TEST(InitTest, HeadBiasesGrowWithTheRows) {
  const testing::TemporaryDirectory directory;
  const nlohmann::json config = {
      {"model_type", "bert"}, {"architectures", {"BertForMaskedLM"}}, {"vocab_size", 10}};
  testing::WriteRandomModel(directory / "model", config,
                            {{"bert.embeddings.word_embeddings.weight", {10, 4}, "BF16"},
                             {"cls.predictions.bias", {10}},
                             {"cls.predictions.decoder.bias", {10}}});
  const Checkpoint before = *OpenCheckpoint(directory / "model");
  const InitPlan plan =
      *PlanInit(before, testing::ExtendMap(10, 1), {{{2, 7}, {1, 1}}}, {.pad_to_multiple = 1});
  ASSERT_TRUE(WriteModel(before, plan, directory / "out").ok());
  const Checkpoint after = *OpenCheckpoint(directory / "out");
  for (const std::string name : {"cls.predictions.bias", "cls.predictions.decoder.bias"}) {
    const std::string old_bytes = testing::TensorBytesOf(before, name);
    const std::string new_bytes = testing::TensorBytesOf(after, name);
    std::vector<float> old(10), made(11);
    std::memcpy(old.data(), old_bytes.data(), 40);
    ASSERT_EQ(new_bytes.size(), 44u);
    std::memcpy(made.data(), new_bytes.data(), 44);
    EXPECT_EQ(made[9], old[9]);
    EXPECT_FLOAT_EQ(made[10], (old[2] + old[7]) / 2);
  }
  EXPECT_THAT(Verify(directory / "out")->problems, IsEmpty());
}

// All bytes but those of the report, which tells the time it took.
std::map<std::string, std::string> Comparable(const std::string& directory) {
  auto files = testing::ReadTree(directory);
  files.erase("init_report.json");
  return files;
}

TEST(InitTest, TheSameBytesOnAnyNumberOfThreads) {
  for (const Method method : {Method::kMean, Method::kGaussian}) {
    const testing::TemporaryDirectory directory;
    const Made made = MakeModel(directory, false, 3, "BF16", {.method = method, .seed = 9});
    for (const int threads : {1, 8}) {
      ASSERT_TRUE(WriteModel(made.before, made.plan, directory / std::to_string(threads),
                             {.threads = threads})
                      .ok());
    }
    EXPECT_EQ(Comparable(directory / "1"), Comparable(directory / "8"));
    EXPECT_THAT(Verify(directory / "1")->problems, IsEmpty());
  }
}

TEST(InitTest, AnExistingOutputIsKeptWithoutForce) {
  const testing::TemporaryDirectory directory;
  const Made made = MakeModel(directory, true, 1);
  testing::WriteText(directory / "out/precious", "mine");
  Status status = WriteModel(made.before, made.plan, directory / "out").status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(std::string(Message(status)), HasSubstr("exists already"));
  // What is not ours is not removed even with force.
  status = WriteModel(made.before, made.plan, directory / "out", {.force = true}).status();
  EXPECT_THAT(std::string(Message(status)), HasSubstr("was not written by tokgraft"));
  EXPECT_EQ(testing::ReadTree(directory / "out").size(), 1u);
  ASSERT_TRUE(WriteModel(made.before, made.plan, directory / "ours").ok());
  testing::WriteText(directory / "ours/config.json", "broken");
  ASSERT_TRUE(WriteModel(made.before, made.plan, directory / "ours", {.force = true}).ok());
  EXPECT_THAT(Verify(directory / "ours")->problems, IsEmpty());
}

TEST(InitTest, TheInputCannotBeTheOutput) {
  const testing::TemporaryDirectory directory;
  const Made made = MakeModel(directory, true, 1);
  const auto before = testing::ReadTree(directory.path());
  for (const std::string out : {"model", "model/", "model/inside", "", "./model/../model"}) {
    const Status status =
        WriteModel(made.before, made.plan, directory / out, {.force = true}).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << out << ": " << Message(status);
  }
  EXPECT_EQ(testing::ReadTree(directory.path()), before);
}

std::vector<std::string> NamesIn(const std::string& directory) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// A limit on the size of files stands for a disk that fills up in the middle of a write.
TEST(InitTest, ADiskThatFillsUpLeavesNothing) {
  for (const rlim_t limit : {0U, 100U, 3000U, 6000U}) {
    const testing::TemporaryDirectory directory;
    const Made made = MakeModel(directory, false, 2);
    const pid_t child = fork();
    if (child == 0) {
      signal(SIGXFSZ, SIG_IGN);
      const rlimit file_limit{limit, limit};
      setrlimit(RLIMIT_FSIZE, &file_limit);
      const Status status = WriteModel(made.before, made.plan, directory / "out").status();
      _exit(absl::IsFailedPrecondition(status) ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << limit;
    EXPECT_THAT(NamesIn(directory.path()), ::testing::ElementsAre("model"));
  }
}

// Killed at any moment: the output is whole or not there under its name.
TEST(InitTest, AKilledRunLeavesNoOutput) {
  for (int kill_at = 0; kill_at < 4; ++kill_at) {
    const testing::TemporaryDirectory directory;
    const Made made = MakeModel(directory, false, 2);
    const auto input = testing::ReadTree(directory / "model");
    const pid_t child = fork();
    if (child == 0) {
      int calls = 0;
      WriteOptions options;
      options.progress = [&](std::string_view, double) {
        if (calls++ == kill_at) raise(SIGKILL);
      };
      static_cast<void>(WriteModel(made.before, made.plan, directory / "out", options).status());
      _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status)) {
      EXPECT_FALSE(std::filesystem::exists(directory / "out")) << kill_at;
    } else {
      EXPECT_THAT(Verify(directory / "out")->problems, IsEmpty());
    }
    EXPECT_EQ(testing::ReadTree(directory / "model"), input);
  }
}

TEST(InitTest, LinksAreSaidInTheManifest) {
  const testing::TemporaryDirectory directory;
  const Made made = MakeModel(directory, false, 5);
  const InitReport report = *WriteModel(made.before, made.plan, directory / "out", {.link = true});
  EXPECT_EQ(report.files.at("model-00005-of-00005.safetensors"), "linked");
  EXPECT_EQ(report.files.at("model-00001-of-00005.safetensors"), "written");
  EXPECT_TRUE(std::filesystem::equivalent(directory / "out/model-00005-of-00005.safetensors",
                                          directory / "model/model-00005-of-00005.safetensors"));
  bool said = false;
  const Manifest manifest = *LoadManifest(directory / "out");
  for (const ManifestFile& file : manifest.outputs) {
    said = said || (file.path == "model-00005-of-00005.safetensors" && file.how == "linked");
  }
  EXPECT_TRUE(said);
}

TEST(InitTest, AModelThatChangesUnderneathIsNoticed) {
  const testing::TemporaryDirectory directory;
  const Made made = MakeModel(directory, true, 1);
  testing::WriteRandomModel(directory / "model", testing::LlamaConfig(64, true),
                            testing::LlamaTensors(64, 16, true, "F32", 8));
  const Status status = WriteModel(made.before, made.plan, directory / "out").status();
  EXPECT_TRUE(absl::IsDataLoss(status)) << Message(status);
  EXPECT_THAT(NamesIn(directory.path()), ::testing::ElementsAre("model"));
}

}  // namespace
}  // namespace tokgraft
