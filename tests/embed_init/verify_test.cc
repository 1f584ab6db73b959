// Verify, sentence by sentence: what it says of a directory that holds, and of each kind of damage.
// (verification/tensors_test.cc has the tensors, manifest_test.cc hostile manifests.)
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "embed_init/init.h"
#include "embed_init/manifest.h"
#include "embed_init/output/sha256.h"
#include "tests/embed_init/random_model.h"
#include "tests/vocab_merge/toy.h"
#include "tokenizer/save.h"

namespace tokgraft {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// 256 bytes and "ab", with "zq" grafted on as id 257.
class VerifyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const Tokenizer base = *Compile(toy::ByteLevel({{"a", "b"}}));
    const Tokenizer merged = *Compile(toy::ByteLevel({{"a", "b"}, {"z", "q"}}));
    testing::WriteRandomModel(model_, testing::LlamaConfig(257, true),
                              testing::LlamaTensors(257, 4, true, "F32", 1));
    testing::WriteText(model_ + "/generation_config.json", R"({"eos_token_id": [1, 2]})");
    IdMap map = testing::ExtendMap(257, 1);
    map.added[0].bytes = map.added[0].witness = "zq";
    const auto report = InitEmbeddings(model_, map, base, merged, out_);
    ASSERT_TRUE(report.ok()) << Message(report.status());
  }

  std::string Path(const std::string& name) const { return out_ + "/" + name; }

  // The first `from` behind `behind` becomes `to`.
  void Edit(const std::string& name, const std::string& from, const std::string& to,
            const std::string& behind = "") {
    std::string text = testing::ReadText(Path(name));
    const std::size_t at = text.find(from, text.find(behind));
    ASSERT_NE(at, std::string::npos) << from;
    testing::WriteText(Path(name), text.replace(at, from.size(), to));
  }

  // An edit that the hashes do not show: somebody has brought the manifest up to date.
  void EditAndSign(const std::string& name, const std::string& from, const std::string& to) {
    const auto entry = [&] {
      const FileHash hash = *HashFile(Path(name));
      return Cat("\"size_bytes\": ", hash.size_bytes, ",\n      \"sha256\": \"", hash.sha256);
    };
    const std::string before = entry();
    Edit(name, from, to);
    Edit("tokgraft.json", before, entry(), "\"outputs\"");
  }

  std::vector<std::string> Problems() { return Verify(out_)->problems; }

  testing::TemporaryDirectory directory_;
  const std::string model_ = directory_ / "model";
  const std::string out_ = directory_ / "out";
};

TEST_F(VerifyTest, EverythingThatWasCheckedIsSaid) {
  std::vector<std::string> stages;
  VerifyOptions options;
  options.progress = [&](std::string_view stage, double) {
    if (stages.empty() || stages.back() != stage) stages.emplace_back(stage);
  };
  const VerifyReport report = *Verify(out_, options);
  EXPECT_THAT(report.problems, IsEmpty());
  EXPECT_THAT(
      report.checked,
      ElementsAre("6 of 6 files have the SHA-256 they had",
                  "model.embed_tokens.weight: 258 rows made again, bit by bit",
                  "3 other tensors are the source's, bit by bit", "config.json fits the rows",
                  "the tokenizer has an id for each of 258 rows, 0 rows of padding follow",
                  "id_map.json agrees with the origin of each row"));
  EXPECT_THAT(report.notes, IsEmpty());
  EXPECT_TRUE(report.complete());
  EXPECT_THAT(stages, ElementsAre("hashes", "source", "rows", "tensors", "config"));
}

TEST_F(VerifyTest, AChangedByteAMissingFileAndALongerOne) {
  const std::string was = HashFile(Path("id_map.json"))->sha256;
  Edit("id_map.json", "extend", "eXtend");
  EXPECT_THAT(Problems(), ElementsAre(Cat(Path("id_map.json"), ": was changed: its SHA-256 is ",
                                          HashFile(Path("id_map.json"))->sha256, ", not ", was)));
  const std::uint64_t size = HashFile(Path("id_map.json"))->size_bytes;
  Edit("id_map.json", "eXtend", "extend ");
  EXPECT_THAT(Problems(), ElementsAre(Cat(Path("id_map.json"), ": has ", size + 1, " bytes, ", size,
                                          " were written")));
  std::filesystem::remove(Path("id_map.json"));
  EXPECT_THAT(Problems(),
              ElementsAre(Path("id_map.json") +
                          ": cannot be opened: No such file or directory; check the path"));
  EXPECT_THAT(Verify(out_)->checked, Contains("5 of 6 files have the SHA-256 they had"));
}

TEST_F(VerifyTest, AManifestThatVouchesForNothing) {
  Edit("tokgraft.json", "\"path\": \"config.json\"", "\"path\": \"id_map.json\"", "\"outputs\"");
  EXPECT_THAT(Problems(), Contains(Path("tokgraft.json: outputs: does not list config.json, which "
                                        "every output has; the manifest was edited")));
}

TEST_F(VerifyTest, FilesThatCameLaterAreNoted) {
  testing::WriteText(Path("sub/pytorch_model.bin"), "x");
  EXPECT_THAT(Verify(out_)->problems, IsEmpty());
  EXPECT_THAT(Verify(out_)->notes, ElementsAre("sub/pytorch_model.bin: is not in the manifest"));
}

TEST_F(VerifyTest, IdsThatNoTokenHas) {
  EditAndSign("config.json", "\"bos_token_id\": 0", "\"bos_token_id\": 258");
  EditAndSign("generation_config.json", "[1, 2]", "[1, 999]");
  EXPECT_THAT(
      Problems(),
      ElementsAre(Path("config.json: bos_token_id: names token 258, the vocabulary has 258"),
                  Path("generation_config.json: eos_token_id: names token 999, the "
                       "vocabulary has 258")));
}

TEST_F(VerifyTest, ATieThatWasNotWritten) {
  EditAndSign("config.json", "\"tie_word_embeddings\": true", "\"tie_word_embeddings\": false");
  EXPECT_THAT(Problems(),
              Contains(Path("config.json: tie_word_embeddings: is not what was written")));
}

TEST_F(VerifyTest, ATokenizerWithMoreIdsThanRowsWereMadeFor) {
  ASSERT_TRUE(
      Save(toy::ByteLevel({{"a", "b"}, {"z", "q"}, {"x", "y"}}), directory_ / "other.json").ok());
  const std::string other = testing::ReadText(directory_ / "other.json");
  EditAndSign("tokenizer.json", testing::ReadText(Path("tokenizer.json")), other);
  EXPECT_THAT(Problems(), ElementsAre(Path("tokenizer.json: has 259 ids, the rows were made for "
                                           "258")));
}

TEST_F(VerifyTest, AnIdMapOfAnotherMerge) {
  EditAndSign("id_map.json", "\"merged_size\":258", "\"merged_size\":259");
  EXPECT_THAT(Problems(), ElementsAre(Path("id_map.json: merged_size: is 259, the rows were made "
                                           "for 258")));
  EditAndSign("id_map.json", "\"merged_size\":259", "\"merged_size\":258");
  EditAndSign("id_map.json", "254,255,256]", "254,256,255]");
  EXPECT_THAT(Problems(), ElementsAre(Path("id_map.json: base_to_merged[255]: row 256 is not a "
                                           "copy of old row 255")));
}

TEST_F(VerifyTest, ABiasThatOnlyTheUserKnewIsARowTensorToo) {
  nlohmann::json config = testing::LlamaConfig(8, false);
  std::vector<testing::RandomTensor> tensors = testing::LlamaTensors(8, 4, false, "F32", 1);
  tensors.push_back({"model.logit_shift", {8}});
  testing::WriteRandomModel(directory_ / "biased", config, tensors);
  const Checkpoint model =
      *OpenCheckpoint(directory_ / "biased", {.head_bias = "model.logit_shift"});
  const InitPlan plan =
      *PlanInit(model, testing::ExtendMap(8, 1), {{{1, 2}, {1, 1}}}, {.pad_to_multiple = 1});
  ASSERT_TRUE(WriteModel(model, plan, directory_ / "made").ok());
  const VerifyReport report = *Verify(directory_ / "made");
  EXPECT_THAT(report.problems, IsEmpty());
  EXPECT_THAT(report.checked, Contains("model.logit_shift: 9 rows made again, bit by bit"));
}

TEST_F(VerifyTest, WithoutAnythingToCheckItIsAnError) {
  EXPECT_EQ(Message(Verify(directory_ / "none").status()),
            directory_ / "none: is not a directory; check the path");
  EXPECT_EQ(Message(Verify(model_).status()),
            model_ +
                ": has no tokgraft.json; verify checks what graft and init write, name such a "
                "directory");
}

TEST(VerifyReportTest, ForMachinesAndForPeople) {
  VerifyReport report{.problems = {}, .checked = {"a"}, .notes = {"n"}, .not_compared = {}};
  EXPECT_EQ(report.DebugString(), "holds: a\nnote: n\neverything holds\n");
  report.not_compared = "x was not compared";
  EXPECT_EQ(report.DebugString(), "holds: a\nnote: n\nholds in part: x was not compared\n");
  report.problems = {"p"};
  EXPECT_EQ(report.DebugString(), "problem: p\nholds: a\nnote: n\n1 problem\n");
  EXPECT_EQ(nlohmann::json::parse(report.ToJson()), nlohmann::json::parse(R"(
      {"ok": false, "complete": false, "problems": ["p"], "checked": ["a"], "notes": ["n"],
       "not_compared": "x was not compared"})"));
}

}  // namespace
}  // namespace tokgraft
