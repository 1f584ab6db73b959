// Growing a vocabulary to a fixed point: build chains, compile, ask for a witness of every new
// piece, take out what has none and build again, until everything that was added can be emitted.
#ifndef TOKGRAFT_VOCAB_MERGE_EXTEND_GROW_H_
#define TOKGRAFT_VOCAB_MERGE_EXTEND_GROW_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/spec.h"
#include "tokenizer/status.h"
#include "vocab_merge/extend/chain.h"
#include "vocab_merge/extend/witness.h"

namespace tokgraft {

struct Grown {
  Growth growth;
  std::vector<std::string> witnesses;  // [growth.pieces.size()]
  std::vector<std::size_t> refused;    // indices of wanted pieces, ascending
  int rounds = 0;
};

// `wanted`: bytes that no base piece has, each once; chains are built in this order, and a piece
// whose chain would need more than `limit` new pieces in all is left out, which is no refusal.
// Errors: those of Compile.
StatusOr<Grown> Grow(const TokenizerSpec& base, const ChainBuilder& builder,
                     const std::vector<std::string_view>& wanted, const WitnessOptions& options,
                     std::uint64_t limit = kNoLimit);

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_EXTEND_GROW_H_
