// tokgraft measure: efficiency of one tokenizer on corpora.
#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "tokenizer/cli/commands.h"
#include "tokenizer/cli/console.h"
#include "tokenizer/cli/tokenizer_argument.h"
#include "tokenizer/efficiency.h"

namespace tokgraft {
namespace {

struct MeasureArguments {
  TokenizerArgument tokenizer;
  std::vector<std::string> corpora;
  std::string documents = "line";
  int threads = 0;
  bool json = false;
  std::string progress = "auto";
};

StatusOr<EfficiencyReport> RunMeasure(const MeasureArguments& arguments) {
  TOKGRAFT_ASSIGN_OR_RETURN(const auto named, ParseNamedPaths(arguments.corpora));
  TOKGRAFT_ASSIGN_OR_RETURN(const Documents documents, ParseDocuments(arguments.documents));
  TOKGRAFT_ASSIGN_OR_RETURN(const Tokenizer tokenizer, LoadAndCompile(arguments.tokenizer));
  std::vector<Corpus> corpora;
  for (const auto& [name, path] : named) corpora.push_back({name, path});
  ProgressBar progress(arguments.progress);
  return Measure(tokenizer, corpora,
                 {.documents = documents,
                  .threads = arguments.threads,
                  .progress = [&](std::string_view corpus, double fraction) {
                    progress.Update(Cat("measure ", corpus), fraction);
                  }});
}

}  // namespace

void AddMeasureCommand(CLI::App* program, int* exit_status) {
  auto arguments = std::make_shared<MeasureArguments>();
  CLI::App* command =
      program->add_subcommand("measure", "How efficient a tokenizer is, on your text");
  AddTokenizerArgument(command, &arguments->tokenizer);
  command->add_option("corpora", arguments->corpora, "Plain text files to measure on")
      ->required()
      ->type_name("[NAME=]PATH");
  command->add_option("--documents", arguments->documents, "What one document is")
      ->check(CLI::IsMember({"line", "paragraph", "file"}))
      ->capture_default_str();
  command->add_option("--threads", arguments->threads, "0: all cores")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->add_flag("--json", arguments->json, "The report as JSON");
  command->add_option("--progress", arguments->progress, "On stderr")
      ->check(CLI::IsMember({"auto", "json", "none"}))
      ->capture_default_str();
  command->callback([arguments, exit_status] {
    const StatusOr<EfficiencyReport> report = RunMeasure(*arguments);
    *exit_status = report.ok() ? Print(arguments->json ? report->ToJson() : report->ToTable())
                               : Finish(report.status());
  });
}

}  // namespace tokgraft
