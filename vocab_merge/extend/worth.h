// What new pieces are worth on a corpus.
//
// Each join that the corpus makes saves tokens, and each new id stands for one join, so the tokens
// saved by a vocabulary are the sum of what its ids save: an id that is only a step on the way to
// another one is credited like the one that is emitted. Parts of a piece are made at least as often
// as the piece, so what is worth most per id always has its parts paid for.
#ifndef TOKGRAFT_VOCAB_MERGE_EXTEND_WORTH_H_
#define TOKGRAFT_VOCAB_MERGE_EXTEND_WORTH_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tokenizer/spec.h"
#include "tokenizer/status.h"
#include "vocab_merge/extend/chain.h"

namespace tokgraft {

struct Worth {
  std::vector<std::uint64_t> saved{};  // [growth.pieces.size()], tokens
  std::uint64_t tokens = 0;            // of the corpus with all of them
  // How often two tokens stand side by side, by the bytes of both together; only those asked for.
  std::unordered_map<std::string_view, std::uint64_t> neighbours{};
};

struct WorthOptions {
  std::span<const std::string_view> corpus{};
  int threads = 0;
  // Bytes to count in Worth::neighbours, borrowed; null: none.
  const std::unordered_map<std::string_view, std::size_t>* wanted = nullptr;
};

// Encodes the corpus by the base with `growth`. Errors: those of Compile.
StatusOr<Worth> MeasureWorth(const TokenizerSpec& base, const Growth& growth,
                             const WorthOptions& options);

struct RankedPiece {
  std::size_t piece = 0;     // index into Growth::pieces
  std::uint64_t saved = 0;   // tokens, by it and by the helper pieces that it was the first to need
  std::uint64_t per_id = 0;  // the share of an id, with all that came in along with it
  std::uint64_t paid = 0;    // ids that it and all before it cost, with everything they need
};

// The pieces where `wanted` [growth.pieces.size()] is set, those that save most per id first, parts
// before wholes. A piece that saves nothing, nor what it needs, is left out.
std::vector<RankedPiece> RankByWorth(const Growth& growth, const std::vector<std::uint64_t>& saved,
                                     const std::vector<bool>& wanted);

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_EXTEND_WORTH_H_
