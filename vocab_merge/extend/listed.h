// Selection by a list: the donor's pieces with these bytes, in the order of the list.
#ifndef TOKGRAFT_VOCAB_MERGE_EXTEND_LISTED_H_
#define TOKGRAFT_VOCAB_MERGE_EXTEND_LISTED_H_

#include <vector>

#include "tokenizer/spec.h"
#include "tokenizer/status.h"
#include "vocab_merge/alignment.h"
#include "vocab_merge/piece_list.h"
#include "vocab_merge/select.h"

namespace tokgraft {

// What the base has already is a note. InvalidArgument: the donor lacks a piece, or has it as a
// special token only; by its place.
StatusOr<Selection> SelectListed(const TokenizerSpec& base, const TokenizerSpec& donor,
                                 const Alignment& alignment,
                                 const std::vector<WantedPiece>& pieces);

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_EXTEND_LISTED_H_
