#include "vocab_merge/select.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "vocab_merge/extend/candidates.h"
#include "vocab_merge/extend/chain.h"
#include "vocab_merge/extend/listed.h"
#include "vocab_merge/extend/scripts.h"
#include "vocab_merge/extend/whole.h"
#include "vocab_merge/extend/whole_plan.h"
#include "vocab_merge/extend/worth.h"

namespace tokgraft {
namespace {

// While there are many more ids than the budget pays for, each round keeps one in so many; near the
// budget, where pieces compete closely, half of the excess goes in each round.
constexpr std::uint64_t kManyTimes = 8;
constexpr std::uint64_t kKeepOneIn = 4;
// Rounds in which pieces that were taken out may come back, at most, and what a round must gain, as
// a share of all that is saved, for another one of its kind to follow. Within a small budget all
// may go, in a large one the weakest.
constexpr int kReturnRounds = 8;
constexpr double kWorthwhile = 0.002;
constexpr std::uint64_t kSmallBudget = 64;
// In how many steps the room is filled: in a large budget there is more to try at once.
constexpr int kRefillSteps = 3;
constexpr int kRefillStepsOfMany = 2;

// Candidates that a vocabulary holds, and what they do in it.
struct Round {
  struct Entry {
    std::size_t candidate = 0;
    std::uint64_t saved = 0;
    std::uint64_t paid = 0;  // ids that it and all before it cost
  };
  std::vector<Entry> ranked;      // those that save tokens, best first
  std::vector<std::size_t> idle;  // the others that it holds
  std::vector<Entry> neighbours;  // candidates that it lacks, by what a join would save
  std::uint64_t least = 0;        // saved per id by the last of the ranked
  std::uint64_t tokens = 0;       // of the corpus

  std::uint64_t ids() const { return ranked.empty() ? 0 : ranked.back().paid; }
  // Adds the candidates that `ids` pay for to `first`, the others to `rest`.
  void Split(std::uint64_t ids, std::vector<std::size_t>* first,
             std::vector<std::size_t>* rest) const {
    for (const Entry& entry : ranked) {
      (entry.paid <= ids ? first : rest)->push_back(entry.candidate);
    }
  }
};

class Competition {
 public:
  Competition(const TokenizerSpec& base, const ChainBuilder& builder, const SelectOptions& options,
              std::vector<Candidate> candidates)
      : base_(base), builder_(builder), options_(options), candidates_(std::move(candidates)) {
    for (std::size_t i = 0; i < candidates_.size(); ++i) index_.emplace(candidates_[i].bytes, i);
  }

  // The best candidates for the budget, and then those that could stand in for them.
  Status Run(Selection* selection) const;

 private:
  Growth Build(const std::vector<std::size_t>& wanted, std::uint64_t limit) const {
    std::vector<std::string_view> bytes;
    for (const std::size_t i : wanted) bytes.push_back(candidates_[i].bytes);
    return builder_.Build(bytes, {}, limit);
  }
  StatusOr<Round> Play(std::vector<std::size_t> wanted, std::uint64_t limit,
                       const std::vector<std::size_t>& reserve = {}) const;
  StatusOr<Round> Shrink(std::uint64_t budget) const;
  StatusOr<Round> Refill(Round kept, std::uint64_t budget, const std::vector<std::size_t>& reserve,
                         std::unordered_set<std::size_t>* useless) const;
  StatusOr<Round> Improve(Round best, std::uint64_t budget, std::uint64_t base_tokens) const;

  const TokenizerSpec& base_;
  const ChainBuilder& builder_;
  const SelectOptions& options_;
  std::vector<Candidate> candidates_;  // shorter first
  std::unordered_map<std::string_view, std::size_t> index_;
};

// What each of `wanted` does where all of them are in the vocabulary. Beyond `limit` new ids they
// are left out; below it the reserve fills up, in its order. A candidate that gets in as a step on
// the way counts as well.
StatusOr<Round> Competition::Play(std::vector<std::size_t> wanted, std::uint64_t limit,
                                  const std::vector<std::size_t>& reserve) const {
  std::sort(wanted.begin(), wanted.end());  // shorter pieces first
  Growth growth = Build(wanted, limit);
  if (growth.pieces.size() < limit && !reserve.empty()) {
    std::vector<std::size_t> filled = wanted;
    filled.insert(filled.end(), reserve.begin(), reserve.end());
    growth = Build(filled, limit);
    // Once more in the order of a merge, if that is no dearer.
    for (const NewPiece& piece : growth.pieces) {
      const auto it = index_.find(piece.bytes);
      if (it != index_.end()) wanted.push_back(it->second);
    }
    std::sort(wanted.begin(), wanted.end());
    wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
    Growth sorted = Build(wanted, kNoLimit);
    if (sorted.pieces.size() <= limit) growth = std::move(sorted);
  }
  WorthOptions worth_options{.corpus = options_.corpus, .threads = options_.threads};
  if (limit != kNoLimit) worth_options.wanted = &index_;
  TOKGRAFT_ASSIGN_OR_RETURN(Worth worth, MeasureWorth(base_, growth, worth_options));

  Round round;
  round.tokens = worth.tokens;
  std::vector<std::size_t> candidate(growth.pieces.size());
  std::vector<bool> is_candidate(growth.pieces.size());
  for (std::size_t i = 0; i < growth.pieces.size(); ++i) {
    const auto it = index_.find(growth.pieces[i].bytes);
    if (it == index_.end()) continue;
    is_candidate[i] = true;
    candidate[i] = it->second;
    worth.neighbours.erase(it->first);
  }
  for (const RankedPiece& ranked : RankByWorth(growth, worth.saved, is_candidate)) {
    round.ranked.push_back({candidate[ranked.piece], ranked.saved, ranked.paid});
    round.least = ranked.per_id;
    is_candidate[ranked.piece] = false;
  }
  for (std::size_t i = 0; i < growth.pieces.size(); ++i) {
    if (is_candidate[i]) round.idle.push_back(candidate[i]);
  }
  for (const auto& [text, count] : worth.neighbours) {
    round.neighbours.push_back({index_.at(text), count, 0});
  }
  std::sort(round.neighbours.begin(), round.neighbours.end(),
            [](const Round::Entry& a, const Round::Entry& b) {
              return std::tuple(b.saved, a.candidate) < std::tuple(a.saved, b.candidate);
            });
  return round;
}

// From all candidates down to the budget.
StatusOr<Round> Competition::Shrink(std::uint64_t budget) const {
  std::vector<std::size_t> wanted(candidates_.size());
  std::iota(wanted.begin(), wanted.end(), std::size_t{0});
  std::vector<std::size_t> out;  // taken out, the latest and best first
  std::uint64_t target = kNoLimit;
  while (true) {
    TOKGRAFT_ASSIGN_OR_RETURN(const Round round, Play(std::move(wanted), kNoLimit));
    target = std::min(target, round.ids());
    if (target / kManyTimes > budget) {
      target /= kKeepOneIn;
    } else if (target > budget) {
      target = budget + (target - budget) / 2;
    }
    // What is left of the excess is too little to matter.
    if (target <= budget || target - budget <= budget / 16) target = budget;
    wanted.clear();
    std::vector<std::size_t> rest;
    round.Split(target, &wanted, &rest);
    out.insert(out.begin(), rest.begin(), rest.end());
    if (target == budget) return Play(std::move(wanted), budget, out);
  }
}

// Adds what saves most beside `kept`: half of what the budget leaves room for, then half of the
// rest, what the first ones take from the others being seen in between, then all.
StatusOr<Round> Competition::Refill(Round kept, std::uint64_t budget,
                                    const std::vector<std::size_t>& reserve,
                                    std::unordered_set<std::size_t>* useless) const {
  const int steps = budget > kSmallBudget ? kRefillStepsOfMany : kRefillSteps;
  for (int step = 0; step < steps && kept.ids() < budget; ++step) {
    std::uint64_t room = budget - kept.ids();
    if (step + 1 < steps) room = (room + 1) / 2;
    std::vector<std::size_t> wanted;
    std::vector<std::size_t> others;
    for (const Round::Entry& entry : kept.ranked) wanted.push_back(entry.candidate);
    for (const Round::Entry& entry : kept.neighbours) {
      if (useless->contains(entry.candidate)) continue;
      (room > 0 ? wanted : others).push_back(entry.candidate);
      if (room > 0) --room;
    }
    const bool last = step + 1 == steps;
    if (last) others.insert(others.begin(), reserve.begin(), reserve.end());
    TOKGRAFT_ASSIGN_OR_RETURN(
        kept, Play(std::move(wanted), budget, last ? others : std::vector<std::size_t>()));
    useless->insert(kept.idle.begin(), kept.idle.end());
  }
  return kept;
}

// Gives up the weakest and takes what then saves most in their place; first for a large part of the
// budget, then for smaller ones.
StatusOr<Round> Competition::Improve(Round best, std::uint64_t budget,
                                     std::uint64_t base_tokens) const {
  std::unordered_set<std::size_t> useless;  // neighbours that the pre-tokenizer keeps apart
  std::uint64_t part = std::min(budget, best.ids());
  if (part > kSmallBudget) part /= 4;
  for (int i = 0; i < kReturnRounds && part > 0 && part >= best.ids() / 8; ++i) {
    std::vector<std::size_t> stay;
    std::vector<std::size_t> weakest;
    best.Split(best.ids() - std::min(part, best.ids()), &stay, &weakest);
    TOKGRAFT_ASSIGN_OR_RETURN(Round next, Play(std::move(stay), budget));
    TOKGRAFT_ASSIGN_OR_RETURN(next, Refill(std::move(next), budget, weakest, &useless));
    const std::uint64_t gained = best.tokens - std::min(best.tokens, next.tokens);
    if (gained > 0) best = std::move(next);
    if (static_cast<double>(gained) <=
        kWorthwhile * static_cast<double>(base_tokens - best.tokens)) {
      part /= 2;
    }
  }
  std::erase_if(best.neighbours,
                [&](const Round::Entry& entry) { return useless.contains(entry.candidate); });
  return best;
}

Status Competition::Run(Selection* selection) const {
  const WorthOptions base_only{.corpus = options_.corpus, .threads = options_.threads};
  TOKGRAFT_ASSIGN_OR_RETURN(const Worth worth,
                            MeasureWorth(base_, builder_.Build({}, {}), base_only));
  selection->corpus_tokens_base = worth.tokens;
  selection->pieces.clear();
  const std::uint64_t budget = options_.budget.value_or(kNoLimit);
  if (budget == 0) return {};
  TOKGRAFT_ASSIGN_OR_RETURN(Round best, Shrink(budget));
  // With ids to spare, all that saves tokens is in already.
  if (best.ids() >= budget) {
    TOKGRAFT_ASSIGN_OR_RETURN(best, Improve(std::move(best), budget, worth.tokens));
  }
  for (const auto* entries : {&best.ranked, &best.neighbours}) {
    for (const Round::Entry& entry : *entries) {
      selection->pieces.push_back({candidates_[entry.candidate].donor_id, entry.saved});
    }
  }
  return {};
}

}  // namespace

std::string Selection::DebugString() const {
  std::string out = Cat("Selection{", pieces.size(), " pieces");
  if (budget) out += Cat(", budget ", *budget);
  if (!outside_scripts.empty()) out += Cat(", ", outside_scripts.size(), " left out");
  if (corpus_tokens_base > 0) out += Cat(", corpus of ", corpus_tokens_base, " base tokens");
  return out + "}";
}

StatusOr<Selection> Select(const TokenizerSpec& base, const TokenizerSpec& donor,
                           const Alignment& alignment, const SelectOptions& options) {
  if (alignment.donor_to_base.size() != donor.id_limit() ||
      alignment.base_size != base.id_limit()) {
    return InvalidArgumentError("alignment: it was made for other tokenizers; align these first");
  }
  TOKGRAFT_ASSIGN_OR_RETURN(const ScriptSet scripts, ScriptSet::Parse(options.scripts));
  Selection selection;
  if (!options.pieces.empty()) {
    if (!scripts.empty()) {
      return InvalidArgumentError(
          "pieces: a list of pieces and scripts were given, one of them was expected since both "
          "say which pieces are wanted; leave out the scripts, or take what they exclude out of "
          "the list");
    }
    TOKGRAFT_ASSIGN_OR_RETURN(selection, SelectListed(base, donor, alignment, options.pieces));
    selection.budget = options.budget;
    return selection;
  }
  selection.budget = options.budget;
  std::unordered_map<TokenId, std::string_view> bytes;
  for (const Candidate& candidate : MakeCandidates(donor, alignment.missing)) {
    bytes.emplace(candidate.donor_id, candidate.bytes);
  }
  for (const TokenId id : alignment.missing) {
    if (scripts.empty() || scripts.Covers(bytes.at(id))) {
      selection.pieces.push_back({.donor_id = id, .tokens_saved = 0});
    } else {
      selection.outside_scripts.push_back(id);
    }
  }
  std::sort(selection.outside_scripts.begin(), selection.outside_scripts.end());
  if (options.corpus.empty()) return selection;
  if (FindsWholePieces(base)) {
    TOKGRAFT_RETURN_IF_ERROR(SelectWhole(base, donor, options, &selection));
    return selection;
  }
  TOKGRAFT_ASSIGN_OR_RETURN(const ChainBuilder builder, ChainBuilder::Make(base));
  std::vector<TokenId> ids;
  for (const SelectedPiece& piece : selection.pieces) ids.push_back(piece.donor_id);
  const Competition competition(base, builder, options, MakeCandidates(donor, ids));
  TOKGRAFT_RETURN_IF_ERROR(competition.Run(&selection));
  return selection;
}

}  // namespace tokgraft
