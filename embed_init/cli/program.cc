#include "embed_init/cli/program.h"

#include <CLI/CLI.hpp>
#include <algorithm>

namespace tokgraft {

int RunProgram(const std::vector<std::string>& arguments) {
  CLI::App app{"Changes the vocabulary of a language model without breaking the model", "tokgraft"};
  app.set_version_flag("--version", "tokgraft 0.1.0");
  app.require_subcommand(1);
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return 0;
}

}  // namespace tokgraft
