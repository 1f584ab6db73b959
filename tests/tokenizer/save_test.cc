#include "tokenizer/save.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tokenizer/load.h"

namespace tokgraft {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class SaveTest : public testing::Test {
 protected:
  SaveTest() {
    directory_ = fs::path(testing::TempDir()) /
                 Cat("save_", testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(directory_);
    fs::create_directories(directory_);
    StatusOr<TokenizerSpec> spec = Load(Cat(TOKGRAFT_SOURCE_DIR, "/tests/data/toy_metaspace.json"));
    EXPECT_TRUE(spec.ok()) << spec.status();
    if (spec.ok()) spec_ = *std::move(spec);
  }
  ~SaveTest() override { fs::remove_all(directory_); }

  std::string Get(const std::string& name) const {
    std::ifstream file(directory_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // The saved text of one companion.
  std::string Corrected(const std::string& name, const std::string& text) {
    spec_.companions = {{"tokenizer_config.json", R"({"tokenizer_class":"TokenizersBackend"})"}};
    spec_.companions[name] = text;
    const StatusOr<SerializedFiles> files = SerializeFiles(spec_, Format::kTokenizerJson);
    EXPECT_TRUE(files.ok()) << files.status();
    notes_ = files->notes;
    return files->files.at(name);
  }

  fs::path directory_;
  TokenizerSpec spec_;
  std::vector<std::string> notes_;
};

TEST_F(SaveTest, ADirectoryGetsTheTokenizerAndItsCompanions) {
  spec_.companions = {{"tokenizer_config.json", R"({"tokenizer_class":"PreTrainedTokenizerFast"})"},
                      {"chat_template.jinja", "{{ x }}"}};
  const StatusOr<SaveReport> report = Save(spec_, directory_.string());
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->paths,
              ElementsAre(EndsWith("/tokenizer.json"), EndsWith("chat_template.jinja"),
                          EndsWith("tokenizer_config.json")));
  EXPECT_THAT(report->notes, IsEmpty());
  EXPECT_EQ(Get("chat_template.jinja"), "{{ x }}");
  EXPECT_EQ(Get("tokenizer_config.json"), R"({"tokenizer_class":"PreTrainedTokenizerFast"})");
  EXPECT_TRUE(*Load(directory_.string()) == spec_);
}

TEST_F(SaveTest, NothingIsReplacedUnlessForced) {
  ASSERT_TRUE(Save(spec_, directory_.string()).ok());
  fs::remove(directory_ / "tokenizer.json");
  const Status again = Save(spec_, directory_.string()).status();
  EXPECT_EQ(again.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(Message(again)), HasSubstr("tokenizer_config.json: exists already"));
  EXPECT_FALSE(fs::exists(directory_ / "tokenizer.json")) << "nothing is written then";
  EXPECT_TRUE(Save(spec_, directory_.string(), {.force = true}).ok());
}

TEST_F(SaveTest, AFileNameGetsTheTokenizerAlone) {
  const StatusOr<SaveReport> report = Save(spec_, (directory_ / "toy.json").string());
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->paths.size(), 1U);
  EXPECT_EQ(Get("toy.json"), *Serialize(spec_, Format::kTokenizerJson));
}

TEST_F(SaveTest, AFormatWithoutWordsForItIsRefusedByName) {
  for (const Format format : {Format::kTiktoken, Format::kTekken}) {
    const Status status = Save(spec_, directory_.string(), {.format = format}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
    EXPECT_THAT(std::string(Message(status)), HasSubstr(std::string(FormatName(format))));
  }
  EXPECT_TRUE(fs::is_empty(directory_));
}

TEST_F(SaveTest, WhatCannotBeSavedIsKnownBefore) {
  EXPECT_TRUE(CheckSavable(spec_, Format::kTokenizerJson).ok());
  EXPECT_EQ(CheckSavable(spec_, Format::kTiktoken).code(), absl::StatusCode::kUnimplemented);
  TokenizerSpec broken = spec_;
  broken.vocab.Add({.id = 0, .bytes = "another", .spelling = "another"});
  EXPECT_EQ(CheckSavable(broken, Format::kTokenizerJson),
            Serialize(broken, Format::kTokenizerJson).status());
  EXPECT_FALSE(CheckSavable(broken, Format::kTokenizerJson).ok());
}

TEST_F(SaveTest, WhatCannotBeReadBackIsNotWritten) {
  spec_.format = Format::kSentencePiece;
  spec_.reference = Reference::kSentencePiece;
  spec_.added_tokens.clear();
  spec_.normalizers = {normalizer::SentencePiece{}};
  spec_.post_processors.clear();
  spec_.decoders = {decoder::SentencePiece{}};
  BpeModel model;  // and no piece of type UNKNOWN, which sentencepiece wants
  model.order = BpeModel::Order::kScore;
  spec_.model = model;
  const Status status =
      Save(spec_, directory_.string(), {.format = Format::kSentencePiece}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  EXPECT_THAT(std::string(Message(status)), HasSubstr("nothing is written"));
  EXPECT_TRUE(fs::is_empty(directory_));
}

TEST_F(SaveTest, AClassThatBuildsItsOwnPipelineIsReplaced) {
  const std::string config = Corrected(
      "tokenizer_config.json",
      R"({"model_max_length":1000000000000000019884624838656,"tokenizer_class":"LlamaTokenizer",
          "auto_map":{"AutoTokenizer":["x.Y",null]},"note":"\u00e9"})");
  EXPECT_EQ(config, R"({
  "model_max_length": 1000000000000000019884624838656,
  "tokenizer_class": "PreTrainedTokenizerFast",
  "note": "\u00e9",
  "bos_token": "<s>",
  "unk_token": "<unk>"
}
)");
  ASSERT_EQ(notes_.size(), 2U);
  EXPECT_THAT(notes_[0], HasSubstr("auto_map"));
  EXPECT_THAT(notes_[1], HasSubstr("tokenizer_class was LlamaTokenizer"));
}

TEST_F(SaveTest, ARegexThatTransformersWouldPutInIsSwitchedOff) {
  const std::string config =
      Corrected("tokenizer_config.json",
                R"({"tokenizer_class":"TokenizersBackend","fix_mistral_regex":true})");
  EXPECT_EQ(config, R"({
  "tokenizer_class": "TokenizersBackend",
  "fix_mistral_regex": false
}
)");
  EXPECT_THAT(notes_, ElementsAre(HasSubstr("fix_mistral_regex was true")));
  EXPECT_EQ(Corrected("tokenizer_config.json", config), config) << "what agrees is left alone";
  EXPECT_THAT(notes_, IsEmpty());
}

TEST_F(SaveTest, AConfigIsMadeWhereThereIsNone) {
  spec_.roles.bos = 1;
  const StatusOr<SerializedFiles> files = SerializeFiles(spec_, Format::kTokenizerJson);
  ASSERT_TRUE(files.ok());
  EXPECT_EQ(files->files.at("tokenizer_config.json"), R"({
  "bos_token": "<s>",
  "clean_up_tokenization_spaces": false,
  "tokenizer_class": "PreTrainedTokenizerFast"
}
)");
  EXPECT_THAT(files->notes, ElementsAre(HasSubstr("was missing")));
}

TEST_F(SaveTest, TheDecoderOfAddedTokensFollowsTheSpec) {
  const std::string stale = R"({"tokenizer_class":"TokenizersBackend","added_tokens_decoder":{
      "7":{"content":"<s>","lstrip":false,"normalized":false,"rstrip":false,"single_word":false,
           "special":true}}})";
  const std::string fresh = Corrected("tokenizer_config.json", stale);
  EXPECT_THAT(fresh, HasSubstr("\"1\": {\n      \"content\": \"<s>\""));
  EXPECT_THAT(fresh, HasSubstr("\"7\": {\n      \"content\": \"\\n\\n\""));
  EXPECT_EQ(notes_.size(), 1U);
  EXPECT_EQ(Corrected("tokenizer_config.json", fresh), fresh) << "what agrees is left alone";
  EXPECT_THAT(notes_, IsEmpty());
}

TEST_F(SaveTest, RolesOfAbsentTokensFollowTheSpec) {
  spec_.roles.bos = 1;
  const std::string map =
      Corrected("special_tokens_map.json", R"({"bos_token":"<old>","pad_token":"<gone>"})");
  EXPECT_EQ(map, "{\n  \"bos_token\": \"<s>\",\n  \"pad_token\": null\n}\n");
  EXPECT_EQ(notes_.size(), 2U);
  EXPECT_EQ(Corrected("added_tokens.json", R"({"<s>":5,"<gone>":6})"), "{\n  \"<s>\": 1\n}\n");
}

TEST_F(SaveTest, KeysThatHuggingFaceRefusesAreLeftOutWithANote) {
  spec_.rest["colour"] = "1";
  const StatusOr<SerializedFiles> files = SerializeFiles(spec_, Format::kTokenizerJson);
  ASSERT_TRUE(files.ok());
  EXPECT_THAT(files->files.at("tokenizer.json"), Not(HasSubstr("colour")));
  EXPECT_THAT(files->notes[0], HasSubstr("the key \"colour\" is left out"));
}

}  // namespace
}  // namespace tokgraft
