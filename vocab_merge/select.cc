#include "vocab_merge/select.h"

#include <algorithm>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "tokenizer/tokenizer.h"
#include "vocab_merge/extend/candidates.h"
#include "vocab_merge/extend/chain.h"
#include "vocab_merge/extend/scripts.h"

namespace tokgraft {
namespace {

// Of the pieces beyond the budget this share is taken out in each round: the more rounds, the more
// often the others compete again.
constexpr double kDropShare = 0.5;
constexpr std::size_t kBatchBytes = std::size_t{1} << 22;

// How often each id stands in the encoded corpus.
std::vector<std::uint64_t> CountIds(const Tokenizer& tokenizer, const SelectOptions& options) {
  std::vector<std::uint64_t> counts(tokenizer.vocab_size());
  for (std::size_t begin = 0; begin < options.corpus.size();) {
    std::size_t end = begin;
    std::size_t bytes = 0;
    while (end < options.corpus.size() && (end == begin || bytes < kBatchBytes)) {
      bytes += options.corpus[end++].size();
    }
    const auto texts = std::span(options.corpus).subspan(begin, end - begin);
    for (const TokenId id : tokenizer.EncodeBatch(texts, options.threads).ids) ++counts[id];
    begin = end;
  }
  return counts;
}

class Competition {
 public:
  Competition(const TokenizerSpec& base, const ChainBuilder& builder, const SelectOptions& options)
      : base_(base), builder_(builder), options_(options) {}

  // All of `pieces` in one vocabulary: what each saves on the corpus against the base.
  Status Run(const TokenizerSpec& donor, std::vector<SelectedPiece>* pieces) {
    std::vector<TokenId> ids;
    for (const SelectedPiece& piece : *pieces) ids.push_back(piece.donor_id);
    const std::vector<Candidate> candidates = MakeCandidates(donor, ids);
    const Growth growth = builder_.Build(BytesOf(candidates), {});
    TOKGRAFT_ASSIGN_OR_RETURN(TokenizerSpec merged, ExtendSpec(base_, growth));
    TOKGRAFT_ASSIGN_OR_RETURN(const Tokenizer tokenizer, Compile(std::move(merged)));
    const std::vector<std::uint64_t> counts = CountIds(tokenizer, options_);
    std::unordered_map<std::string_view, std::uint64_t> saved;
    new_ids_ = growth.pieces.size();
    for (std::size_t i = 0; i < growth.pieces.size(); ++i) {
      const std::string_view bytes = growth.pieces[i].bytes;
      const std::uint64_t count = counts[growth.first_id + i];
      if (count > 0) saved.emplace(bytes, count * (builder_.BaseTokens(bytes) - 1));
    }
    std::unordered_map<TokenId, std::uint64_t> saved_by_id;
    for (const Candidate& candidate : candidates) {
      const auto at = saved.find(candidate.bytes);
      if (at != saved.end()) saved_by_id.emplace(candidate.donor_id, at->second);
    }
    for (SelectedPiece& piece : *pieces) {
      const auto at = saved_by_id.find(piece.donor_id);
      piece.tokens_saved = at == saved_by_id.end() ? 0 : at->second;
    }
    // Equal savings keep the donor's order.
    std::stable_sort(pieces->begin(), pieces->end(),
                     [](const SelectedPiece& a, const SelectedPiece& b) {
                       return a.tokens_saved > b.tokens_saved;
                     });
    return {};
  }
  // Ids that the last round would have cost, helper pieces included.
  std::uint64_t new_ids() const { return new_ids_; }

 private:
  const TokenizerSpec& base_;
  const ChainBuilder& builder_;
  const SelectOptions& options_;
  std::uint64_t new_ids_ = 0;
};

Status SelectOnCorpus(const TokenizerSpec& base, const TokenizerSpec& donor,
                      const SelectOptions& options, Selection* selection) {
  TOKGRAFT_ASSIGN_OR_RETURN(const ChainBuilder builder, ChainBuilder::Make(base));
  TOKGRAFT_ASSIGN_OR_RETURN(const Tokenizer tokenizer, Compile(base));
  for (const std::uint64_t count : CountIds(tokenizer, options)) {
    selection->corpus_tokens_base += count;
  }
  Competition competition(base, builder, options);
  std::vector<SelectedPiece>& pieces = selection->pieces;
  while (!pieces.empty()) {
    TOKGRAFT_RETURN_IF_ERROR(competition.Run(donor, &pieces));
    const std::size_t before = pieces.size();
    while (!pieces.empty() && pieces.back().tokens_saved == 0) pieces.pop_back();
    const std::uint64_t budget = options.budget.value_or(pieces.size());
    if (pieces.size() <= budget) {
      // Once more where pieces have gone: others may have taken over their work.
      if (pieces.size() < before) TOKGRAFT_RETURN_IF_ERROR(competition.Run(donor, &pieces));
      break;
    }
    const double excess = static_cast<double>(pieces.size() - budget);
    const auto drop = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(excess * kDropShare));
    // The last stretch, too short to matter, is left to the plan, which cuts at the budget.
    if (excess < 0.02 * static_cast<double>(budget) + 1) break;
    pieces.resize(pieces.size() - drop);
  }
  return {};
}

}  // namespace

std::string Selection::DebugString() const {
  std::string out = Cat("Selection{", pieces.size(), " pieces");
  if (budget) out += Cat(", budget ", *budget);
  if (!outside_scripts.empty()) out += Cat(", ", outside_scripts.size(), " in other scripts");
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
  if (!options.corpus.empty()) {
    TOKGRAFT_RETURN_IF_ERROR(SelectOnCorpus(base, donor, options, &selection));
  }
  return selection;
}

}  // namespace tokgraft
