// tokgraft lint: every defect of one tokenizer; --explain: the page of a code.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "tokenizer/cli/console.h"
#include "tokenizer/cli/shared_options.h"
#include "tokenizer/cli/tokenizer_argument.h"
#include "tokenizer/load.h"
#include "vocab_merge/cli/commands.h"
#include "vocab_merge/lint.h"

namespace tokgraft {
namespace {

struct LintArguments {
  TokenizerArgument tokenizer;
  std::vector<std::string> corpora;
  std::string explain;
  LintOptions options;
  RunArguments run;
  bool strict = false;
  bool sarif = false;
};

// "b3" is B3.
std::string CapitalCode(std::string code) {
  std::transform(code.begin(), code.end(), code.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return code;
}

StatusOr<int> Explain(const std::string& code) {
  if (!code.empty()) {
    TOKGRAFT_ASSIGN_OR_RETURN(const std::string page, ExplainCode(code));
    return Print(page);
  }
  std::string out;
  for (const std::string& known : ExplainedCodes()) {
    TOKGRAFT_ASSIGN_OR_RETURN(const std::string page, ExplainCode(known));
    out += page.substr(2, page.find('\n') - 1);
  }
  return Print(out);
}

StatusOr<int> RunLint(LintArguments arguments) {
  if (arguments.tokenizer.path.empty()) {
    WrongUsage("TOKENIZER: a file or model directory was expected");
  }
  TOKGRAFT_ASSIGN_OR_RETURN(arguments.options.corpora, ParseCorpora(arguments.corpora));
  arguments.options.threads = arguments.run.threads;
  ProgressBar progress(arguments.run.progress);
  progress.Update("load", 0);
  std::error_code error;
  if (arguments.options.model_directory.empty() &&
      std::filesystem::is_directory(arguments.tokenizer.path, error)) {
    arguments.options.model_directory = arguments.tokenizer.path;
  }
  // Without LoadAndWarn's warnings: the findings say the same, and more.
  TOKGRAFT_ASSIGN_OR_RETURN(
      const TokenizerSpec spec,
      Load(arguments.tokenizer.path, {.pattern = arguments.tokenizer.pattern}));
  progress.Update("lint", 0.3);
  TOKGRAFT_ASSIGN_OR_RETURN(const LintReport report, Lint(spec, arguments.options));
  progress.Update("lint", 1);
  const int printed = Print(arguments.sarif      ? report.ToSarif()
                            : arguments.run.json ? report.ToJson()
                                                 : report.DebugString());
  if (printed != kExitOk || !arguments.strict || !report.HasProblems()) return printed;
  return static_cast<int>(kExitFindings);
}

}  // namespace

void AddLintCommand(CLI::App* program, int* exit_status) {
  auto arguments = std::make_shared<LintArguments>();
  CLI::App* command = program->add_subcommand("lint", "Every defect of one tokenizer");
  AddTokenizerArgument(command, &arguments->tokenizer);
  command->get_option("tokenizer")->required(false);
  CLI::Option* explain =
      command->add_option("--explain", arguments->explain,
                          "What a code means and what to do; without a code: the list of them");
  explain->transform(CapitalCode)->expected(0, 1)->type_name("CODE");
  command
      ->add_option("--ignore", arguments->options.ignore, "Codes that are not reported, e.g. A7,B8")
      ->transform(CapitalCode)
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("CODE");
  command->add_option("--corpus", arguments->corpora, "Text that shows which pieces come out (B9)")
      ->allow_extra_args(false)
      ->type_name("[NAME=]PATH");
  command
      ->add_option("--model", arguments->options.model_directory,
                   "Model directory to compare with (D4, D10); default: TOKENIZER, if it is one")
      ->type_name("DIR");
  command->add_flag("--strict", arguments->strict,
                    "Exit with 3 where there are errors or warnings");
  AddRunArguments(command, &arguments->run);
  command->add_flag("--sarif", arguments->sarif, "The report as SARIF 2.1.0, for CI systems")
      ->excludes("--json");
  command->callback([arguments, explain, exit_status] {
    const StatusOr<int> status =
        explain->count() > 0 ? Explain(arguments->explain) : RunLint(*arguments);
    *exit_status = status.ok() ? *status : Finish(status.status());
  });
}

}  // namespace tokgraft
