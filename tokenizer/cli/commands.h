// The commands of this room: encode, decode, measure, compare, convert. Each Add... gives the
// program one command, which puts its exit status into *exit_status when it runs.
#ifndef TOKGRAFT_TOKENIZER_CLI_COMMANDS_H_
#define TOKGRAFT_TOKENIZER_CLI_COMMANDS_H_

namespace CLI {
class App;
}

namespace tokgraft {

void AddEncodeCommand(CLI::App* program, int* exit_status);
void AddDecodeCommand(CLI::App* program, int* exit_status);
void AddMeasureCommand(CLI::App* program, int* exit_status);
void AddConvertCommand(CLI::App* program, int* exit_status);
void AddCompareCommand(CLI::App* program, int* exit_status);

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_CLI_COMMANDS_H_
