#include "embed_init/cli/program.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "embed_init/cli/commands.h"
#include "tokenizer/cli/commands.h"
#include "tokenizer/cli/console.h"
#include "vocab_merge/cli/commands.h"

namespace tokgraft {

int RunProgram(const std::vector<std::string>& arguments) {
  CLI::App app{"Changes the vocabulary of a language model without breaking the model", "tokgraft"};
  app.set_version_flag("--version", "tokgraft 0.1.0");
  app.require_subcommand(1);
  int exit_status = kExitOk;
  AddEncodeCommand(&app, &exit_status);
  AddDecodeCommand(&app, &exit_status);
  AddMeasureCommand(&app, &exit_status);
  AddCompareCommand(&app, &exit_status);
  AddMergeCommand(&app, &exit_status);
  AddGraftCommand(&app, RecordedCommand(arguments), &exit_status);
  AddInitCommand(&app, RecordedCommand(arguments), &exit_status);
  AddVerifyCommand(&app, &exit_status);
  try {
    // CLI11 takes the arguments last first.
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitOk : kExitUsage;
  }
  return exit_status;
}

}  // namespace tokgraft
