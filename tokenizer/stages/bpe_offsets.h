// Where Hugging Face's BPE puts its tokens in a word of which it dropped a part.
//
// Without an unknown token it drops what it does not know, and then counts offsets along the tokens
// that are left, in bytes of the text as the model sees it: in the byte alphabet all bytes but the
// visible ASCII characters are two.
#ifndef TOKGRAFT_TOKENIZER_STAGES_BPE_OFFSETS_H_
#define TOKGRAFT_TOKENIZER_STAGES_BPE_OFFSETS_H_

#include <string_view>
#include <vector>

#include "tokenizer/models/token_range.h"
#include "tokenizer/spec.h"

namespace tokgraft {

// Moves the ranges of `word` to where the reference says they are; no other model or reference has
// its ranges changed.
void LayEndToEnd(std::string_view word, bool byte_domain, const TokenizerSpec& spec,
                 std::vector<TokenRange>* ranges);

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_STAGES_BPE_OFFSETS_H_
