#include "embed_init/cli/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace tokgraft {
namespace {

TEST(ProgramTest, AnUnknownCommandIsAUsageError) { EXPECT_EQ(RunProgram({"frobnicate"}), 2); }
TEST(ProgramTest, HelpSucceeds) { EXPECT_EQ(RunProgram({"--help"}), 0); }

// The exit status of a command, and the only line it may print on stderr.
struct Outcome {
  int status;
  std::string error;
};
Outcome RunQuietly(const std::vector<std::string>& arguments) {
  ::testing::internal::CaptureStderr();
  const int status = RunProgram(arguments);
  return {status, ::testing::internal::GetCapturedStderr()};
}

TEST(ProgramTest, UsageErrorsNameTheWrongWordAndTheNearestOne) {
  for (const auto& [arguments, words] :
       std::vector<std::pair<std::vector<std::string>, std::vector<std::string>>>{
           {{"grafft", "model"}, {"grafft: is not a command", "did you mean graft?"}},
           {{"frobnicate"}, {"frobnicate: is not a command"}},
           {{"graft", "--bugdet", "8"}, {"--bugdet: is not an option of graft", "--budget?"}},
           {{"merge", "a", "b", "--corpsu=x"}, {"--corpsu: is not an option", "--corpus?"}},
           {{"merge", "a", "b", "--threads", "-1"}, {"--threads", "\"-1\"", "0 or more"}},
           {{"merge", "a", "b", "--strategy", "swap"}, {"--strategy", "swap", "extend"}},
           {{"merge", "a"}, {"donor is required", "tokgraft merge --help"}},
           {{"encode", "a", "--file", "x", "--text", "y"}, {"--file", "--text"}}}) {
    const Outcome outcome = RunQuietly(arguments);
    EXPECT_EQ(outcome.status, 2) << arguments[0];
    EXPECT_THAT(outcome.error, ::testing::StartsWith("tokgraft: error: "));
    EXPECT_EQ(std::count(outcome.error.begin(), outcome.error.end(), '\n'), 1);
    EXPECT_LT(outcome.error.size(), 200U);
    for (const std::string& word : words) EXPECT_THAT(outcome.error, ::testing::HasSubstr(word));
  }
}

TEST(ProgramTest, ValuesThatLookLikeOptionsAreValues) {
  const Outcome outcome = RunQuietly({"encode", "/none", "--text", "--budget"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.error, ::testing::HasSubstr("/none: "));
}

TEST(ProgramTest, ACorpusWithoutAFileIsNamed) {
  const Outcome outcome = RunQuietly({"measure", "/none", "--corpus", "en="});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.error, ::testing::HasSubstr("\"en=\": names no file"));
}

TEST(ProgramTest, MeasureSaysWhereATextGoes) {
  const Outcome outcome = RunQuietly({"measure", "tokenizer.json", "zh=zh.txt"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.error, ::testing::HasSubstr("--corpus zh=zh.txt"));
}

TEST(ProgramTest, EveryCommandWithTextTakesItAsCorpus) {
  // Status 1: the arguments were understood, the tokenizer is not there.
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {"measure", "/none"}, {"compare", "/none", "/no"}, {"merge", "/none", "/no"}}) {
    std::vector<std::string> arguments = command;
    for (const char* word : {"--corpus", "a=x", "--corpus", "b=y", "--documents", "file"}) {
      arguments.emplace_back(word);
    }
    if (command[0] == "merge") arguments.emplace_back("--dry-run");
    const Outcome outcome = RunQuietly(arguments);
    EXPECT_EQ(outcome.status, 1) << command[0];
    EXPECT_THAT(outcome.error, ::testing::HasSubstr("/none: ")) << command[0];
  }
}

TEST(ProgramTest, CommandsOfThePythonPackageSaySo) {
  for (const char* command : {"report", "probe", "train"}) {
    const Outcome outcome = RunQuietly({command, "out", "--anything"});
    EXPECT_EQ(outcome.status, 2) << command;
    EXPECT_THAT(outcome.error, ::testing::StartsWith(std::string("tokgraft: error: ") + command));
    EXPECT_THAT(outcome.error, ::testing::HasSubstr("Python package"));
    EXPECT_EQ(std::count(outcome.error.begin(), outcome.error.end(), '\n'), 1);
  }
}

}  // namespace
}  // namespace tokgraft
