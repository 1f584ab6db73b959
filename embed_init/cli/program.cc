#include "embed_init/cli/program.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "embed_init/cli/commands.h"
#include "tokenizer/cli/commands.h"
#include "tokenizer/cli/console.h"
#include "vocab_merge/cli/commands.h"

namespace tokgraft {

namespace {

// Commands whose work belongs to Python. The package's own `tokgraft` runs those that it has before
// it comes here.
struct PythonCommand {
  const char* name;
  const char* description;  // "": the package does not have it yet, so the help does not list it
};
constexpr PythonCommand kPythonCommands[] = {
    {"report", "One self-contained HTML page about an output (in the Python package)"},
    {"probe", ""},
    {"train", ""}};

std::string WhereItIs(const PythonCommand& command) {
  if (*command.description == '\0') {
    return Cat(command.name, ": tokgraft ", TOKGRAFT_VERSION, " has no such command, neither in ",
               "this program nor in the Python package, where it will live");
  }
  return Cat(command.name, ": is a command of the Python package, not of this program; run ",
             "\"pip install .\" in the source tree, then the package's own tokgraft ",
             command.name);
}

void AddPythonCommands(CLI::App* program, int* exit_status) {
  for (const PythonCommand& command : kPythonCommands) {
    CLI::App* added = program->add_subcommand(command.name, command.description)->prefix_command();
    added->set_help_flag("");
    if (*command.description == '\0') added->group("");
    added->callback([&command, exit_status] {
      Finish(InvalidArgumentError(WhereItIs(command)));
      *exit_status = kExitUsage;
    });
  }
}

}  // namespace

int RunProgram(const std::vector<std::string>& arguments) {
  CLI::App app{"Changes the vocabulary of a language model without breaking the model", "tokgraft"};
  app.set_version_flag("--version", "tokgraft " TOKGRAFT_VERSION);
  app.require_subcommand(1);
  int exit_status = kExitOk;
  AddEncodeCommand(&app, &exit_status);
  AddDecodeCommand(&app, &exit_status);
  AddMeasureCommand(&app, &exit_status);
  AddCompareCommand(&app, &exit_status);
  AddMergeCommand(&app, &exit_status);
  AddTrimCommand(&app, &exit_status);
  AddGraftCommand(&app, RecordedCommand(arguments), &exit_status);
  AddInitCommand(&app, RecordedCommand(arguments), &exit_status);
  AddVerifyCommand(&app, &exit_status);
  AddPythonCommands(&app, &exit_status);
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
