// Select: which of the donor's missing pieces are wanted, best first.
//
// Without a corpus the donor's own order decides: its trainer put frequent pieces first. With one,
// the pieces compete on it: a merged tokenizer with all of them encodes the corpus, each piece is
// credited with the tokens that it saves against the base, the weakest are taken out, and the rest
// compete again, until the budget is met. A piece that a better one makes useless is thus never
// paid for, and every count is made by the exact tokenizer, not by an estimate.
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

namespace tokgraft {

struct SelectOptions {
  // New ids at most, helper pieces included. nullopt: no limit (with a corpus: every piece that
  // saves a token on it).
  std::optional<std::uint64_t> budget{};
  // ICU script names or codes ("Han", "Hiragana", "Cyrl"). Not empty: only pieces with at least one
  // character of these scripts, and with no letter of another one.
  std::vector<std::string> scripts{};
  // Documents to compete on; borrowed for the call.
  std::vector<std::string_view> corpus{};
  // Also fragments that only invalid UTF-8 makes, see MergeOptions.
  bool allow_bytes = false;
  int threads = 0;  // 0: all cores; the result does not depend on it
};

struct SelectedPiece {
  TokenId donor_id = 0;
  std::uint64_t tokens_saved = 0;  // on the corpus, in the last round; 0 without one
  friend bool operator==(const SelectedPiece&, const SelectedPiece&) = default;
};

struct Selection {
  std::vector<SelectedPiece> pieces{};  // best first
  std::optional<std::uint64_t> budget{};
  std::vector<TokenId> outside_scripts{};  // left out by `scripts`, donor ids
  std::uint64_t corpus_tokens_base = 0;    // what the base needs for the corpus
  std::string DebugString() const;
  friend bool operator==(const Selection&, const Selection&) = default;
};

// InvalidArgument: an unknown script name. Unimplemented: the base cannot be compiled or extended.
StatusOr<Selection> Select(const TokenizerSpec& base, const TokenizerSpec& donor,
                           const Alignment& alignment, const SelectOptions& options = {});

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_SELECT_H_
