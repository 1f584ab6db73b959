// tokgraft verify: does a directory hold what its manifest claims? Exit status 1 where it does not.
#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "embed_init/cli/commands.h"
#include "embed_init/manifest.h"
#include "tokenizer/cli/console.h"

namespace tokgraft {
namespace {

struct Arguments {
  std::string directory;
  std::string model_dir;
  int threads = 0;
  bool json = false;
  std::string progress = "auto";
};

StatusOr<VerifyReport> RunVerify(const Arguments& arguments) {
  ProgressBar progress(arguments.progress);
  VerifyOptions options;
  options.model_dir = arguments.model_dir;
  options.threads = arguments.threads;
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
  command->add_option("--threads", arguments->threads, "0: all cores")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->add_flag("--json", arguments->json, "The report as JSON");
  command->add_option("--progress", arguments->progress, "On stderr")
      ->check(CLI::IsMember({"auto", "json", "none"}))
      ->capture_default_str();
  command->callback([arguments, exit_status] {
    const StatusOr<VerifyReport> report = RunVerify(*arguments);
    if (!report.ok()) {
      *exit_status = Finish(report.status());
      return;
    }
    const int printed = Print(arguments->json ? report->ToJson() : report->DebugString());
    *exit_status = report->ok() ? printed : kExitFailed;
  });
}

}  // namespace tokgraft
