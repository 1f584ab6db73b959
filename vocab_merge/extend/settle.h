// Which new pieces can stay beside each other in a base that finds them whole: those that some text
// shows, and that neither cut protected text anew nor make any of it unknown (they can leave a rest
// that nothing fits).
//
// All are put in at once, in the donor's order; what no text shows goes (it is dead), and so does
// what does harm there; what had no room comes up; until nothing changes. Then what went is offered
// again, below the rest: its rivals may have gone too. What this leaves out would be left out of a
// second merge as well.
#ifndef TOKGRAFT_VOCAB_MERGE_EXTEND_SETTLE_H_
#define TOKGRAFT_VOCAB_MERGE_EXTEND_SETTLE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/spec.h"
#include "tokenizer/status.h"
#include "vocab_merge/extend/chain.h"
#include "vocab_merge/extend/whole.h"
#include "vocab_merge/extend/witness.h"
#include "vocab_merge/rules/cause.h"

namespace tokgraft {

struct SettleOptions {
  std::span<const std::string_view> protect{};  // documents; borrowed
  std::uint64_t limit = kNoLimit;               // new pieces at most
  WitnessOptions witness{};                     // `lefts` are the words of the vocabulary
};

struct Settled {
  // Indices of pieces, in the order of their new ids: the donor's, but for those that hold only
  // below the others, which come last.
  std::vector<std::size_t> kept{};
  std::vector<std::string> witnesses{};  // [kept.size()]
  struct Dead {
    std::size_t piece = 0;
    Cause cause = Cause::kNoPath;
    std::string becomes{};
  };
  std::vector<Dead> dead{};  // by piece
  struct Cutter {
    std::size_t piece = 0;
    std::string witness{};  // a text that it cuts anew
  };
  std::vector<Cutter> cutters{};  // by piece
};

// `pieces`: in the donor's order; `best_first`: indices of those that are wanted. Errors: those of
// Compile.
StatusOr<Settled> Settle(const TokenizerSpec& base, std::span<const WholePiece> pieces,
                         const std::vector<std::size_t>& best_first, const SettleOptions& options);

// Of `pieces`, all put into the base at once, those that no text shows, and why.
StatusOr<std::vector<Settled::Dead>> FindDead(const TokenizerSpec& base,
                                              std::span<const WholePiece> pieces,
                                              const WitnessOptions& options);

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_EXTEND_SETTLE_H_
