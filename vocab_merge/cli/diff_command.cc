// tokgraft diff: whether two tokenizers are the same function; --hash: their content hashes.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tokenizer/base/report_text.h"
#include "tokenizer/cli/console.h"
#include "tokenizer/cli/shared_options.h"
#include "tokenizer/cli/tokenizer_argument.h"
#include "tokenizer/load.h"
#include "vocab_merge/cli/commands.h"
#include "vocab_merge/diff.h"

namespace tokgraft {
namespace {

struct DiffArguments {
  std::vector<std::string> tokenizers;
  std::vector<std::string> corpora;
  std::string first_pattern;
  std::string second_pattern;
  DiffOptions options;
  bool hash = false;
  RunArguments run;
  bool strict = false;
};

StatusOr<int> RunHash(const DiffArguments& arguments) {
  std::string out;
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < arguments.tokenizers.size(); ++i) {
    const std::string& pattern = i == 1 ? arguments.second_pattern : arguments.first_pattern;
    TOKGRAFT_ASSIGN_OR_RETURN(const TokenizerSpec spec,
                              Load(arguments.tokenizers[i], {.pattern = i < 2 ? pattern : ""}));
    const std::string hash = ContentHash(spec);
    out += Cat(hash, "  ", arguments.tokenizers[i], "\n");
    json.push_back({{"tokenizer", arguments.tokenizers[i]}, {"hash", hash}});
  }
  return Print(arguments.run.json ? json.dump() + "\n" : out);
}

StatusOr<int> RunDiff(DiffArguments arguments) {
  if (arguments.hash) return RunHash(arguments);
  if (arguments.tokenizers.size() != 2) {
    WrongUsage(Cat(Counted(arguments.tokenizers.size(), "tokenizer was", "tokenizers were"),
                   " given, 2 were expected"));
  }
  TOKGRAFT_ASSIGN_OR_RETURN(arguments.options.corpora, ParseCorpora(arguments.corpora));
  arguments.options.threads = arguments.run.threads;
  ProgressBar progress(arguments.run.progress);
  progress.Update("load", 0);
  TOKGRAFT_ASSIGN_OR_RETURN(const TokenizerSpec a,
                            LoadAndWarn({arguments.tokenizers[0], arguments.first_pattern}));
  TOKGRAFT_ASSIGN_OR_RETURN(const TokenizerSpec b,
                            LoadAndWarn({arguments.tokenizers[1], arguments.second_pattern}));
  progress.Update("compare", 0.3);
  TOKGRAFT_ASSIGN_OR_RETURN(const DiffReport report, Diff(a, b, arguments.options));
  progress.Update("compare", 1);
  const int printed = Print(arguments.run.json ? report.ToJson() : report.DebugString());
  if (printed != kExitOk || !arguments.strict || report.verdict == Verdict::kSame) return printed;
  return static_cast<int>(kExitFindings);
}

}  // namespace

void AddDiffCommand(CLI::App* program, int* exit_status) {
  auto arguments = std::make_shared<DiffArguments>();
  CLI::App* command =
      program->add_subcommand("diff", "Whether two tokenizers are the same function");
  command->add_option("tokenizers", arguments->tokenizers, "Two tokenizers; with --hash any number")
      ->required()
      ->type_name("TOKENIZER");
  command->add_flag("--hash", arguments->hash,
                    "Only the content hash of each: equal where they are the same function, "
                    "however the files are written");
  command->add_option("--corpus", arguments->corpora, "Text to seek a difference in")
      ->allow_extra_args(false)
      ->type_name("[NAME=]PATH");
  command->add_option("--first-pattern", arguments->first_pattern, "For bare tiktoken ranks")
      ->type_name("NAME|REGEX");
  command->add_option("--second-pattern", arguments->second_pattern, "For bare tiktoken ranks")
      ->type_name("NAME|REGEX");
  command->add_flag("--strict", arguments->strict, "Exit with 3 unless they are proved the same");
  AddRunArguments(command, &arguments->run);
  command->callback([arguments, exit_status] {
    const StatusOr<int> status = RunDiff(*arguments);
    *exit_status = status.ok() ? *status : Finish(status.status());
  });
}

}  // namespace tokgraft
