// The tokgraft program as a function, so that main and the Python package run the same one.
#ifndef TOKGRAFT_EMBED_INIT_CLI_PROGRAM_H_
#define TOKGRAFT_EMBED_INIT_CLI_PROGRAM_H_

#include <string>
#include <vector>

namespace tokgraft {

// Runs one command; `arguments` without the program's name. Data go to stdout, progress to stderr.
// Returns the exit status: 0 ok, 1 failed, 2 usage, 3 findings under --strict.
int RunProgram(const std::vector<std::string>& arguments);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_CLI_PROGRAM_H_
