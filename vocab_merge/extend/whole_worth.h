// Which new pieces save most on a corpus, in a base that finds its pieces whole.
//
// All compete at once: the corpus is encoded by the base and by the base with the pieces, and in
// each stretch between two boundaries that both have, the new pieces share what the base needed
// more. Those that save least go, and the rest is measured again, until the budget is met. An
// unknown token counts as many as its bytes, as a vocabulary with byte pieces would spend.
#ifndef TOKGRAFT_VOCAB_MERGE_EXTEND_WHOLE_WORTH_H_
#define TOKGRAFT_VOCAB_MERGE_EXTEND_WHOLE_WORTH_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "tokenizer/spec.h"
#include "tokenizer/status.h"
#include "vocab_merge/extend/whole.h"

namespace tokgraft {

struct WholeRanking {
  struct Entry {
    std::size_t piece = 0;
    std::uint64_t saved = 0;  // tokens; of one beyond the budget when it was taken out
  };
  std::vector<Entry> best_first{};  // those that save a token
  std::uint64_t base_tokens = 0;    // of the corpus
};

struct WholeWorthOptions {
  std::span<const std::string_view> corpus{};
  std::optional<std::uint64_t> budget{};
  int threads = 0;
};

// Errors: those of Compile.
StatusOr<WholeRanking> RankWhole(const TokenizerSpec& base, std::span<const WholePiece> pieces,
                                 const WholeWorthOptions& options);

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_EXTEND_WHOLE_WORTH_H_
