// In which order does a BPE join its pieces, whatever way its file says so?
//
// A piece of several parts comes about by one join only, its live join: the last one when the piece
// is encoded alone. (Wherever in a text two neighbours L and R stand, the joins inside their bytes
// went as if nothing stood around them; so if L R is a state of some text, it is a state of the
// piece alone, and a piece has one last state.) Hence two BPEs over the same first symbols give the
// same ids on every text if they have the same live joins in the same order. Where a piece gets
// stuck in two parts, a runtime that joins any two neighbours whose concatenation is a piece joins
// them, and one with a merge list does not.
#ifndef TOKGRAFT_TOKENIZER_CONVERT_MERGE_ORDER_H_
#define TOKGRAFT_TOKENIZER_CONVERT_MERGE_ORDER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tokenizer/spec.h"
#include "tokenizer/status.h"

namespace tokgraft {

// A join is a symbol's id for each part; the turn orders joins, equal turns go leftmost first.
struct LiveJoin {
  Merge merge;
  std::uint64_t turn = 0;
};

struct MergeOrder {
  std::vector<LiveJoin> live;     // by turn, then by product
  std::vector<TokenId> stuck;     // end in two parts: any-neighbour runtimes would join them
  std::vector<TokenId> dead;      // end in more: no runtime makes them of parts
  bool has_ties = false;          // two live joins share a turn, and their order may matter
  bool lacks_characters = false;  // a piece has a character that is no piece
};

// Unimplemented: affixes, or pieces that are never emitted. `spec` must hold a BPE.
StatusOr<MergeOrder> FindMergeOrder(const TokenizerSpec& spec);

// Texts in which two live joins want the same symbol, and `first` does not hold where the source
// joins the one on the left first, or holds where it joins the other: a runtime that orders joins
// by `first` may give other ids. Not more than `limit`.
std::vector<std::string> SuspectTexts(const TokenizerSpec& spec, const MergeOrder& order,
                                      const std::function<bool(TokenId, TokenId)>& first,
                                      std::size_t limit);

// All joins of any two pieces whose concatenation is a piece, products in the order given: what a
// runtime with scores or ranks does, as a merge list.
std::vector<Merge> AllJoins(const TokenizerSpec& spec, const std::vector<TokenId>& products);

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_CONVERT_MERGE_ORDER_H_
