// How a tokenizer would spell its own tokens if they were not there: labelled examples of pieces
// and the row that the model learnt for their sum.
#ifndef TOKGRAFT_EMBED_INIT_METHODS_OWN_SPLITS_H_
#define TOKGRAFT_EMBED_INIT_METHODS_OWN_SPLITS_H_

#include <cstdint>
#include <vector>

#include "embed_init/init_plan.h"
#include "tokenizer/tokenizer.h"

namespace tokgraft {

struct OwnSplit {
  TokenId id = 0;
  OldPieces pieces = {};   // two or more, none of them the token
  std::uint64_t rank = 0;  // among the examples, by what stands for frequency: BPE's order of
                           // merges, a Unigram's scores, else ids
  friend bool operator==(const OwnSplit&, const OwnSplit&) = default;
};

// Of every normal piece that can be spelled without itself, by id. BPE: the merges in their order,
// those that make the token left out; Unigram: the best path without it; WordPiece: the longest
// pieces first, without it.
std::vector<OwnSplit> SplitOwnTokens(const Tokenizer& tokenizer);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_METHODS_OWN_SPLITS_H_
