// The options that `init` and `graft` share: methods, names of tensors, how to write.
#ifndef TOKGRAFT_EMBED_INIT_CLI_INIT_ARGUMENTS_H_
#define TOKGRAFT_EMBED_INIT_CLI_INIT_ARGUMENTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "embed_init/checkpoint.h"
#include "embed_init/init_plan.h"
#include "tokenizer/cli/shared_options.h"
#include "tokenizer/status.h"

namespace CLI {
class App;
}

namespace tokgraft {

struct InitArguments {
  std::string model_dir;
  std::string out;
  std::string method = "auto";
  std::string input_method;
  std::string output_method;
  std::string tie = "keep";
  std::string input_norm = "none";
  std::string output_norm = "none";
  std::string donor_model;
  std::string vectors;
  std::string vector_text;
  std::vector<std::string> settings;
  std::uint64_t pad_to_multiple = 0;
  std::uint64_t seed = 0;
  CheckpointOptions checkpoint;
  bool dry_run = false;
  bool force = false;
  bool link = false;
  RunArguments run;
};

void AddInitArguments(CLI::App* command, InitArguments* arguments);
StatusOr<InitOptions> ToInitOptions(const InitArguments& arguments);
// Usage error where there is neither a directory to write nor --dry-run.
void RequireOutput(const InitArguments& arguments);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_CLI_INIT_ARGUMENTS_H_
