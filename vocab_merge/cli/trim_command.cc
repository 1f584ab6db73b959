// tokgraft trim: a smaller vocabulary that encodes the kept text as before.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tokenizer/cli/console.h"
#include "tokenizer/cli/shared_options.h"
#include "tokenizer/cli/tokenizer_argument.h"
#include "vocab_merge/cli/commands.h"
#include "vocab_merge/cli/output.h"
#include "vocab_merge/trim.h"

namespace tokgraft {
namespace {

struct TrimArguments {
  TokenizerArgument tokenizer;
  std::vector<std::string> keep;
  std::string documents = "line";
  OutputArguments output;
  TrimOptions options;
  RunArguments run;
};

StatusOr<int> RunTrim(TrimArguments arguments) {
  ProgressBar progress(arguments.run.progress);
  progress.Update("load", 0);
  TOKGRAFT_ASSIGN_OR_RETURN(const Documents documents, ParseDocuments(arguments.documents));
  TOKGRAFT_ASSIGN_OR_RETURN(const TokenizerSpec base, LoadAndWarn(arguments.tokenizer));
  TOKGRAFT_ASSIGN_OR_RETURN(const Format format,
                            CheckOutput(arguments.output, base, {arguments.tokenizer.path}));
  TOKGRAFT_ASSIGN_OR_RETURN(const std::vector<Corpus> corpora, ParseCorpora(arguments.keep));
  TOKGRAFT_ASSIGN_OR_RETURN(const DocumentList corpus, ReadDocuments(corpora, documents));
  arguments.options.corpus = corpus.documents;
  arguments.options.threads = arguments.run.threads;
  progress.Update("trim", 0.1);
  TOKGRAFT_ASSIGN_OR_RETURN(const TrimResult result, Trim(base, arguments.options));
  progress.Update("write", 0.9);
  TOKGRAFT_RETURN_IF_ERROR(WriteOutput(
      arguments.output, result.tokenizer, format,
      {{"id_map.json", result.id_map.ToJson()}, {"trim.json", result.report.ToJson()}}));
  progress.Update("write", 1);
  return Print(arguments.run.json ? result.report.ToJson()
                                  : result.report.DebugString() + OutputLine(arguments.output));
}

}  // namespace

void AddTrimCommand(CLI::App* program, int* exit_status) {
  auto arguments = std::make_shared<TrimArguments>();
  CLI::App* command =
      program->add_subcommand("trim", "A smaller vocabulary that encodes the kept text as before");
  AddTokenizerArgument(command, &arguments->tokenizer);
  command->add_option("--keep", arguments->keep, "Text whose tokens stay")
      ->allow_extra_args(false)
      ->type_name("[NAME=]PATH");
  command->add_option("--documents", arguments->documents, "What one document is")
      ->check(CLI::IsMember({"line", "paragraph", "file"}))
      ->capture_default_str();
  command->add_option("--keep-id", arguments->options.ids, "Ids that stay, used or not, e.g. 5,6")
      ->allow_extra_args(false)
      ->check(CheckWholeNumber)
      ->type_name("ID");
  AddOutputArguments(command, &arguments->output);
  AddRunArguments(command, &arguments->run);
  command->callback([arguments, exit_status] {
    RequireOutput(arguments->output);
    if (arguments->keep.empty() && arguments->options.ids.empty()) {
      WrongUsage("nothing to keep; give a text with --keep, or ids with --keep-id");
    }
    const StatusOr<int> status = RunTrim(*arguments);
    *exit_status = status.ok() ? *status : Finish(status.status());
  });
}

}  // namespace tokgraft
