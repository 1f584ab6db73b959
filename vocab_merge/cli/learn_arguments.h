// A donor learnt from text instead of one that exists: --donor-corpus and --donor-size.
#ifndef TOKGRAFT_VOCAB_MERGE_CLI_LEARN_ARGUMENTS_H_
#define TOKGRAFT_VOCAB_MERGE_CLI_LEARN_ARGUMENTS_H_

#include <cstdint>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace tokgraft {

struct LearnArguments {
  std::vector<std::string> corpora;  // [NAME=]PATH
  std::uint64_t size = 0;

  bool given() const { return !corpora.empty(); }
};

// Adds the two options after all others: they exclude `donor` and every option of the command that
// chooses among a donor's pieces or changes the base's rules.
void AddLearnArguments(CLI::App* command, CLI::Option* donor, LearnArguments* arguments);

// Usage error where there is no donor of either kind. `name`: how the command calls a donor.
void RequireDonor(bool donor, const LearnArguments& arguments, const std::string& name);

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_CLI_LEARN_ARGUMENTS_H_
