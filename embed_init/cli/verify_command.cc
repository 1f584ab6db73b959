// tokgraft verify: does a directory hold what its manifest claims? Exit status 1 where it does not.
#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "embed_init/cli/commands.h"
#include "embed_init/manifest.h"
#include "tokenizer/cli/console.h"
#include "tokenizer/cli/shared_options.h"

namespace tokgraft {
namespace {

struct Arguments {
  std::string directory;
  std::string model_dir;
  bool strict = false;
  RunArguments run;
};

StatusOr<VerifyReport> RunVerify(const Arguments& arguments) {
  ProgressBar progress(arguments.run.progress);
  VerifyOptions options;
  options.model_dir = arguments.model_dir;
  options.threads = arguments.run.threads;
  options.progress = [&](std::string_view stage, double fraction) {
    progress.Update(stage, fraction);
  };
  return Verify(arguments.directory, options);
}

}  // namespace

void AddVerifyCommand(CLI::App* program, int* exit_status) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command =
      program->add_subcommand("verify", "Recompute all that the manifest of a directory claims");
  command->add_option("directory", arguments->directory, "A directory that tokgraft wrote")
      ->required()
      ->type_name("OUT");
  command->add_option("--model", arguments->model_dir, "The source model, where it moved")
      ->type_name("MODEL_DIR");
  command->add_flag("--strict", arguments->strict,
                    "Exit with 3 where the source model was not there to compare with");
  AddRunArguments(command, &arguments->run);
  command->callback([arguments, exit_status] {
    const StatusOr<VerifyReport> report = RunVerify(*arguments);
    if (!report.ok()) {
      *exit_status = Finish(report.status());
      return;
    }
    const int printed = Print(arguments->run.json ? report->ToJson() : report->DebugString());
    *exit_status = !report->ok()                              ? kExitFailed
                   : arguments->strict && !report->complete() ? kExitFindings
                                                              : printed;
  });
}

}  // namespace tokgraft
