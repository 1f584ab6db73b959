// The commands of this room: init, verify, graft, adapter. Each Add... gives the program one
// command, which puts its exit status into *exit_status when it runs.
#ifndef TOKGRAFT_EMBED_INIT_CLI_COMMANDS_H_
#define TOKGRAFT_EMBED_INIT_CLI_COMMANDS_H_

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace tokgraft {

// `command_line` is what the manifest records, see RecordedCommand.
void AddInitCommand(CLI::App* program, const std::string& command_line, int* exit_status);
void AddGraftCommand(CLI::App* program, const std::string& command_line, int* exit_status);
void AddAdapterCommand(CLI::App* program, int* exit_status);
void AddVerifyCommand(CLI::App* program, int* exit_status);

// The arguments as one line for a shell, without those that do not change the result (where to
// write, threads, progress, the form of the report).
std::string RecordedCommand(const std::vector<std::string>& arguments);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_CLI_COMMANDS_H_
