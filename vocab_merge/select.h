// Select: which of the donor's missing pieces are wanted, best first.
//
// Without a corpus the donor's own order decides: its trainer put frequent pieces first. With one,
// the pieces compete on it. A merged tokenizer with all of them encodes the corpus; each join is
// credited with the tokens that it saves, so that a piece on the way to another one has its share;
// those that save least per id, helper pieces counted, are taken out, and the rest compete again
// until the budget is met. Then pieces that were taken out come back where they save more than one
// that stayed. Every count is made by the exact tokenizer, not by an estimate. With a list of
// pieces, these are taken, in its order; a corpus is then only for certifying and measuring.
//
//   StatusOr<Alignment> a = Align(base, donor);
//   StatusOr<Selection> s = Select(base, donor, *a, {.budget = 8000, .scripts = {"Han"}});
//   StatusOr<MergePlan> plan = PlanMerge(base, donor, *a, *s);
#ifndef TOKGRAFT_VOCAB_MERGE_SELECT_H_
#define TOKGRAFT_VOCAB_MERGE_SELECT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/spec.h"
#include "tokenizer/status.h"
#include "tokenizer/token.h"
#include "vocab_merge/alignment.h"
#include "vocab_merge/piece_list.h"

namespace tokgraft {

struct SelectOptions {
  // New ids at most, helper pieces included. nullopt: no limit (with a corpus: every piece that
  // saves a token on it).
  std::optional<std::uint64_t> budget{};
  // ICU script names or codes ("Han", "Hiragana", "Cyrl"). Not empty: only pieces with at least one
  // character of these scripts, and with no letter of another one.
  std::vector<std::string> scripts{};
  // Not empty: only these, the first ones best. Not together with scripts.
  std::vector<WantedPiece> pieces{};
  // Documents to compete on; borrowed for the call.
  std::vector<std::string_view> corpus{};
  int threads = 0;  // 0: all cores; the result does not depend on it
};

struct SelectedPiece {
  TokenId donor_id = 0;
  std::uint64_t tokens_saved = 0;  // on the corpus, by the joins that make it; 0 without one
  friend bool operator==(const SelectedPiece&, const SelectedPiece&) = default;
};

struct Selection {
  // Best first. Those beyond the budget stand in for pieces before them that turn out to be
  // impossible; their savings are an estimate.
  std::vector<SelectedPiece> pieces{};
  std::optional<std::uint64_t> budget{};
  std::vector<TokenId> outside_scripts{};  // left out by scripts, or not in the list; donor ids
  std::uint64_t corpus_tokens_base = 0;    // what the base needs for the corpus
  std::vector<std::string> notes{};        // what the list names in vain, a sentence each
  std::string DebugString() const;
  friend bool operator==(const Selection&, const Selection&) = default;
};

// InvalidArgument: an unknown script name, a listed piece that the donor lacks, a list and scripts
// at once. Unimplemented: the base cannot be compiled or extended.
StatusOr<Selection> Select(const TokenizerSpec& base, const TokenizerSpec& donor,
                           const Alignment& alignment, const SelectOptions& options = {});

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_SELECT_H_
