// A spec without some of its ids, the others numbered anew without holes.
#ifndef TOKGRAFT_VOCAB_MERGE_TRIM_RENUMBER_H_
#define TOKGRAFT_VOCAB_MERGE_TRIM_RENUMBER_H_

#include <optional>
#include <vector>

#include "tokenizer/spec.h"
#include "tokenizer/status.h"
#include "tokenizer/token.h"

namespace tokgraft {

// new_ids[old id], ascending with it; nullopt: removed. Pieces, merges whose three parts are left,
// added tokens, templates, roles and the padding section follow. InvalidArgument: a template or the
// model names an id that is removed, or none.
StatusOr<TokenizerSpec> Renumber(const TokenizerSpec& spec,
                                 const std::vector<std::optional<TokenId>>& new_ids);

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_TRIM_RENUMBER_H_
