// The TOKENIZER argument and --pattern, which several commands share.
#ifndef TOKGRAFT_TOKENIZER_CLI_TOKENIZER_ARGUMENT_H_
#define TOKGRAFT_TOKENIZER_CLI_TOKENIZER_ARGUMENT_H_

#include <string>

#include "tokenizer/spec.h"
#include "tokenizer/status.h"
#include "tokenizer/tokenizer.h"

namespace CLI {
class App;
}

namespace tokgraft {

struct TokenizerArgument {
  std::string path;
  std::string pattern;
};

void AddTokenizerArgument(CLI::App* command, TokenizerArgument* argument);
// With a warning on stderr of what the file says that has no effect here.
StatusOr<TokenizerSpec> LoadAndWarn(const TokenizerArgument& argument);
StatusOr<Tokenizer> LoadAndCompile(const TokenizerArgument& argument);

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_CLI_TOKENIZER_ARGUMENT_H_
