// The strategies beside `extend`, one file each. All of them end in the same values: a spec, where
// each id went, what stood in the way, and what old text notices of it.
//
//   swap           the donor whole; rows of pieces that both have follow their bytes
//   union          the base with all that the donor has, its special tokens included
//   intersect      what both have, numbered anew
//   replace-slots  as many ids as before: the least useful old pieces give way to new ones
//
// Around them and `extend`: other rules than the base's, and another format than its own.
#ifndef TOKGRAFT_VOCAB_MERGE_STRATEGIES_STRATEGY_H_
#define TOKGRAFT_VOCAB_MERGE_STRATEGIES_STRATEGY_H_

#include <string_view>

#include "tokenizer/spec.h"
#include "tokenizer/status.h"
#include "vocab_merge/merge.h"

namespace tokgraft {

// Errors of all: those of Compile; InvalidArgument: a broken base, options that the strategy has no
// use for, or lacks.
StatusOr<MergeResult> Swap(const TokenizerSpec& base, const TokenizerSpec& donor,
                           const MergeOptions& options);
StatusOr<MergeResult> Unite(const TokenizerSpec& base, const TokenizerSpec& donor,
                            const MergeOptions& options);
StatusOr<MergeResult> Intersect(const TokenizerSpec& base, const TokenizerSpec& donor,
                                const MergeOptions& options);
StatusOr<MergeResult> ReplaceSlots(const TokenizerSpec& base, const TokenizerSpec& donor,
                                   const MergeOptions& options);

// What MergeTokenizers does first where options.policies, or options.format, ask for it.
StatusOr<MergeResult> MergeWithPolicies(const TokenizerSpec& base, const TokenizerSpec& donor,
                                        const MergeOptions& options);
StatusOr<MergeResult> MergeForFormat(const TokenizerSpec& base, const TokenizerSpec& donor,
                                     const MergeOptions& options);

// InvalidArgument where a selection (budget, scripts) was asked for: `strategy` takes what it
// takes.
Status CheckNoSelection(std::string_view strategy, const MergeOptions& options);

// The conflicts of a result that went on from an extension: those of the final map. What the
// extension found of the donor's pieces (B) stays.
Status CheckAgain(const TokenizerSpec& base, const TokenizerSpec& donor, MergeResult* result);

// The certificate of a finished merge, on the text to protect.
Status CertifyResult(const TokenizerSpec& base, const MergeOptions& options, MergeResult* result);

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_STRATEGIES_STRATEGY_H_
