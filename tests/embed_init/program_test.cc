#include "embed_init/cli/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "tokenizer/cli/console.h"

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
           {{"merge", "a", "b", "--strategy", "glue"}, {"--strategy", "glue", "extend", "swap"}},
           {{"merge", "a"},
            {"donor: a tokenizer to take pieces from was expected", "tokgraft merge --help"}},
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

TEST(ProgramTest, AWordTooManySaysWhereItGoes) {
  for (const auto& [arguments, error] :
       std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"measure", "a.json", "zh=zh.txt"},
            "zh=zh.txt: is a word too many; a text is given as --corpus PATH, and several "
            "tokenizers go to compare; see tokgraft measure --help"},
           {{"encode", "a.json", "Hello", "world"},
            "Hello: is a word too many; a text is given as --text TEXT or --file PATH; see "
            "tokgraft encode --help"},
           {{"decode", "a.json", "19556", "905"},
            "19556: is a word too many; ids are given as --ids \"1 2 3\" or --file PATH; see "
            "tokgraft decode --help"},
           {{"merge", "a.json", "b.json", "--budget", "5", "--", "c.json"},
            "c.json: is a word too many; a text is given as --corpus PATH, the directory to write "
            "as -o DIR; see tokgraft merge --help"},
           {{"graft", "model", "b.json", "--dry-run"},
            "b.json: is a word too many; the donor is given as --donor TOKENIZER, a text as "
            "--corpus PATH; see tokgraft graft --help"}}) {
    const Outcome outcome = RunQuietly(arguments);
    EXPECT_EQ(outcome.status, 2);
    EXPECT_EQ(outcome.error, "tokgraft: error: " + error + "\n");
  }
}

TEST(ProgramTest, AnOptionalValueIsNoWordTooMany) {
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"lint", "/none", "--explain", "B3"}, {"lint", "/none", "--explain"}}) {
    ::testing::internal::CaptureStdout();
    const Outcome outcome = RunQuietly(arguments);
    EXPECT_THAT(::testing::internal::GetCapturedStdout(), ::testing::HasSubstr("B3: cut by"));
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.error, "");
  }
}

TEST(ProgramTest, WhatCannotBeMeantIsAUsageError) {
  for (const auto& [arguments, error] :
       std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"lint"},
            "TOKENIZER: a file or model directory was expected; see tokgraft lint --help"},
           {{"diff", "/none"}, "1 tokenizer was given, 2 were expected; see tokgraft diff --help"},
           {{"merge", "/none", "/none"},
            "-o: a directory to write was expected; or use --dry-run; see tokgraft merge --help"},
           {{"merge", "a", "b", "--budget", "-1"},
            "--budget: \"-1\" is no number of ids; give a number or auto; see tokgraft merge "
            "--help"},
           {{"merge", "a", "b", "--budget", "2k"},
            "--budget: \"2k\" is no number of ids; give a number or auto; see tokgraft merge "
            "--help"},
           {{"merge", "a", "b", "--dry-run", "--budget", "auto"},
            "--budget: auto needs a corpus; give --corpus NAME=PATH; see tokgraft merge --help"},
           {{"merge", "a", "b", "--dry-run", "--budget", "auto", "--corpus", "c"},
            "--budget: auto needs the sizes of the model; give --model-config PATH; see tokgraft "
            "merge --help"},
           {{"merge", "a", "b", "--dry-run", "--curve"},
            "--curve: needs a corpus; give --corpus NAME=PATH; see tokgraft merge --help"},
           {{"merge", "a", "b", "--dry-run", "--memory-weight", "-0.5"},
            "--memory-weight: \"-0.5\" is no weight, a number that is 0 or more was expected; see "
            "tokgraft merge --help"},
           {{"trim", "/none", "--dry-run"},
            "nothing to keep; give a text with --keep, or ids with --keep-id; see tokgraft trim "
            "--help"},
           {{"graft", "/none", "--donor", "/none"},
            "-o: a directory to write was expected; or use --dry-run; see tokgraft graft --help"},
           {{"graft", "/none", "--donor", "/none", "-o", "x", "--budget", "-1"},
            "--budget: \"-1\" is no number of ids; give a number or auto; see tokgraft graft "
            "--help"},
           {{"graft", "/none", "--donor", "/none", "-o", "x", "--budget", "auto"},
            "--budget: auto needs a corpus; give --corpus NAME=PATH; see tokgraft graft --help"},
           {{"init", "/none", "--id-map", "/none"},
            "-o: a directory to write was expected; or use --dry-run; see tokgraft init --help"},
           {{"compare", "a", "b", "--corpus", "c", "--seed", "-1"},
            "--seed: \"-1\" is no whole number, 0 or more was expected; see tokgraft compare "
            "--help"}}) {
    const Outcome outcome = RunQuietly(arguments);
    EXPECT_EQ(outcome.status, 2) << error;
    EXPECT_EQ(outcome.error, "tokgraft: error: " + error + "\n");
  }
}

// What a terminal shows, until it has shown `text` `times` times.
std::string ShownUntil(int terminal, const std::string& text, int times) {
  std::string shown;
  for (int seen = 0; seen < times;) {
    char buffer[256];
    pollfd waiting{.fd = terminal, .events = POLLIN, .revents = 0};
    if (poll(&waiting, 1, 60'000) <= 0) return shown + " ... and no more";
    const ssize_t count = read(terminal, buffer, sizeof buffer);
    if (count <= 0) return shown + " ... and no more";
    shown.append(buffer, static_cast<std::size_t>(count));
    seen = 0;
    for (std::size_t at = 0; (at = shown.find(text, at)) != std::string::npos; ++at) ++seen;
  }
  return shown;
}

TEST(ProgressTest, TheSecondsOfABarGoOnAndOutputStartsALine) {
  int terminal = -1;
  int side = -1;
  ASSERT_EQ(openpty(&terminal, &side, nullptr, nullptr, nullptr), 0);
  const int kept = dup(STDERR_FILENO);
  dup2(side, STDERR_FILENO);
  {
    ProgressBar bar("auto");
    bar.Update("load", 0);
    EXPECT_THAT(ShownUntil(terminal, "\r  load ", 2), ::testing::Not(::testing::HasSubstr("%")));
    bar.Update("write", 1);
    Warn("something");
    EXPECT_THAT(ShownUntil(terminal, "something\r\n", 1),
                ::testing::ContainsRegex("] 100 % .* s\r\ntokgraft: warning: something"));
  }
  dup2(kept, STDERR_FILENO);
  for (const int file : {kept, side, terminal}) close(file);
}

TEST(ProgramTest, CodesMayBeWrittenSmall) {
  ::testing::internal::CaptureStdout();
  EXPECT_EQ(RunProgram({"lint", "--explain", "b3"}), 0);
  EXPECT_THAT(::testing::internal::GetCapturedStdout(), ::testing::StartsWith("# B3: "));
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
  for (const char* command : {"report", "optimizer", "probe", "train"}) {
    const Outcome outcome = RunQuietly({command, "out", "--anything"});
    EXPECT_EQ(outcome.status, 2) << command;
    EXPECT_THAT(outcome.error, ::testing::StartsWith(std::string("tokgraft: error: ") + command));
    EXPECT_THAT(outcome.error, ::testing::HasSubstr("is a command of the Python package"));
    EXPECT_EQ(std::count(outcome.error.begin(), outcome.error.end(), '\n'), 1);
  }
}

}  // namespace
}  // namespace tokgraft
