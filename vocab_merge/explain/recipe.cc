#include "vocab_merge/explain/recipe.h"

#include <set>

#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

const BpeModel* MergeList(const TokenizerSpec& spec) {
  const auto* bpe = std::get_if<BpeModel>(&spec.model);
  return bpe != nullptr && bpe->order == BpeModel::Order::kMergeList ? bpe : nullptr;
}

// The text pieces of `spec` have ids by their bytes; a byte of last resort has none.
std::optional<TokenId> TextId(const TokenizerSpec& spec, std::string_view bytes) {
  const std::optional<TokenId> id = spec.vocab.Find(bytes);
  if (!id) return std::nullopt;
  const std::optional<Piece> piece = spec.vocab.Get(*id);
  return piece && piece->kind == PieceKind::kNormal ? id : std::nullopt;
}

// The donor's merges in ids of `spec`, which has its pieces.
std::vector<Merge> TranslateMerges(const TokenizerSpec& donor, const TokenizerSpec& spec) {
  std::vector<Merge> out;
  const BpeModel* list = MergeList(donor);
  if (list == nullptr) return out;
  for (const Merge& merge : list->merges) {
    const auto id = [&](TokenId donor_id) -> std::optional<TokenId> {
      const std::optional<Piece> piece = donor.vocab.Get(donor_id);
      return piece ? TextId(spec, piece->bytes) : std::nullopt;
    };
    const auto left = id(merge.left);
    const auto right = id(merge.right);
    const auto product = id(merge.product);
    if (left && right && product) out.push_back({*left, *right, *product});
  }
  return out;
}

using PairSet = std::set<std::pair<TokenId, TokenId>>;

PairSet PairsOf(const std::vector<Merge>& merges) {
  PairSet out;
  for (const Merge& merge : merges) out.emplace(merge.left, merge.right);
  return out;
}

std::vector<Merge> Combine(Recipe recipe, const std::vector<Merge>& base,
                           const std::vector<Merge>& donor) {
  std::vector<Merge> added = donor;
  if (recipe != Recipe::kConcatenate) {
    const PairSet known = PairsOf(base);
    std::erase_if(added, [&](const Merge& m) { return known.contains({m.left, m.right}); });
  }
  std::vector<Merge> out = recipe == Recipe::kPrepend ? added : base;
  const std::vector<Merge>& rest = recipe == Recipe::kPrepend ? base : added;
  out.insert(out.end(), rest.begin(), rest.end());
  return out;
}

Cooked CookPieces(Recipe recipe, const TokenizerSpec& base, const TokenizerSpec& donor,
                  std::span<const TokenId> donor_ids) {
  Cooked out{.tokenizer = base, .pieces = {}};
  TokenizerSpec& spec = out.tokenizer;
  const bool characters = base.spelling == Spelling::kMetaspace;
  auto next = static_cast<TokenId>(base.id_limit());
  for (const TokenId donor_id : donor_ids) {
    const std::optional<Piece> piece = donor.vocab.Get(donor_id);
    if (!piece || (characters && !IsValidUtf8(piece->bytes))) continue;
    const std::optional<std::string> spelling = Spell(base.spelling, piece->bytes);
    if (!spelling || spec.vocab.FindSpelling(*spelling)) continue;
    spec.vocab.Add({.id = next, .bytes = piece->bytes, .spelling = *spelling});
    out.pieces.emplace_back(next++, std::string(piece->bytes));
  }
  auto& bpe = std::get<BpeModel>(spec.model);
  if (bpe.order == BpeModel::Order::kMergeList) {
    bpe.merges = Combine(recipe, bpe.merges, TranslateMerges(donor, spec));
    bpe.merges_as_pairs = true;
  }
  return out;
}

Cooked CookAddedTokens(bool raw, const TokenizerSpec& base, const TokenizerSpec& donor,
                       std::span<const TokenId> donor_ids) {
  Cooked out{.tokenizer = base, .pieces = {}, .added_tokens = true};
  std::set<std::string, std::less<>> names;
  for (const AddedToken& token : base.added_tokens) names.insert(token.content);
  auto next = static_cast<TokenId>(base.id_limit());
  for (const TokenId donor_id : donor_ids) {
    const std::optional<Piece> piece = donor.vocab.Get(donor_id);
    if (!piece) continue;
    const std::string_view content = raw ? piece->spelling : piece->bytes;
    // An added token is text: fragments of characters have none.
    if (content.empty() || !IsValidUtf8(content) || !IsValidUtf8(piece->bytes)) continue;
    if (raw && base.vocab.FindSpelling(content)) continue;
    if (!names.emplace(content).second) continue;
    // As add_tokens declares a plain string.
    out.tokenizer.added_tokens.push_back(
        {.id = next, .content = std::string(content), .normalized = true});
    out.pieces.emplace_back(next++, std::string(piece->bytes));
  }
  return out;
}

}  // namespace

std::string_view RecipeName(Recipe recipe) {
  switch (recipe) {
    case Recipe::kAppend:
      return "append the donor's merges";
    case Recipe::kConcatenate:
      return "concatenate the merge lists";
    case Recipe::kPrepend:
      return "prepend the donor's merges";
    case Recipe::kScoreZero:
      return "append pieces with score 0";
    case Recipe::kRawAddedTokens:
      return "add_tokens, as the file spells";
    case Recipe::kAddedTokens:
      return "add_tokens, as text";
  }
  return {};
}

std::vector<Recipe> RecipesFor(const TokenizerSpec& base, const TokenizerSpec& donor) {
  std::vector<Recipe> out;
  if (MergeList(base) != nullptr && MergeList(donor) != nullptr) {
    out = {Recipe::kConcatenate, Recipe::kPrepend, Recipe::kAppend};
  }
  const auto* bpe = std::get_if<BpeModel>(&base.model);
  if (bpe != nullptr && bpe->order == BpeModel::Order::kScore) out = {Recipe::kScoreZero};
  if (base.format == Format::kTokenizerJson) {
    out.push_back(Recipe::kRawAddedTokens);
    out.push_back(Recipe::kAddedTokens);
  }
  return out;
}

Cooked Cook(Recipe recipe, const TokenizerSpec& base, const TokenizerSpec& donor,
            std::span<const TokenId> donor_ids) {
  if (recipe == Recipe::kRawAddedTokens || recipe == Recipe::kAddedTokens) {
    return CookAddedTokens(recipe == Recipe::kRawAddedTokens, base, donor, donor_ids);
  }
  return CookPieces(recipe, base, donor, donor_ids);
}

std::size_t SharedPairs(const TokenizerSpec& base, const TokenizerSpec& donor) {
  const BpeModel* list = MergeList(base);
  if (list == nullptr) return 0;
  const PairSet known = PairsOf(list->merges);
  std::size_t shared = 0;
  for (const Merge& merge : TranslateMerges(donor, base)) {
    shared += known.contains({merge.left, merge.right}) ? 1U : 0U;
  }
  return shared;
}

}  // namespace tokgraft
