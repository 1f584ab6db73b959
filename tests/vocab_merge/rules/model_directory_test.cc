#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/vocab_merge/findings.h"
#include "tests/vocab_merge/toy.h"
#include "tokenizer/status.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A model directory with these files; "" leaves one out.
std::string ModelDirectory(const std::string& name, const std::string& config,
                           const std::string& generation = "") {
  const std::filesystem::path out = std::filesystem::path(::testing::TempDir()) / name;
  std::filesystem::remove_all(out);
  std::filesystem::create_directories(out);
  if (!config.empty()) std::ofstream(out / "config.json") << config;
  if (!generation.empty()) std::ofstream(out / "generation_config.json") << generation;
  return out.string();
}

TEST(ModelDirectoryTest, D4MoreIdsThanRowsIsAnError) {
  const LintOptions options{.model_directory =
                                ModelDirectory("rows_missing", R"({"vocab_size": 200})")};
  EXPECT_EQ(toy::Defects("D4", toy::ByteLevel({}), options),
            (std::vector<LintFinding>{
                {.code = "D4",
                 .severity = Severity::kError,
                 .count = 56,
                 .message = "56 ids have no row: the tokenizer has 256 ids, config.json declares "
                            "200 rows",
                 .action = "grow the embedding: encoding one of these ids is a read past its end",
                 .place = "config.json: vocab_size"}}));
}

TEST(ModelDirectoryTest, D4MoreRowsThanIdsIsANote) {
  const LintOptions options{
      .model_directory = ModelDirectory("padded", R"({"text_config": {"vocab_size": 300}})")};
  EXPECT_EQ(toy::Defects("D4", toy::ByteLevel({}), options),
            (std::vector<LintFinding>{
                {.code = "D4",
                 .severity = Severity::kNote,
                 .count = 44,
                 .message = "44 rows have no id: the tokenizer has 256 ids, config.json declares "
                            "300 rows",
                 .action = "nothing, if they are padding; never let them be sampled",
                 .place = "config.json: vocab_size"}}));
}

TEST(ModelDirectoryTest, AConfigWithoutASizeLeavesD4Unlooked) {
  const LintOptions options{.model_directory = ModelDirectory("no_size", R"({"vocab_size": "x"})")};
  EXPECT_FALSE(toy::Linted(toy::ByteLevel({}), options).counts.contains("D4"));
}

TEST(ModelDirectoryTest, D10IdsOutsideOfTheVocabulary) {
  const LintOptions options{.model_directory = ModelDirectory(
                                "outside", R"({"eos_token_id": [5, 256], "bos_token_id": 1})")};
  EXPECT_EQ(
      toy::Defects("D10", toy::ByteLevel({}), options),
      (std::vector<LintFinding>{
          {.code = "D10",
           .severity = Severity::kWarning,
           .count = 1,
           .message = "1 names or ids of special tokens are not those of the tokenizer",
           .action = "write the tokenizer's own into every file: runtimes read different ones",
           .place = "config.json: eos_token_id",
           .examples = {
               {.place = "config.json: eos_token_id", .text = "256 is not in the vocabulary"}}}}));
}

TEST(ModelDirectoryTest, D10ARoleWithOtherIdsInEachFile) {
  TokenizerSpec spec = toy::ByteLevel({});
  spec.companions["tokenizer_config.json"] = R"({"eos_token": {"content": "c"}})";
  const LintOptions options{.model_directory = ModelDirectory("apart", R"({"eos_token_id": 97})",
                                                              R"({"eos_token_id": [97, 98]})")};
  EXPECT_EQ(
      toy::Defects("D10", spec, options),
      (std::vector<LintFinding>{
          {.code = "D10",
           .severity = Severity::kNote,
           .count = 1,
           .message = "1 roles stand for other ids in another file",
           .action = "stop at all of them: each runtime reads a file of its own",
           .place = "generation_config.json",
           .examples = {{.place = "generation_config.json",
                         .text = "eos: [97] in config.json; [97, 98] in "
                                 "generation_config.json; [99] in tokenizer_config.json"}}}}));
}

TEST(ModelDirectoryTest, D10TheOrderOfIdsIsNoDifference) {
  const LintOptions options{.model_directory =
                                ModelDirectory("order", R"({"eos_token_id": [97, 98]})",
                                               R"({"eos_token_id": [98, 97]})")};
  EXPECT_THAT(toy::Defects("D10", toy::ByteLevel({}), options), IsEmpty());
}

TEST(ModelDirectoryTest, D10NamesThatTheTokenizerGivesAnotherIdOrNone) {
  TokenizerSpec spec = toy::ByteLevel({});
  spec.companions["special_tokens_map.json"] = R"({"pad_token": "<pad>", "eos_token": "a"})";
  spec.companions["tokenizer_config.json"] =
      R"({"added_tokens_decoder": {"97": {"content": "a"}, "7": {"content": "a"},
                                   "300": {"content": "<x>"}}})";
  const std::vector<LintFinding> found = toy::Defects("D10", spec);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].examples, (std::vector<LintExample>{
                                   {.place = "special_tokens_map.json: pad_token",
                                    .text = "\"<pad>\" is not in the vocabulary"},
                                   {.place = "tokenizer_config.json: added_tokens_decoder[\"7\"]",
                                    .text = "\"a\" has id 97 in the tokenizer"},
                                   {.place = "tokenizer_config.json: added_tokens_decoder[\"300\"]",
                                    .text = "\"<x>\" has no id in the tokenizer"}}));
}

TEST(ModelDirectoryTest, D10ANameInTheChatTemplateIsNotOneToken) {
  TokenizerSpec spec = toy::ByteLevel({});
  spec.vocab.Add({.id = 256, .bytes = "<|user|>", .spelling = "<|user|>"});
  spec.added_tokens = {{.id = 256, .content = "<|user|>", .special = true}};
  // Names that the template puts together are none.
  spec.companions["chat_template.jinja"] = "<|user|>{{ x }}<|end|><|end|>{{ '<|' + role + '|>' }}";
  const std::vector<LintFinding> found = toy::Defects("D10", spec);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].examples,
            (std::vector<LintExample>{{.place = "chat_template.jinja: chat_template",
                                       .text = "\"<|end|>\" is not one token"}}));
}

TEST(ModelDirectoryTest, TellsWhatWasNotChecked) {
  const std::vector<NotChecked>& not_checked = toy::Linted(toy::ByteLevel({})).not_checked;
  EXPECT_THAT(not_checked,
              ::testing::IsSupersetOf(
                  {NotChecked{{"D4"}, "no model directory was given"},
                   NotChecked{{"D10"}, "no file beside the tokenizer names special tokens"}}));
}

TEST(ModelDirectoryTest, ABrokenFileIsAnErrorThatNamesIt) {
  const std::string directory = ModelDirectory("broken", "{]");
  const StatusOr<LintReport> report = Lint(toy::ByteLevel({}), {.model_directory = directory});
  EXPECT_EQ(report.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(Message(report.status())), HasSubstr(directory + "/config.json: "));
}

}  // namespace
}  // namespace tokgraft
