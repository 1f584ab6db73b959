// A text that two tokenizers encode, or whose ids they decode, differently.
#ifndef TOKGRAFT_VOCAB_MERGE_SAME_COUNTER_EXAMPLE_H_
#define TOKGRAFT_VOCAB_MERGE_SAME_COUNTER_EXAMPLE_H_

#include "tokenizer/status.h"
#include "tokenizer/tokenizer.h"
#include "vocab_merge/diff.h"

namespace tokgraft {

// Fills in counter_example, cut_example and what was checked. The texts: those that show a
// difference most often first, the corpora last.
Status SeekDifference(const Tokenizer& a, const Tokenizer& b, const DiffOptions& options,
                      DiffReport* report);

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_SAME_COUNTER_EXAMPLE_H_
