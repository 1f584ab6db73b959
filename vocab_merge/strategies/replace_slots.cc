// replace-slots: the vocabulary keeps its size, the least useful old pieces give way to new ones.
//
// The base is extended first, so that the new pieces are those that `extend` would add. Then old
// pieces are weighed on the old text: a piece is worth as often as the extended tokenizer makes it
// there, on the way to another one or for itself, so parts are worth at least as much as wholes and
// what is worth least can go without taking anything along. The rest is taken in from the best
// down, each with all that joins make on the way to it, until no room is left.
#include <algorithm>
#include <optional>
#include <utility>

#include "tokenizer/base/report_text.h"
#include "vocab_merge/extend/batches.h"
#include "vocab_merge/extend/chain.h"
#include "vocab_merge/rules/rule.h"
#include "vocab_merge/strategies/strategy.h"
#include "vocab_merge/trim/keep.h"
#include "vocab_merge/trim/renumber.h"

namespace tokgraft {
namespace {

Status CheckOptions(const TokenizerSpec& base, const MergeOptions& options) {
  const auto* bpe = std::get_if<BpeModel>(&base.model);
  if (bpe != nullptr && bpe->order == BpeModel::Order::kRank) {
    return UnimplementedError(Cat(base.source,
                                  ": ids are ranks in this format, so a new piece in an old slot "
                                  "would be joined before old ones; convert it to tokenizer.json"));
  }
  if (!options.budget) {
    return InvalidArgumentError(
        "strategy: \"replace-slots\" needs a budget: how many old pieces may go");
  }
  if (options.protect.empty()) {
    return InvalidArgumentError(
        "strategy: \"replace-slots\" needs old text to weigh old pieces on; give it as protect");
  }
  return CheckJoins(base);
}

// Ids that the joins on the way to each piece make, itself last.
class Derivations {
 public:
  static StatusOr<Derivations> Make(const TokenizerSpec& spec) {
    Derivations out(spec);
    if (std::holds_alternative<BpeModel>(spec.model)) {
      TOKGRAFT_ASSIGN_OR_RETURN(out.builder_, ChainBuilder::Make(spec));
    }
    return out;
  }
  std::vector<TokenId> Of(TokenId id) const {
    const std::optional<Piece> piece = spec_->vocab.Get(id);
    if (!builder_ || !piece) return {id};
    auto made = builder_->Derive(piece->bytes);
    if (!made || made->back() != id) return {id};  // found whole, without joins
    return *std::move(made);
  }

 private:
  explicit Derivations(const TokenizerSpec& spec) : spec_(&spec) {}
  const TokenizerSpec* spec_;
  std::optional<ChainBuilder> builder_;
};

// How often each id is made in the documents.
std::vector<std::uint64_t> Weigh(const Tokenizer& tokenizer, const Derivations& derivations,
                                 const MergeOptions& options) {
  std::vector<std::uint64_t> emitted(tokenizer.vocab_size());
  for (const auto batch : Batches(options.protect)) {
    for (const TokenId id : tokenizer.EncodeBatch(batch, options.threads).ids) ++emitted[id];
  }
  std::vector<std::uint64_t> made(emitted.size());
  for (std::size_t id = 0; id < emitted.size(); ++id) {
    if (emitted[id] == 0) continue;
    for (const TokenId part : derivations.Of(static_cast<TokenId>(id))) made[part] += emitted[id];
  }
  return made;
}

// What stays at all costs: foundations, what the chat templates need, and the new pieces with all
// that their texts are made of.
StatusOr<KeepSet> MustStay(const TokenizerSpec& extended, const Tokenizer& tokenizer,
                           const IdMap& map, const MergeOptions& options) {
  KeepSet keep(extended.id_limit());
  std::uint64_t ignored = 0;
  KeepFoundations(extended, &keep, &ignored, &ignored);
  KeepLiterals(tokenizer, options.threads, &keep, &ignored);
  std::vector<std::string_view> witnesses;
  for (const AddedPiece& piece : map.added) {
    keep.Add(piece.id, &ignored);
    witnesses.push_back(piece.witness);
  }
  KeepUsed(tokenizer, witnesses, options.threads, &keep, &ignored);
  TOKGRAFT_RETURN_IF_ERROR(KeepIntermediates(extended, &keep, &ignored));
  return keep;
}

std::uint64_t CountKept(const KeepSet& keep, std::size_t limit) {
  std::uint64_t count = 0;
  for (std::size_t id = 0; id < limit; ++id) count += keep.Has(static_cast<TokenId>(id)) ? 1U : 0U;
  return count;
}

// Fills `keep` up to `room` ids of the base, the most useful first.
void KeepUseful(const TokenizerSpec& base, const Derivations& derivations,
                const std::vector<std::uint64_t>& weights, std::uint64_t room, KeepSet* keep) {
  std::vector<TokenId> order;
  for (const ListedToken& token : FirstOfEachId(ListTokens(base))) order.push_back(token.id);
  // Of equal ones those that the base's trainer found first, that is the lower ids.
  std::sort(order.begin(), order.end(), [&](TokenId a, TokenId b) {
    return weights[a] != weights[b] ? weights[a] > weights[b] : a < b;
  });
  std::uint64_t kept = CountKept(*keep, base.id_limit());
  for (const TokenId id : order) {
    if (kept >= room) return;
    if (keep->Has(id)) continue;
    std::vector<TokenId> missing;
    for (const TokenId part : derivations.Of(id)) {
      if (!keep->Has(part)) missing.push_back(part);
    }
    std::sort(missing.begin(), missing.end());
    missing.erase(std::unique(missing.begin(), missing.end()), missing.end());
    if (kept + missing.size() > room) continue;
    for (const TokenId part : missing) keep->Add(part, &kept);
  }
}

// New ids of the extended vocabulary: old ids stay or go, new pieces take the slots that are free.
StatusOr<std::vector<std::optional<TokenId>>> AssignSlots(const TokenizerSpec& base,
                                                          const IdMap& map, const KeepSet& keep) {
  std::vector<std::optional<TokenId>> new_ids(keep.size());
  std::vector<TokenId> free;
  for (const ListedToken& token : FirstOfEachId(ListTokens(base))) {
    if (keep.Has(token.id)) {
      new_ids[token.id] = token.id;
    } else {
      free.push_back(token.id);
    }
  }
  std::sort(free.begin(), free.end());
  if (free.size() < map.added.size()) {
    return InvalidArgumentError(
        Cat("strategy: \"replace-slots\": only ", Grouped(free.size()),
            " old pieces can go, the new ones need ", Grouped(map.added.size()),
            "; the others are special, bytes or parts of what stays: give a smaller budget"));
  }
  for (std::size_t i = 0; i < map.added.size(); ++i) new_ids[map.added[i].id] = free[i];
  return new_ids;
}

// The map of the extension, with the slots in it.
IdMap MapSlots(const TokenizerSpec& base, IdMap map,
               const std::vector<std::optional<TokenId>>& new_ids, std::uint64_t merged_size) {
  const auto moved = [&](TokenId id) { return *new_ids[id]; };
  map.strategy = "replace-slots";
  map.merged_size = merged_size;
  for (std::optional<TokenId>& id : map.base_to_merged) {
    if (id) id = new_ids[*id];
  }
  for (std::optional<TokenId>& id : map.donor_to_merged) {
    if (id) id = new_ids[*id];
  }
  for (AddedPiece& piece : map.added) {
    piece.id = moved(piece.id);
    for (auto& [left, right] : piece.merges) {
      left = moved(left);
      right = moved(right);
    }
  }
  std::sort(map.added.begin(), map.added.end(),
            [](const AddedPiece& a, const AddedPiece& b) { return a.id < b.id; });
  map.removed = RemovedPieces(base, map.base_to_merged);
  return map;
}

}  // namespace

StatusOr<MergeResult> ReplaceSlots(const TokenizerSpec& base, const TokenizerSpec& donor,
                                   const MergeOptions& options) {
  TOKGRAFT_RETURN_IF_ERROR(CheckOptions(base, options));
  MergeOptions extend = options;
  extend.strategy = "extend";
  TOKGRAFT_ASSIGN_OR_RETURN(MergeResult extended, MergeTokenizers(base, donor, extend));
  if (options.progress) options.progress("weigh old pieces", 0);
  TOKGRAFT_ASSIGN_OR_RETURN(const Tokenizer tokenizer, Compile(extended.tokenizer));
  TOKGRAFT_ASSIGN_OR_RETURN(const Derivations derivations, Derivations::Make(extended.tokenizer));
  const std::vector<std::uint64_t> weights = Weigh(tokenizer, derivations, options);
  TOKGRAFT_ASSIGN_OR_RETURN(KeepSet keep,
                            MustStay(extended.tokenizer, tokenizer, extended.id_map, options));
  const std::uint64_t old_ids = FirstOfEachId(ListTokens(base)).size();
  KeepUseful(base, derivations, weights,
             old_ids - std::min<std::uint64_t>(old_ids, extended.id_map.added.size()), &keep);
  TOKGRAFT_ASSIGN_OR_RETURN(const std::vector<std::optional<TokenId>> new_ids,
                            AssignSlots(base, extended.id_map, keep));
  MergeResult result;
  TOKGRAFT_ASSIGN_OR_RETURN(result.tokenizer, Renumber(extended.tokenizer, new_ids));
  result.id_map = MapSlots(base, std::move(extended.id_map), new_ids, result.tokenizer.id_limit());
  result.conflicts = std::move(extended.conflicts);
  result.notes = std::move(extended.notes);
  TOKGRAFT_RETURN_IF_ERROR(CheckAgain(base, donor, &result));
  TOKGRAFT_RETURN_IF_ERROR(CertifyResult(base, options, &result));
  return result;
}

}  // namespace tokgraft
