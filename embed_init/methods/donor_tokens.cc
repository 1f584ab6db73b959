#include "embed_init/methods/donor_tokens.h"

#include "tokenizer/load.h"
#include "vocab_merge/alignment.h"

namespace tokgraft {
namespace {

// The merge's own donor, whose ids the id map names.
DonorTokens OfIdMap(const IdMap& id_map, std::uint64_t donor_rows, std::uint64_t old_rows) {
  DonorTokens found;
  std::vector<std::optional<std::uint32_t>> old_of(static_cast<std::size_t>(id_map.merged_size));
  for (std::size_t id = 0; id < id_map.base_to_merged.size() && id < old_rows; ++id) {
    const std::optional<TokenId>& merged = id_map.base_to_merged[id];
    if (merged && *merged < old_of.size()) old_of[*merged] = static_cast<std::uint32_t>(id);
  }
  for (std::size_t id = 0; id < id_map.donor_to_merged.size(); ++id) {
    const std::optional<TokenId>& merged = id_map.donor_to_merged[id];
    if (!merged) continue;
    if (id >= donor_rows) {
      ++found.beyond;
    } else if (*merged < old_of.size() && old_of[*merged]) {
      found.anchors.push_back({*old_of[*merged], static_cast<std::uint32_t>(id)});
    }
  }
  for (const AddedPiece& added : id_map.added) {
    const bool has = added.donor_id && *added.donor_id < donor_rows;
    found.wanted.push_back(has ? added.donor_id : std::nullopt);
  }
  return found;
}

bool IsText(PieceKind kind) {
  return kind == PieceKind::kNormal || kind == PieceKind::kByte || kind == PieceKind::kUserDefined;
}

}  // namespace

StatusOr<DonorTokens> FindDonorTokens(const std::string& donor_model, std::uint64_t donor_rows,
                                      const IdMap& id_map, const Tokenizer& base,
                                      std::uint64_t old_rows) {
  StatusOr<TokenizerSpec> donor = Load(donor_model);
  if (absl::IsNotFound(donor.status())) {
    if (id_map.donor_to_merged.empty()) {
      return FailedPreconditionError(
          Cat(donor_model,
              ": holds no tokenizer, and the id map knows no donor; put the donor "
              "model's tokenizer beside it, or leave it out"));
    }
    return OfIdMap(id_map, donor_rows, old_rows);
  }
  if (!donor.ok()) return donor.status();
  TOKGRAFT_ASSIGN_OR_RETURN(const Alignment alignment, Align(base.spec(), *donor));
  DonorTokens found;
  for (std::size_t id = 0; id < alignment.donor_to_base.size(); ++id) {
    const std::optional<TokenId>& old = alignment.donor_to_base[id];
    if (id >= donor_rows) {
      ++found.beyond;
    } else if (old && *old < old_rows) {
      found.anchors.push_back({*old, static_cast<std::uint32_t>(id)});
    }
  }
  const bool is_merges_donor = id_map.donor_to_merged.size() == alignment.donor_to_base.size();
  for (const AddedPiece& added : id_map.added) {
    std::optional<TokenId> row = is_merges_donor ? added.donor_id : std::nullopt;
    if (!row) {
      row = donor->vocab.Find(added.bytes);
      const std::optional<Piece> piece = row ? donor->vocab.Get(*row) : std::nullopt;
      if (piece && !IsText(piece->kind)) row.reset();
    }
    found.wanted.push_back(row && *row < donor_rows ? row : std::nullopt);
  }
  return found;
}

}  // namespace tokgraft
