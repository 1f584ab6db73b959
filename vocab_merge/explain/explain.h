// Explain: why a merge is built the way it is, in figures for this very pair. Each plain recipe
// (recipe.h) puts the same donor pieces into the same base; the exact encoder tells what old text
// would notice, and which pieces no text could produce.
//
//   TOKGRAFT_ASSIGN_OR_RETURN(MergeResult merged, MergeTokenizers(base, donor, options));
//   TOKGRAFT_ASSIGN_OR_RETURN(Explanation why, ExplainMerge(base, donor, merged, options));
//   std::cout << why.DebugString();
#ifndef TOKGRAFT_VOCAB_MERGE_EXPLAIN_EXPLAIN_H_
#define TOKGRAFT_VOCAB_MERGE_EXPLAIN_EXPLAIN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "tokenizer/spec.h"
#include "tokenizer/status.h"
#include "vocab_merge/merge.h"

namespace tokgraft {

struct ExplainedWay {
  std::string name{};  // "tokgraft merge", or a recipe's name
  // False: the flag ignore_merges taken out of both, as readers that do not know it see the file.
  bool looks_up_words = true;
  std::uint64_t added = 0;  // new ids
  std::uint64_t dead = 0;   // of these: no text was found whose encoding contains them
  std::string refused{};    // why the result cannot be encoded with; then nothing else is said
  // Of the old text.
  std::uint64_t tokens = 0;
  std::uint64_t changed_tokens = 0;  // tokens of the base that are not there any more
  std::uint64_t new_cuts = 0;        // boundaries that the base did not have
  friend bool operator==(const ExplainedWay&, const ExplainedWay&) = default;
};

struct Explanation {
  std::uint64_t checked_bytes = 0;  // of old text; 0: none was given
  std::uint64_t base_tokens = 0;
  std::uint64_t shared_pairs = 0;    // that stand in both merge lists
  std::vector<ExplainedWay> ways{};  // the merge itself first

  std::string ToJson() const;
  std::string DebugString() const;  // a table, with a line for what it cannot say
  friend bool operator==(const Explanation&, const Explanation&) = default;
};

// `merged` came of `extend` with these options. The recipes take all that the base lacks or, where
// the options chose pieces, those that were chosen. The old text is options.protect, else corpus.
// InvalidArgument: another strategy. Errors of Compile.
StatusOr<Explanation> ExplainMerge(const TokenizerSpec& base, const TokenizerSpec& donor,
                                   const MergeResult& merged, const MergeOptions& options);

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_EXPLAIN_EXPLAIN_H_
