// swap: the donor's tokenizer takes the base's place, with the map that brings the rows along.
#include <algorithm>
#include <unordered_set>
#include <utility>

#include "vocab_merge/extend/witness.h"
#include "vocab_merge/lint.h"
#include "vocab_merge/rules/rule.h"
#include "vocab_merge/strategies/strategy.h"
#include "vocab_merge/trim/keep.h"

namespace tokgraft {
namespace {

// The donor's id of each base id. Both sides must prefer each other: of several tokens with the
// same bytes one keeps its row, the one that encoding emits. Bytes count as they stand: `foo` of a
// WordPiece model and " foo" are no copies of each other.
std::vector<std::optional<TokenId>> BaseToDonor(const MergeFacts& facts,
                                                const Alignment& base_aligned) {
  const auto same_bytes = [&](std::size_t base, TokenId donor) {
    return facts.base_by_id.at(static_cast<TokenId>(base)).bytes ==
           facts.donor_by_id.at(donor).bytes;
  };
  std::vector<std::optional<TokenId>> out = base_aligned.donor_to_base;
  for (std::size_t base = 0; base < out.size(); ++base) {
    if (out[base] && !same_bytes(base, *out[base])) out[base].reset();
  }
  Alignment donor_in_base = facts.alignment;
  for (std::size_t donor = 0; donor < donor_in_base.donor_to_base.size(); ++donor) {
    std::optional<TokenId>& base = donor_in_base.donor_to_base[donor];
    if (base && !same_bytes(*base, static_cast<TokenId>(donor))) base.reset();
  }
  std::vector<bool> taken(donor_in_base.donor_to_base.size());
  const auto mutual = [&](std::size_t base, TokenId donor) {
    return donor_in_base.donor_to_base[donor] == static_cast<TokenId>(base);
  };
  for (std::size_t base = 0; base < out.size(); ++base) {
    if (out[base] && mutual(base, *out[base])) {
      taken[*out[base]] = true;
    } else {
      out[base].reset();
    }
  }
  // What only one side prefers otherwise still has its row, if nothing else takes it.
  for (std::size_t donor = 0; donor < taken.size(); ++donor) {
    const std::optional<TokenId> base = donor_in_base.donor_to_base[donor];
    if (taken[donor] || !base || out[*base]) continue;
    out[*base] = static_cast<TokenId>(donor);
    taken[donor] = true;
  }
  return out;
}

// What the donor has on ids that no base token goes to, each with a text that shows it.
std::vector<AddedPiece> NewPieces(const MergeFacts& facts, const Tokenizer& tokenizer,
                                  const MergeOptions& options) {
  std::vector<bool> from_base(facts.id_map.merged_size);
  for (const std::optional<TokenId>& id : facts.id_map.base_to_merged) {
    if (id) from_base[*id] = true;
  }
  std::vector<AddedPiece> out;
  for (const ListedToken& token : facts.donor_used) {
    if (from_base[token.id]) continue;
    out.push_back({.id = token.id, .bytes = std::string(token.bytes), .donor_id = token.id});
  }
  std::sort(out.begin(), out.end(),
            [](const AddedPiece& a, const AddedPiece& b) { return a.id < b.id; });
  std::vector<WitnessQuery> queries;
  for (const AddedPiece& piece : out) queries.push_back({.id = piece.id, .bytes = piece.bytes});
  std::vector<std::string> witnesses =
      FindWitnesses(tokenizer, queries, {.allow_bytes = true, .threads = options.threads});
  for (std::size_t i = 0; i < out.size(); ++i) out[i].witness = std::move(witnesses[i]);
  return out;
}

// Lint knows which pieces of the donor are dead; here they stay.
Status ReportDead(const Tokenizer& donor, const MergeOptions& options, ConflictReport* report) {
  LintOptions lint;
  lint.threads = options.threads;
  TOKGRAFT_ASSIGN_OR_RETURN(const LintReport found, Lint(donor, lint));
  for (const LintFinding& finding : found.findings) {
    if (!report->counts.contains(finding.code) || finding.code.front() != 'B') continue;
    Finding out{.code = finding.code,
                .severity = finding.severity,
                .count = finding.count,
                .donor_ids = finding.ids,
                .message = Cat(finding.message, ", in the donor"),
                .action = finding.code == "B8"
                              ? "kept, so that the donor's ids hold"
                              : "kept, so that the donor's ids hold: no text emits them, their "
                                "rows are never trained; trim the donor first to be rid of them",
                .witness = finding.witness};
    for (const LintExample& example : finding.examples) {
      if (out.examples.size() < kMaxExamples) out.examples.push_back(example.text);
    }
    AddFinding(std::move(out), report);
  }
  SortByCode(report);
  return {};
}

}  // namespace

StatusOr<MergeResult> Swap(const TokenizerSpec& base, const TokenizerSpec& donor,
                           const MergeOptions& options) {
  TOKGRAFT_RETURN_IF_ERROR(CheckNoSelection("swap", options));
  TOKGRAFT_ASSIGN_OR_RETURN(const Alignment donor_in_base, Align(base, donor));
  TOKGRAFT_ASSIGN_OR_RETURN(const Alignment base_in_donor, Align(donor, base));
  TOKGRAFT_ASSIGN_OR_RETURN(const Tokenizer tokenizer, Compile(donor));
  MergeResult result;
  IdMap& map = result.id_map;
  map.strategy = "swap";
  map.base_size = base.id_limit();
  map.merged_size = donor.id_limit();
  const std::vector<RefusedPiece> none;
  const MergeFacts facts = MakeFacts(base, donor, donor_in_base, map, none);
  map.base_to_merged = BaseToDonor(facts, base_in_donor);
  map.removed = RemovedPieces(base, map.base_to_merged);
  map.donor_to_merged.resize(donor.id_limit());
  for (const ListedToken& token : facts.donor_used) map.donor_to_merged[token.id] = token.id;
  if (options.progress) options.progress("look for witnesses", 0);
  map.added = NewPieces(facts, tokenizer, options);
  result.conflicts = CheckAll(facts);
  TOKGRAFT_RETURN_IF_ERROR(ReportDead(tokenizer, options, &result.conflicts));
  result.tokenizer = donor;
  TOKGRAFT_RETURN_IF_ERROR(CertifyResult(base, options, &result));
  return result;
}

}  // namespace tokgraft
