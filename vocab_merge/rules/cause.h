// Why a piece cannot be emitted: the stages of the base are asked one after the other, each through
// a tokenizer that has only this stage left.
#ifndef TOKGRAFT_VOCAB_MERGE_RULES_CAUSE_H_
#define TOKGRAFT_VOCAB_MERGE_RULES_CAUSE_H_

#include <string_view>
#include <vector>

#include "tokenizer/spec.h"
#include "tokenizer/status.h"
#include "vocab_merge/extend/chain.h"
#include "vocab_merge/extend/witness.h"
#include "vocab_merge/rules/rule.h"

namespace tokgraft {

// Fills in `cause` and `becomes`. `wanted` is all that the merge tried to add, shorter first; the
// pieces to explain are among it.
Status ExplainRefused(const TokenizerSpec& base, const ChainBuilder& builder,
                      const std::vector<std::string_view>& wanted, const WitnessOptions& options,
                      std::vector<RefusedPiece>* pieces);

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_RULES_CAUSE_H_
