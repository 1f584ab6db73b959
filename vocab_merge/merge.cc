#include "vocab_merge/merge.h"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "vocab_merge/extend/candidates.h"
#include "vocab_merge/extend/chain.h"
#include "vocab_merge/extend/grow.h"
#include "vocab_merge/extend/whole.h"
#include "vocab_merge/extend/whole_plan.h"
#include "vocab_merge/rules/cause.h"
#include "vocab_merge/rules/rule.h"
#include "vocab_merge/strategies/strategy.h"

namespace tokgraft {
namespace {

// Rounds of fitting a selection into its budget; each but the last few only builds chains.
constexpr int kMaxFittingRounds = 24;

// Planning in steps is for `extend`; the other strategies are one step each.
Status CheckExtends(const std::string& strategy) {
  if (strategy == "extend") return {};
  return InvalidArgumentError(Cat("strategy: \"", strategy,
                                  "\" has no plan, \"extend\" was expected; MergeTokenizers does "
                                  "the others in one step"));
}

// What only a union of Unigram models has a use for.
Status CheckUnionOptions(const TokenizerSpec& base, const MergeOptions& options) {
  const bool used = options.strategy == "union" && std::holds_alternative<UnigramModel>(base.model);
  const MergeOptions standard;
  const std::string_view given = options.em_rounds != standard.em_rounds ? "em_rounds (em)"
                                 : options.union_weight != standard.union_weight
                                     ? "union_weight (mix)"
                                     : "";
  if (used || given.empty()) return {};
  return InvalidArgumentError(Cat(given,
                                  ": the strategy \"union\" on a Unigram base was expected, which "
                                  "alone mixes scores; leave it out"));
}

using Strategy = StatusOr<MergeResult> (*)(const TokenizerSpec&, const TokenizerSpec&,
                                           const MergeOptions&);
constexpr std::array<std::pair<std::string_view, Strategy>, 4> kOtherStrategies = {
    {{"swap", Swap}, {"union", Unite}, {"intersect", Intersect}, {"replace-slots", ReplaceSlots}}};

// What was tried and what came of it.
struct Outcome {
  std::vector<Candidate> candidates;
  Grown grown;  // owners and refused are indices into candidates
};

StatusOr<Outcome> GrowAll(const TokenizerSpec& base, const ChainBuilder& builder,
                          std::vector<Candidate> candidates, const WitnessOptions& options,
                          std::uint64_t limit) {
  Outcome out;
  out.candidates = std::move(candidates);
  TOKGRAFT_ASSIGN_OR_RETURN(out.grown,
                            Grow(base, builder, BytesOf(out.candidates), options, limit));
  return out;
}

std::vector<TokenId> RefusedIds(const Outcome& outcome) {
  std::vector<TokenId> out;
  for (const std::size_t i : outcome.grown.refused) out.push_back(outcome.candidates[i].donor_id);
  return out;
}

// In which order chains are built within a budget: the longest run of the best pieces that fits,
// helper pieces included, shorter ones first; then, for what is left of the budget, the others,
// best first.
std::vector<Candidate> FitIntoBudget(const ChainBuilder& builder,
                                     const std::vector<Candidate>& best_first,
                                     std::uint64_t budget) {
  const auto ordered = [&](std::size_t size) {
    std::vector<Candidate> out = best_first;
    std::sort(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size), ShorterFirst);
    return out;
  };
  std::size_t fits = 0;                          // known to fit
  std::size_t too_many = best_first.size() + 1;  // known not to fit
  std::size_t size = std::min<std::size_t>(best_first.size(), budget);
  for (int round = 0; round < kMaxFittingRounds && too_many - fits > 1; ++round) {
    std::vector<Candidate> tried = ordered(size);
    tried.resize(size);
    const std::size_t cost = builder.Build(BytesOf(tried), {}).pieces.size();
    if (cost <= budget) {
      fits = size;
      const std::uint64_t left = budget - cost;
      size = left < too_many - 1 - size ? size + static_cast<std::size_t>(left) : too_many - 1;
      if (size == fits) break;
    } else {
      too_many = size;
      const std::size_t excess = cost - static_cast<std::size_t>(budget);
      size = size > fits + excess ? size - excess : (fits + too_many) / 2;
    }
  }
  return ordered(fits);
}

// Why: asked of the base with all that was tried, dead pieces included.
Status ExplainRefused(const TokenizerSpec& base, const ChainBuilder& builder,
                      const std::vector<std::string_view>& wanted, const WitnessOptions& options,
                      std::vector<RefusedPiece>* refused) {
  if (refused->empty()) return {};
  const Growth growth = builder.Build(wanted, {});
  TOKGRAFT_ASSIGN_OR_RETURN(const TokenizerSpec grown, ExtendSpec(base, growth));
  std::unordered_map<std::string_view, TokenId> ids;
  for (std::size_t i = 0; i < growth.pieces.size(); ++i) {
    ids.emplace(growth.pieces[i].bytes, static_cast<TokenId>(growth.first_id + i));
  }
  std::vector<DeadPiece> dead;
  for (const RefusedPiece& piece : *refused) {
    const auto id = ids.find(piece.bytes);
    dead.push_back({.id = id == ids.end() ? std::nullopt : std::optional<TokenId>(id->second),
                    .bytes = piece.bytes});
  }
  TOKGRAFT_RETURN_IF_ERROR(ExplainDead(grown, options, &dead));
  for (std::size_t i = 0; i < dead.size(); ++i) {
    (*refused)[i].cause = dead[i].cause;
    (*refused)[i].becomes = std::move(dead[i].becomes);
  }
  return {};
}

// Whether the base has this text of the donor only as a byte, its last resort. Where joins need the
// character (a merge list), it becomes a piece, which stands for the donor's from then on.
bool IsOnlyAByte(const MergeFacts& facts, const ListedToken& token) {
  const std::optional<TokenId> id = facts.alignment.donor_to_base[token.id];
  if (!id || !IsOfferedText(token)) return false;
  const auto base = facts.base_by_id.find(*id);
  return base != facts.base_by_id.end() && base->second.token_class == TokenClass::kByte;
}

std::vector<AddedPiece> AddedPieces(const MergeFacts& facts, const Grown& grown) {
  std::unordered_map<std::string_view, TokenId> donor_ids;
  const std::vector<Candidate> missing = MakeCandidates(facts.donor, facts.alignment.missing);
  for (const Candidate& candidate : missing) donor_ids.emplace(candidate.bytes, candidate.donor_id);
  for (const ListedToken& token : facts.donor_used) {
    if (IsOnlyAByte(facts, token)) donor_ids.emplace(token.bytes, token.id);
  }
  std::vector<AddedPiece> out;
  for (std::size_t i = 0; i < grown.growth.pieces.size(); ++i) {
    const NewPiece& piece = grown.growth.pieces[i];
    AddedPiece added{.id = static_cast<TokenId>(grown.growth.first_id + i),
                     .bytes = piece.bytes,
                     .donor_id = std::nullopt,
                     .merges = {},
                     .witness = grown.witnesses[i]};
    const auto donor_id = donor_ids.find(piece.bytes);
    if (donor_id != donor_ids.end()) added.donor_id = donor_id->second;
    for (std::uint32_t m = piece.merges_begin; m < piece.merges_end; ++m) {
      added.merges.emplace_back(grown.growth.merges[m].left, grown.growth.merges[m].right);
    }
    out.push_back(std::move(added));
  }
  return out;
}

IdMap MakeIdMap(const MergeFacts& facts, std::vector<AddedPiece> added) {
  IdMap map;
  map.base_size = facts.alignment.base_size;
  map.merged_size = map.base_size + added.size();
  map.base_to_merged.resize(map.base_size);
  for (const ListedToken& token : facts.base_tokens) map.base_to_merged[token.id] = token.id;
  map.added = std::move(added);
  map.donor_to_merged = facts.alignment.donor_to_base;
  std::unordered_map<std::string_view, TokenId> by_bytes;
  for (const AddedPiece& piece : map.added) by_bytes.emplace(piece.bytes, piece.id);
  for (const ListedToken& token : facts.donor_used) {
    std::optional<TokenId>& id = map.donor_to_merged[token.id];
    if (id && !IsOnlyAByte(facts, token)) continue;
    if (!IsOfferedText(token) && token.token_class != TokenClass::kByte) continue;
    const auto at = by_bytes.find(token.bytes);
    if (at != by_bytes.end()) id = at->second;
  }
  // What the normalizer turns into a piece is this piece.
  for (const RefusedPiece& piece : facts.refused) {
    if (piece.cause != Cause::kNormalizer || piece.becomes.empty()) continue;
    std::optional<TokenId>& id = map.donor_to_merged[piece.donor_id];
    const auto at = by_bytes.find(piece.becomes);
    if (at != by_bytes.end()) {
      id = at->second;
    } else if (const auto base_id = facts.base.vocab.Find(piece.becomes)) {
      const auto token = facts.base_by_id.find(*base_id);
      if (token != facts.base_by_id.end() && token->second.token_class == TokenClass::kText) {
        id = *base_id;
      }
    }
  }
  return map;
}

}  // namespace

std::string MergePlan::DebugString() const {
  return Cat("MergePlan{", id_map.DebugString(), ", ", merges.size(), " new merges, ",
             conflicts.findings.size(), " findings}");
}

std::string MergeResult::DebugString() const {
  return Cat(id_map.DebugString(), "\n", certificate.DebugString(), "\n", conflicts.DebugString());
}

StatusOr<MergePlan> PlanMerge(const TokenizerSpec& base, const TokenizerSpec& donor,
                              const Alignment& alignment, const Selection& selection,
                              const MergeOptions& options) {
  TOKGRAFT_RETURN_IF_ERROR(CheckExtends(options.strategy));
  if (alignment.donor_to_base.size() != donor.id_limit() ||
      alignment.base_size != base.id_limit()) {
    return InvalidArgumentError("alignment: it was made for other tokenizers; align these first");
  }
  if (FindsWholePieces(base)) return PlanWhole(base, donor, alignment, selection, options);
  TOKGRAFT_ASSIGN_OR_RETURN(const ChainBuilder builder, ChainBuilder::Make(base));
  const WitnessOptions witness{.allow_bytes = options.allow_bytes, .threads = options.threads};
  // All that the donor offers, selected or not: the report tells of every piece that cannot be had.
  std::vector<TokenId> offered;
  const std::unordered_set<TokenId> outside(selection.outside_scripts.begin(),
                                            selection.outside_scripts.end());
  for (const TokenId id : alignment.missing) {
    if (!outside.contains(id)) offered.push_back(id);
  }
  TOKGRAFT_ASSIGN_OR_RETURN(
      Outcome outcome, GrowAll(base, builder, MakeCandidates(donor, offered), witness, kNoLimit));
  std::vector<TokenId> refused_ids = RefusedIds(outcome);
  const std::vector<Candidate> tried = outcome.candidates;
  const std::unordered_set<TokenId> refused_set(refused_ids.begin(), refused_ids.end());
  std::unordered_map<TokenId, std::string_view> bytes;
  for (const Candidate& candidate : tried) bytes.emplace(candidate.donor_id, candidate.bytes);
  std::vector<Candidate> chosen;
  for (const SelectedPiece& piece : selection.pieces) {
    const auto it = bytes.find(piece.donor_id);
    if (it == bytes.end() || refused_set.contains(piece.donor_id)) continue;
    chosen.push_back({piece.donor_id, it->second});
  }
  const bool all = chosen.size() + refused_ids.size() == offered.size();
  const std::uint64_t budget = selection.budget.value_or(kNoLimit);
  if (!all || outcome.grown.growth.pieces.size() > budget) {
    TOKGRAFT_ASSIGN_OR_RETURN(
        outcome, GrowAll(base, builder, FitIntoBudget(builder, chosen, budget), witness, budget));
    for (const TokenId id : RefusedIds(outcome)) refused_ids.push_back(id);
  }
  std::vector<RefusedPiece> refused;
  for (const Candidate& candidate : MakeCandidates(donor, refused_ids)) {
    refused.push_back({.donor_id = candidate.donor_id,
                       .bytes = std::string(candidate.bytes),
                       .cause = Cause::kNoPath,
                       .becomes = {}});
  }
  TOKGRAFT_RETURN_IF_ERROR(ExplainRefused(base, builder, BytesOf(tried), witness, &refused));

  MergePlan plan;
  const MergeFacts facts = MakeFacts(base, donor, alignment, plan.id_map, refused);
  plan.id_map = MakeIdMap(facts, AddedPieces(facts, outcome.grown));
  plan.merges = outcome.grown.growth.merges;
  plan.conflicts = CheckAll(facts);
  return plan;
}

StatusOr<TokenizerSpec> Apply(const TokenizerSpec& base, const MergePlan& plan) {
  TOKGRAFT_RETURN_IF_ERROR(CheckExtends(plan.id_map.strategy));
  if (FindsWholePieces(base)) return ApplyWhole(base, plan.id_map);
  Growth growth;
  growth.first_id = static_cast<TokenId>(plan.id_map.base_size);
  growth.merges = plan.merges;
  for (const AddedPiece& piece : plan.id_map.added) {
    if (piece.id != growth.first_id + growth.pieces.size()) {
      return InvalidArgumentError(Cat("plan: added id ", piece.id, " stands where ",
                                      growth.first_id + growth.pieces.size(),
                                      " was expected; the plan was edited"));
    }
    growth.pieces.push_back({.bytes = piece.bytes});
  }
  return ExtendSpec(base, growth);
}

StatusOr<MergeResult> MergeTokenizers(const TokenizerSpec& base, const TokenizerSpec& donor,
                                      const MergeOptions& options) {
  const Format now = options.strategy == "swap" ? donor.format : base.format;
  if (options.format && *options.format != now) {
    return MergeForFormat(base, donor, options);
  }
  if (!options.policies.are_default()) return MergeWithPolicies(base, donor, options);
  TOKGRAFT_RETURN_IF_ERROR(CheckUnionOptions(base, options));
  if (options.strategy != "extend") {
    if (!options.curve.empty()) {
      return InvalidArgumentError(Cat("curve: the strategy is \"", options.strategy,
                                      "\", \"extend\" was expected, which alone adds pieces one "
                                      "after another; leave the curve out"));
    }
    for (const auto& [name, strategy] : kOtherStrategies) {
      if (options.strategy == name) return strategy(base, donor, options);
    }
    return InvalidArgumentError(
        Cat("strategy: \"", options.strategy,
            "\" is unknown, extend, swap, union, intersect or replace-slots was expected"));
  }
  const auto begin = [&](std::string_view stage) {
    if (options.progress) options.progress(stage, 0);
  };
  begin("align");
  TOKGRAFT_ASSIGN_OR_RETURN(const Alignment alignment, Align(base, donor));
  const SelectOptions select{.budget = options.budget,
                             .scripts = options.scripts,
                             .pieces = options.pieces,
                             .corpus = options.corpus,
                             .threads = options.threads};
  begin("select pieces");
  TOKGRAFT_ASSIGN_OR_RETURN(const Selection selection, Select(base, donor, alignment, select));
  MergeResult result;
  result.notes = selection.notes;
  if (!options.curve.empty()) {
    const CurveOptions curve{.corpora = options.curve,
                             .sizes = {},
                             .protect = options.old_text(),
                             .allow_bytes = options.allow_bytes,
                             .threads = options.threads,
                             .progress = options.progress};
    TOKGRAFT_ASSIGN_OR_RETURN(result.curve, MeasureCurve(base, donor, alignment, selection, curve));
  }
  begin("build pieces");
  TOKGRAFT_ASSIGN_OR_RETURN(MergePlan plan, PlanMerge(base, donor, alignment, selection, options));
  TOKGRAFT_ASSIGN_OR_RETURN(result.tokenizer, Apply(base, plan));
  const CertifyOptions certify{.texts = options.old_text(), .threads = options.threads};
  begin("certify");
  TOKGRAFT_ASSIGN_OR_RETURN(result.certificate, Certify(base, result.tokenizer, certify));
  result.id_map = std::move(plan.id_map);
  result.conflicts = std::move(plan.conflicts);
  return result;
}

}  // namespace tokgraft
