// tokgraft compare: which of several tokenizers needs fewer tokens, and is it real?
#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "tokenizer/cli/commands.h"
#include "tokenizer/cli/console.h"
#include "tokenizer/cli/shared_options.h"
#include "tokenizer/cli/tokenizer_argument.h"
#include "tokenizer/compare.h"

namespace tokgraft {
namespace {

struct CompareArguments {
  std::vector<std::string> tokenizers;
  std::string pattern;
  CorpusArguments corpus;
  CompareOptions options;
  RunArguments run;
};

StatusOr<Comparison> RunCompare(CompareArguments arguments) {
  TOKGRAFT_ASSIGN_OR_RETURN(const auto named, ParseNamedPaths(arguments.tokenizers));
  TOKGRAFT_ASSIGN_OR_RETURN(const auto corpora, ParseCorpora(arguments.corpus.corpora));
  TOKGRAFT_ASSIGN_OR_RETURN(arguments.options.documents,
                            ParseDocuments(arguments.corpus.documents));
  arguments.options.threads = arguments.run.threads;
  std::vector<std::pair<std::string, Tokenizer>> tokenizers;
  for (const auto& [name, path] : named) {
    TOKGRAFT_ASSIGN_OR_RETURN(Tokenizer tokenizer, LoadAndCompile({path, arguments.pattern}));
    tokenizers.emplace_back(name, std::move(tokenizer));
  }
  ProgressBar progress(arguments.run.progress);
  arguments.options.progress = [&](std::string_view stage, double fraction) {
    progress.Update(stage, fraction);
  };
  return Compare(tokenizers, corpora, arguments.options);
}

}  // namespace

void AddCompareCommand(CLI::App* program, int* exit_status) {
  auto arguments = std::make_shared<CompareArguments>();
  CLI::App* command = program->add_subcommand(
      "compare", "Which tokenizer needs fewer tokens, and whether the difference is real");
  command->add_option("tokenizers", arguments->tokenizers, "Two or more tokenizers")
      ->required()
      ->expected(2, 64)
      ->type_name("[NAME=]TOKENIZER");
  AddCorpusArguments(command, &arguments->corpus, "compare on")->required();
  command->add_option("--pattern", arguments->pattern, "For bare tiktoken ranks")
      ->type_name("NAME|REGEX");
  command->add_option("--alpha", arguments->options.alpha, "Level of the verdicts")
      ->capture_default_str();
  command->add_option("--resamples", arguments->options.resamples, "Of the bootstrap")
      ->check(CheckWholeNumber)
      ->capture_default_str();
  command->add_option("--seed", arguments->options.seed, "Of the bootstrap")
      ->check(CheckWholeNumber)
      ->capture_default_str();
  AddRunArguments(command, &arguments->run);
  command->callback([arguments, exit_status] {
    const StatusOr<Comparison> comparison = RunCompare(*arguments);
    *exit_status = comparison.ok()
                       ? Print(arguments->run.json ? comparison->ToJson() : comparison->ToTable())
                       : Finish(comparison.status());
  });
}

}  // namespace tokgraft
