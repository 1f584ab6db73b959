#include "embed_init/cli/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
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
