// How many pieces, and which, for the commands that take some from a donor.
#ifndef TOKGRAFT_VOCAB_MERGE_CLI_BUDGET_ARGUMENTS_H_
#define TOKGRAFT_VOCAB_MERGE_CLI_BUDGET_ARGUMENTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tokenizer/cli/shared_options.h"
#include "tokenizer/status.h"
#include "vocab_merge/piece_list.h"

namespace CLI {
class App;
}

namespace tokgraft {

struct BudgetArguments {
  std::string budget;  // "": none
  double memory_weight = 1;
  std::string pieces;  // a file
  bool curve = false;

  bool is_auto() const { return budget == "auto"; }
  std::optional<std::uint64_t> number() const;  // nullopt: none, or auto
};
// --budget, --memory-weight, --pieces and --curve.
void AddBudgetArguments(CLI::App* command, BudgetArguments* arguments);

// Usage error where auto or the curve lacks a corpus.
void RequireCorpora(const BudgetArguments& arguments, const CorpusArguments& corpora);

// Those of --pieces; none where it was not given.
StatusOr<std::vector<WantedPiece>> ReadPieces(const BudgetArguments& arguments);

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_CLI_BUDGET_ARGUMENTS_H_
