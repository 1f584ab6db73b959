#include "vocab_merge/extend/whole_plan.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "tokenizer/base/report_text.h"
#include "tokenizer/tokenizer.h"
#include "vocab_merge/extend/settle.h"
#include "vocab_merge/extend/whole.h"
#include "vocab_merge/extend/whole_worth.h"
#include "vocab_merge/rules/rule.h"

namespace tokgraft {
namespace {

// The rows of the donor that are a piece of the merged vocabulary.
class DonorRows {
 public:
  DonorRows(const TokenizerSpec& base, IdMap* map) : base_(base), map_(*map) {
    for (const AddedPiece& piece : map_.added) {
      if (const auto spelled = SpellWhole(base, piece.bytes, piece.inside_word)) {
        added_.emplace(spelled->spelling, piece.id);
      }
    }
  }
  void Set(TokenId donor_id, std::optional<TokenId> id) {
    if (id && !map_.donor_to_merged[donor_id]) map_.donor_to_merged[donor_id] = id;
  }
  // What the normalizer turns into a piece is this piece.
  void SetNormalized(const WholePiece& piece, std::string_view becomes) {
    const bool words = base_.spelling == Spelling::kWordPiece;
    if (words && piece.inside_word) {
      if (!becomes.starts_with('a')) return;  // it was asked for behind a letter
      Set(piece.donor_id, Find(becomes.substr(1), true));
      return;
    }
    Set(piece.donor_id, Find(becomes, false));
    // A space that every text is given in front is not the piece's own.
    if (becomes.starts_with(' ') && !piece.bytes.starts_with(' ')) {
      Set(piece.donor_id, Find(becomes.substr(1), false));
    }
  }

 private:
  std::optional<TokenId> Find(std::string_view bytes, bool inside_word) const {
    std::string spelling(bytes);
    if (const auto* wordpiece = std::get_if<WordPieceModel>(&base_.model)) {
      if (inside_word) spelling = Cat(wordpiece->continuing_subword_prefix, bytes);
    } else {
      spelling = Spell(base_.spelling, bytes).value_or("");
    }
    if (const auto at = added_.find(spelling); at != added_.end()) return at->second;
    const std::optional<TokenId> id = base_.vocab.FindSpelling(spelling);
    const std::optional<Piece> piece = id ? base_.vocab.Get(*id) : std::nullopt;
    return piece && piece->kind == PieceKind::kNormal ? id : std::nullopt;
  }

  const TokenizerSpec& base_;
  IdMap& map_;
  std::unordered_map<std::string, TokenId> added_;
};

IdMap MakeMap(const MergeFacts& facts, const WholeCandidates& candidates, const Settled& settled) {
  IdMap map;
  map.base_size = facts.alignment.base_size;
  map.merged_size = map.base_size + settled.kept.size();
  map.base_to_merged.resize(map.base_size);
  for (const ListedToken& token : facts.base_tokens) map.base_to_merged[token.id] = token.id;
  map.donor_to_merged = facts.alignment.donor_to_base;
  std::vector<std::optional<TokenId>> new_ids(candidates.pieces.size());
  for (std::size_t i = 0; i < settled.kept.size(); ++i) {
    const WholePiece& piece = candidates.pieces[settled.kept[i]];
    const auto id = static_cast<TokenId>(map.base_size + i);
    new_ids[settled.kept[i]] = id;
    map.added.push_back({.id = id,
                         .bytes = piece.bytes,
                         .donor_id = piece.donor_id,
                         .merges = {},
                         .witness = settled.witnesses[i],
                         .inside_word = piece.inside_word});
  }
  DonorRows rows(facts.base, &map);
  for (std::size_t i = 0; i < new_ids.size(); ++i)
    rows.Set(candidates.pieces[i].donor_id, new_ids[i]);
  for (const auto& [donor_id, id] : candidates.in_base) rows.Set(donor_id, id);
  for (const auto& [donor_id, piece] : candidates.same_piece) rows.Set(donor_id, new_ids[piece]);
  for (const Settled::Dead& dead : settled.dead) {
    if (dead.cause != Cause::kNormalizer || dead.becomes.empty()) continue;
    rows.SetNormalized(candidates.pieces[dead.piece], dead.becomes);
  }
  return map;
}

void ReportCutters(const WholeCandidates& candidates, const Settled& settled,
                   ConflictReport* report) {
  LookedFor({"C9"}, report);
  Finding finding{.code = "C9",
                  .severity = Severity::kWarning,
                  .action = "left out: the protected text keeps the boundaries it had"};
  for (const Settled::Cutter& cutter : settled.cutters) {
    const WholePiece& piece = candidates.pieces[cutter.piece];
    finding.donor_ids.push_back(piece.donor_id);
    if (cutter.witness.empty()) continue;
    if (finding.witness.empty()) finding.witness = cutter.witness;
    if (finding.examples.size() < kMaxExamples) {
      finding.examples.push_back(Cat(ShowPiece(piece.spelling), " in ", ShowPiece(cutter.witness)));
    }
  }
  finding.message = Cat(Grouped(finding.donor_ids.size()),
                        " donor pieces would cut the protected text where the base does not");
  AddFinding(std::move(finding), report);
  SortByCode(report);
}

}  // namespace

Status SelectWhole(const TokenizerSpec& base, const TokenizerSpec& donor,
                   const SelectOptions& options, Selection* selection) {
  std::vector<TokenId> ids;
  for (const SelectedPiece& piece : selection->pieces) ids.push_back(piece.donor_id);
  TOKGRAFT_ASSIGN_OR_RETURN(const WholeCandidates candidates,
                            MakeWholeCandidates(base, donor, ids, options.threads));
  const WholeWorthOptions worth{
      .corpus = options.corpus, .budget = options.budget, .threads = options.threads};
  TOKGRAFT_ASSIGN_OR_RETURN(const WholeRanking ranking, RankWhole(base, candidates.pieces, worth));
  selection->corpus_tokens_base = ranking.base_tokens;
  selection->pieces.clear();
  for (const WholeRanking::Entry& entry : ranking.best_first) {
    selection->pieces.push_back({candidates.pieces[entry.piece].donor_id, entry.saved});
  }
  return {};
}

StatusOr<MergePlan> PlanWhole(const TokenizerSpec& base, const TokenizerSpec& donor,
                              const Alignment& alignment, const Selection& selection,
                              const MergeOptions& options) {
  TOKGRAFT_RETURN_IF_ERROR(Compile(base).status());
  // All that the donor offers, selected or not: the report tells of every piece that cannot be had.
  std::vector<TokenId> offered;
  const std::unordered_set<TokenId> outside(selection.outside_scripts.begin(),
                                            selection.outside_scripts.end());
  for (const TokenId id : alignment.missing) {
    if (!outside.contains(id)) offered.push_back(id);
  }
  TOKGRAFT_ASSIGN_OR_RETURN(const WholeCandidates candidates,
                            MakeWholeCandidates(base, donor, offered, options.threads));
  std::unordered_map<TokenId, std::size_t> by_donor;
  for (std::size_t i = 0; i < candidates.pieces.size(); ++i) {
    by_donor.emplace(candidates.pieces[i].donor_id, i);
  }
  std::vector<std::size_t> chosen;
  for (const SelectedPiece& piece : selection.pieces) {
    const auto at = by_donor.find(piece.donor_id);
    if (at != by_donor.end()) chosen.push_back(at->second);
  }
  const SettleOptions settle{
      .protect = options.old_text(),
      .limit = selection.budget.value_or(kNoLimit),
      .witness = {.allow_bytes = options.allow_bytes, .threads = options.threads}};
  std::vector<Settled::Dead> impossible;
  if (chosen.size() < candidates.pieces.size() || chosen.size() > settle.limit) {
    TOKGRAFT_ASSIGN_OR_RETURN(impossible, FindDead(base, candidates.pieces, settle.witness));
    // Losing to rivals is no final word: not all of them will be there.
    std::erase_if(impossible, [](const Settled::Dead& d) { return d.cause == Cause::kNoPath; });
    std::unordered_set<std::size_t> out;
    for (const Settled::Dead& dead : impossible) out.insert(dead.piece);
    std::erase_if(chosen, [&](std::size_t i) { return out.contains(i); });
  }
  TOKGRAFT_ASSIGN_OR_RETURN(Settled settled, Settle(base, candidates.pieces, chosen, settle));
  settled.dead.insert(settled.dead.end(), std::make_move_iterator(impossible.begin()),
                      std::make_move_iterator(impossible.end()));

  std::vector<RefusedPiece> refused;
  const std::unordered_map<TokenId, ListedToken> tokens = TokensById(ListTokens(donor));
  const auto refuse = [&](TokenId id, Cause cause, const std::string& becomes) {
    refused.push_back({id, std::string(tokens.at(id).bytes), cause, becomes});
  };
  for (const auto& [id, cause] : candidates.unspellable) refuse(id, cause, "");
  std::vector<std::optional<Cause>> causes(candidates.pieces.size());
  for (const Settled::Dead& dead : settled.dead) {
    refuse(candidates.pieces[dead.piece].donor_id, dead.cause, dead.becomes);
    causes[dead.piece] = dead.cause;
  }
  for (const auto& [id, piece] : candidates.same_piece) {
    if (causes[piece]) refuse(id, *causes[piece], "");
  }
  std::sort(refused.begin(), refused.end(),
            [](const RefusedPiece& a, const RefusedPiece& b) { return a.donor_id < b.donor_id; });
  MergePlan plan;
  const MergeFacts facts = MakeFacts(base, donor, alignment, plan.id_map, refused);
  plan.id_map = MakeMap(facts, candidates, settled);
  plan.conflicts = CheckAll(facts);
  ReportCutters(candidates, settled, &plan.conflicts);
  return plan;
}

StatusOr<TokenizerSpec> ApplyWhole(const TokenizerSpec& base, const IdMap& id_map) {
  if (id_map.base_size != base.id_limit()) {
    return InvalidArgumentError(Cat("plan: new ids start at ", id_map.base_size,
                                    ", but the base has ", base.id_limit(),
                                    " ids; it was made for another base"));
  }
  std::vector<WholePiece> pieces;
  for (const AddedPiece& added : id_map.added) {
    const std::size_t expected = base.id_limit() + pieces.size();
    if (added.id != expected) {
      return InvalidArgumentError(Cat("plan: added id ", added.id, " stands where ", expected,
                                      " was expected; the plan was edited"));
    }
    std::optional<WholePiece> piece = SpellWhole(base, added.bytes, added.inside_word);
    if (!piece) {
      return InvalidArgumentError(Cat("plan: piece ", added.id,
                                      " exists in the base, or cannot be spelled there; the plan "
                                      "was made for another base"));
    }
    pieces.push_back(*std::move(piece));
  }
  return AddWhole(base, pieces);
}

}  // namespace tokgraft
