// tokgraft convert: one tokenizer into another format, with the same ids or a reason why not.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "tokenizer/cli/commands.h"
#include "tokenizer/cli/console.h"
#include "tokenizer/cli/shared_options.h"
#include "tokenizer/cli/tokenizer_argument.h"
#include "tokenizer/convert.h"
#include "tokenizer/corpus.h"
#include "tokenizer/load.h"
#include "tokenizer/save.h"

namespace tokgraft {
namespace {

struct ConvertArguments {
  TokenizerArgument tokenizer;
  std::string to;
  std::string out;
  CorpusArguments corpus;
  bool lossy = false;
  bool force = false;
  bool json = false;
  std::string progress = "auto";
};

StatusOr<std::string> RunConvert(const ConvertArguments& arguments) {
  const Format target =
      FormatNamed(arguments.to).value();  // one of FormatNames(), as it is checked
  std::error_code error;
  const bool directory = std::filesystem::is_directory(arguments.out, error);
  if (!directory && std::filesystem::exists(arguments.out, error) && !arguments.force) {
    return FailedPreconditionError(
        Cat(arguments.out, ": exists already; choose another name or use --force"));
  }
  ProgressBar progress(arguments.progress);
  progress.Update("load", 0);
  TOKGRAFT_ASSIGN_OR_RETURN(const TokenizerSpec spec, LoadAndWarn(arguments.tokenizer));
  TOKGRAFT_ASSIGN_OR_RETURN(const auto corpora, ParseCorpora(arguments.corpus.corpora));
  TOKGRAFT_ASSIGN_OR_RETURN(const Documents documents, ParseDocuments(arguments.corpus.documents));
  TOKGRAFT_ASSIGN_OR_RETURN(const DocumentList texts, ReadDocuments(corpora, documents));
  progress.Update("convert and compare", 0.1);
  TOKGRAFT_ASSIGN_OR_RETURN(
      Conversion made, Convert(spec, target, {.lossy = arguments.lossy, .texts = texts.documents}));
  progress.Update("write and read back", 0.8);
  TOKGRAFT_ASSIGN_OR_RETURN(
      const SaveReport saved,
      Save(made.spec, arguments.out, {.format = target, .force = arguments.force}));
  progress.Update("write and read back", 1);
  made.notes.insert(made.notes.end(), saved.notes.begin(), saved.notes.end());
  if (arguments.json) return made.ToJson();
  std::string out = made.DebugString();
  for (const std::string& path : saved.paths) out += Cat("written    ", path, "\n");
  return out;
}

}  // namespace

void AddConvertCommand(CLI::App* program, int* exit_status) {
  auto arguments = std::make_shared<ConvertArguments>();
  CLI::App* command =
      program->add_subcommand("convert", "One tokenizer in another format, with the same ids");
  AddTokenizerArgument(command, &arguments->tokenizer);
  command->add_option("--to", arguments->to, "The format to write")
      ->required()
      ->check(CLI::IsMember(FormatNames()));
  command
      ->add_option("-o,--out", arguments->out,
                   "The file to write, or a directory that is there: then companions too")
      ->required()
      ->type_name("PATH");
  command->add_flag("--lossy", arguments->lossy,
                    "Write it although ids differ, and measure on how much text");
  AddCorpusArguments(command, &arguments->corpus, "compare and measure on as well");
  command->add_flag("--force", arguments->force, "Replace files that are there");
  command->add_flag("--json", arguments->json, "The report as JSON");
  AddProgressArgument(command, &arguments->progress);
  command->callback([arguments, exit_status] {
    const StatusOr<std::string> out = RunConvert(*arguments);
    *exit_status = out.ok() ? Print(*out) : Finish(out.status());
  });
}

}  // namespace tokgraft
