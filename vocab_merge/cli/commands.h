// The commands of this room: merge, trim, lint, diff. Each Add... gives the program one command,
// which puts its exit status into *exit_status when it runs.
#ifndef TOKGRAFT_VOCAB_MERGE_CLI_COMMANDS_H_
#define TOKGRAFT_VOCAB_MERGE_CLI_COMMANDS_H_

namespace CLI {
class App;
}

namespace tokgraft {

void AddMergeCommand(CLI::App* program, int* exit_status);
void AddTrimCommand(CLI::App* program, int* exit_status);
void AddLintCommand(CLI::App* program, int* exit_status);
void AddDiffCommand(CLI::App* program, int* exit_status);

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_CLI_COMMANDS_H_
