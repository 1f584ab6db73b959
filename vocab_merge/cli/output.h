// Where the commands of this room write: one directory with a tokenizer, its companions and the
// reports of what was done, which appears whole or not at all.
#ifndef TOKGRAFT_VOCAB_MERGE_CLI_OUTPUT_H_
#define TOKGRAFT_VOCAB_MERGE_CLI_OUTPUT_H_

#include <map>
#include <string>
#include <vector>

#include "tokenizer/spec.h"
#include "tokenizer/status.h"

namespace CLI {
class App;
}

namespace tokgraft {

struct OutputArguments {
  std::string out;
  std::string format;  // --for; "": the base's
  bool dry_run = false;
  bool force = false;
};
// -o, --for, --dry-run and --force.
void AddOutputArguments(CLI::App* command, OutputArguments* arguments);

// Usage error where there is neither a directory to write nor --dry-run.
void RequireOutput(const OutputArguments& arguments);

// The format to write. Before any work: that there is a place to write to, and that the format can
// hold `base`, without which it could not hold what becomes of it. What these commands write may
// replace what they wrote, but never a whole model, nor one of the `inputs`.
StatusOr<Format> CheckOutput(const OutputArguments& arguments, const TokenizerSpec& base,
                             const std::vector<std::string>& inputs);

// `reports`: name -> JSON, beside the tokenizer.
Status WriteOutput(const OutputArguments& arguments, const TokenizerSpec& tokenizer, Format format,
                   const std::map<std::string, std::string>& reports);

// "written to DIR", or that nothing was: the last line for people.
std::string OutputLine(const OutputArguments& arguments);

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_CLI_OUTPUT_H_
