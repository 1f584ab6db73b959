// Merging two vocabularies into one that keeps every promise of the first.
//
// The base is a tokenizer that a model was trained with; the donor is where wanted pieces come
// from. `extend` adds donor pieces to the base: no base id moves, no base join changes its turn,
// and every new piece is an ordinary one, made by joins, not an added token that would cut words
// apart. Four other strategies answer other questions (MergeTokenizers only):
//
//   swap           the donor's tokenizer whole. base_to_merged follows the bytes, special tokens
//                  their names; dead pieces of the donor stay, so that its ids hold, and are listed
//   union          extend by all that the donor has, and its special and declared tokens by name,
//                  which text can now spell: no proof, measured. Of two Unigram models: all pieces
//                  of both, their probabilities mixed; old scores change
//   intersect      the tokens that both have (for speculative decoding, ensembles, distillation),
//                  with what the base's joins make on the way to them, numbered anew
//   replace-slots  as many ids as before: up to `budget` old pieces, those that the text to protect
//                  makes least often, give their slots to the donor's best; what that costs is
//                  in the certificate, in tokens of the protected text before and after
//
//   StatusOr<TokenizerSpec> base = Load("llama3/"), donor = Load("deepseek/");
//   MergeOptions options{.budget = 20000, .scripts = {"Han"}};
//   StatusOr<MergeResult> m = MergeTokenizers(*base, *donor, options);
//   StatusOr<SaveReport> saved = Save(m->tokenizer, "out/");
//   m->id_map.added.size();  // new ids, each with a witness text; m->certificate.level is "L0"
//
// MergeTokenizers is a chain of small steps, each usable alone:
//
//   (base, donor) ─Align→ Alignment ─Select→ Selection ─PlanMerge→ MergePlan ─Apply→ TokenizerSpec
//
// How a piece gets in: it is encoded with the vocabulary so far, and as long as that gives several
// tokens, two neighbours are joined by a new join with the next priority, after all of the base's.
// An intermediate product that neither vocabulary has is a helper piece and costs an id too. Bases
// with a merge list get merges; bases ordered by score (.model) or rank (tiktoken, tekken), where
// any two neighbours join if their concatenation is a piece, get pieces with scores below all
// others or ranks after all others.
//
// Nothing is added on faith: the merged tokenizer is compiled and must emit each new id on some
// valid text, the witness. A piece without one is refused under the code of what stands in the way,
// pieces that were built on it are built another way, and so on until every piece has its witness.
//
// Several donors, one after the other and without a budget: every order, and all of them as one
// donor, adds the same texts (pieces that are valid UTF-8) under other ids. The order decides which
// helper pieces there are and in which turn pieces are joined, so how a text is cut depends on it,
// and so does whether a fragment of a character gets in. Merging a donor again adds nothing.
#ifndef TOKGRAFT_VOCAB_MERGE_MERGE_H_
#define TOKGRAFT_VOCAB_MERGE_MERGE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/spec.h"
#include "tokenizer/status.h"
#include "vocab_merge/alignment.h"
#include "vocab_merge/certificate.h"
#include "vocab_merge/conflict.h"
#include "vocab_merge/curve.h"
#include "vocab_merge/id_map.h"
#include "vocab_merge/policies.h"
#include "vocab_merge/select.h"

namespace tokgraft {

struct MergeOptions {
  std::string strategy = "extend";  // or "swap", "union", "intersect", "replace-slots"
  // New ids at most, helper pieces included; for extend and replace-slots, which needs it.
  std::optional<std::uint64_t> budget{};
  std::vector<std::string> scripts{};      // see SelectOptions
  std::vector<WantedPiece> pieces{};       // see SelectOptions
  std::vector<std::string_view> corpus{};  // documents to select on; borrowed for the call
  // Documents to certify on; empty: the corpus. replace-slots weighs old pieces on them; on a
  // Unigram or WordPiece base, extend leaves out what would cut them anew.
  std::vector<std::string_view> protect{};
  const std::vector<std::string_view>& old_text() const {
    return protect.empty() ? corpus : protect;
  }
  Policies policies{};  // whose rules hold; not for swap and intersect
  // Plan within what this format can say: the base (under `swap` the donor) is converted first, and
  // the result is in this format. nullopt: the format that it has.
  std::optional<Format> format{};
  // Of a union of two Unigram models: the base's share in a piece's probability, between 0 and 1.
  double union_weight = 0.5;
  // Then also: rounds in which all scores are estimated anew on the corpus.
  int em_rounds = 0;
  // Also add fragments of characters that no valid UTF-8 text can produce; their witness is not
  // UTF-8. For byte-level bases.
  bool allow_bytes = false;
  std::vector<CurveCorpus> curve{};  // to measure MergeResult::curve on; for extend
  int threads = 0;                   // 0: all cores; the result does not depend on it
  std::function<void(std::string_view stage, double fraction)> progress{};  // may be empty
};

struct MergePlan {
  IdMap id_map;  // what is added and where everything goes
  std::vector<Merge>
      merges;  // appended to the base's list, in order of rank; empty where it has none
  ConflictReport conflicts;
  std::string DebugString() const;
  friend bool operator==(const MergePlan&, const MergePlan&) = default;
};

struct MergeResult {
  TokenizerSpec tokenizer;
  IdMap id_map;
  ConflictReport conflicts;
  Certificate certificate;
  std::optional<Curve> curve{};      // where options.curve asked for it
  std::vector<std::string> notes{};  // Selection::notes
  std::string DebugString() const;
  friend bool operator==(const MergeResult&, const MergeResult&) = default;
};

// Of `extend` only. Unimplemented: a kind of base that cannot be extended (a merge list with word
// suffixes), by name. InvalidArgument: a broken base. Options: `allow_bytes`, `threads` and, on
// bases that find pieces whole, the text to protect count here; budget, scripts and corpus were
// Select's.
StatusOr<MergePlan> PlanMerge(const TokenizerSpec& base, const TokenizerSpec& donor,
                              const Alignment& alignment, const Selection& selection,
                              const MergeOptions& options = {});

// The merged spec: `base` with the plan's pieces and merges. Added tokens that were not part of the
// model's vocabulary become part of it at their ids (tokenizer.json only), since its readers would
// renumber them otherwise. InvalidArgument: the plan was made for another base.
StatusOr<TokenizerSpec> Apply(const TokenizerSpec& base, const MergePlan& plan);

// All steps, and the certificate. Errors beside those of the steps: InvalidArgument where the
// strategy is unknown, or was given what it has no use for, or lacks what it needs. Unimplemented:
// replace-slots on a base whose ids are ranks (tiktoken, tekken); a union of a Unigram model with
// another kind. And those of ApplyPolicies and of Convert.
StatusOr<MergeResult> MergeTokenizers(const TokenizerSpec& base, const TokenizerSpec& donor,
                                      const MergeOptions& options = {});

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_MERGE_H_
