// Select, PlanMerge and Apply of `extend` on bases that find their pieces whole (whole.h).
#ifndef TOKGRAFT_VOCAB_MERGE_EXTEND_WHOLE_PLAN_H_
#define TOKGRAFT_VOCAB_MERGE_EXTEND_WHOLE_PLAN_H_

#include "tokenizer/spec.h"
#include "tokenizer/status.h"
#include "vocab_merge/alignment.h"
#include "vocab_merge/merge.h"
#include "vocab_merge/select.h"

namespace tokgraft {

// Ranks the pieces of `selection` on the corpus.
Status SelectWhole(const TokenizerSpec& base, const TokenizerSpec& donor,
                   const SelectOptions& options, Selection* selection);

StatusOr<MergePlan> PlanWhole(const TokenizerSpec& base, const TokenizerSpec& donor,
                              const Alignment& alignment, const Selection& selection,
                              const MergeOptions& options);

StatusOr<TokenizerSpec> ApplyWhole(const TokenizerSpec& base, const IdMap& id_map);

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_EXTEND_WHOLE_PLAN_H_
