#include "vocab_merge/alignment.h"

#include <algorithm>
#include <limits>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "vocab_merge/rules/token_list.h"

namespace tokgraft {
namespace {

// Tables are indexed by id, so a hostile file must not name a huge one.
constexpr std::size_t kMaxIds = std::size_t{1} << 24;

Status CheckIds(const TokenizerSpec& spec, std::string_view role) {
  if (spec.id_limit() <= kMaxIds) return {};
  return UnimplementedError(Cat(spec.source.empty() ? role : std::string_view(spec.source),
                                ": vocabulary: id ", spec.id_limit() - 1,
                                " is too high to merge, ids below ", kMaxIds, " were expected"));
}

Status CheckBase(const TokenizerSpec& base, const std::vector<ListedToken>& tokens) {
  std::unordered_map<TokenId, std::string_view> by_id;
  std::unordered_set<std::string_view> spellings;
  by_id.reserve(tokens.size());
  spellings.reserve(tokens.size());
  const std::string name = base.source.empty() ? "base" : base.source;
  for (const ListedToken& token : tokens) {
    const auto [at, first] = by_id.emplace(token.id, token.spelling);
    if (!first) {
      return InvalidArgumentError(Cat(name, ": vocabulary: id ", token.id, " has two pieces, \"",
                                      at->second, "\" and \"", token.spelling,
                                      "\"; one piece an id was expected, repair the file"));
    }
    if (!spellings.insert(token.spelling).second) {
      return InvalidArgumentError(Cat(name, ": vocabulary: the piece \"", token.spelling,
                                      "\" stands there twice, once was expected; repair the file"));
    }
  }
  return {};
}

// What of the base stands for some bytes, by class.
class BaseTokens {
 public:
  explicit BaseTokens(const std::vector<ListedToken>& tokens) {
    text_.reserve(tokens.size());
    for (const ListedToken& token : tokens) {
      switch (token.token_class) {
        case TokenClass::kText:
          Keep(&text_, token);
          break;
        case TokenClass::kDeclared:
          Keep(&declared_, token);
          break;
        case TokenClass::kByte:
          Keep(&bytes_, token);
          break;
        case TokenClass::kSpecial:
          Keep(&special_, token);
          break;
        case TokenClass::kUnused:
          break;
      }
    }
  }
  std::optional<TokenId> Match(const ListedToken& donor) const {
    switch (donor.token_class) {
      case TokenClass::kSpecial:
        return Get(special_, donor.bytes);
      case TokenClass::kUnused:
        return std::nullopt;
      case TokenClass::kByte:
        if (const auto id = Get(bytes_, donor.bytes)) return id;
        break;
      case TokenClass::kText:
      case TokenClass::kDeclared:
        break;
    }
    if (const auto id = Get(declared_, donor.bytes)) return id;  // found before the model runs
    if (const auto id = Get(text_, donor.bytes)) return id;
    return Get(bytes_, donor.bytes);
  }

 private:
  using Map = std::unordered_map<std::string_view, TokenId>;
  static void Keep(Map* map, const ListedToken& token) {
    const auto [at, first] = map->emplace(token.bytes, token.id);
    if (!first) at->second = std::min(at->second, token.id);
  }
  static std::optional<TokenId> Get(const Map& map, std::string_view bytes) {
    const auto at = map.find(bytes);
    return at == map.end() ? std::nullopt : std::optional<TokenId>(at->second);
  }
  Map text_, declared_, bytes_, special_;
};

// Tokens told as a WordPiece base tells them apart: a piece that begins a word is its text after a
// space, as other vocabularies have it, one inside a word its text alone.
class WordTokens {
 public:
  WordTokens(const TokenizerSpec& base, const TokenizerSpec& spec, std::vector<ListedToken> tokens)
      : tokens_(std::move(tokens)) {
    if (base.spelling != Spelling::kWordPiece || spec.spelling != Spelling::kWordPiece) return;
    texts_.reserve(tokens_.size());  // views into it stay
    for (ListedToken& token : tokens_) {
      if (token.token_class != TokenClass::kText || token.spelling != token.bytes) continue;
      texts_.push_back(Cat(" ", token.bytes));
      token.bytes = texts_.back();
    }
  }
  const std::vector<ListedToken>& tokens() const { return tokens_; }

 private:
  std::vector<std::string> texts_;
  std::vector<ListedToken> tokens_;
};

// When the donor's own model gives each piece its turn, lowest first.
std::unordered_map<TokenId, double> DonorTurns(const TokenizerSpec& donor) {
  std::unordered_map<TokenId, double> turns;
  turns.reserve(donor.vocab.size());
  const auto* bpe = std::get_if<BpeModel>(&donor.model);
  const bool by_score = std::holds_alternative<UnigramModel>(donor.model) ||
                        (bpe != nullptr && bpe->order == BpeModel::Order::kScore);
  for (std::size_t i = 0; i < donor.vocab.size(); ++i) {
    const Piece piece = donor.vocab.entry(i);
    turns.emplace(piece.id, by_score ? -piece.score : static_cast<double>(piece.id));
  }
  if (bpe == nullptr || bpe->order != BpeModel::Order::kMergeList) return turns;
  for (auto& [id, turn] : turns) turn = -1;  // characters come first
  for (std::size_t rank = bpe->merges.size(); rank > 0; --rank) {
    turns[bpe->merges[rank - 1].product] = static_cast<double>(rank);
  }
  return turns;
}

}  // namespace

std::string Alignment::DebugString() const {
  return Cat("Alignment{", base_size, " base ids, ", donor_to_base.size(), " donor ids, ", shared,
             " pieces shared, ", missing.size(), " missing}");
}

StatusOr<Alignment> Align(const TokenizerSpec& base, const TokenizerSpec& donor,
                          const AlignOptions&) {
  TOKGRAFT_RETURN_IF_ERROR(CheckIds(base, "base"));
  TOKGRAFT_RETURN_IF_ERROR(CheckIds(donor, "donor"));
  const WordTokens base_tokens(base, base, ListTokens(base));
  TOKGRAFT_RETURN_IF_ERROR(CheckBase(base, base_tokens.tokens()));
  const WordTokens donor_tokens(base, donor, ListTokens(donor));
  const BaseTokens index(base_tokens.tokens());
  Alignment out;
  out.base_size = base.id_limit();
  out.donor_to_base.resize(donor.id_limit());
  std::vector<bool> seen(donor.id_limit());
  std::unordered_set<std::string_view> missing_bytes;
  for (const ListedToken& token : donor_tokens.tokens()) {
    if (seen[token.id]) continue;  // two pieces on one id: the first counts
    seen[token.id] = true;
    out.donor_to_base[token.id] = index.Match(token);
    if (out.donor_to_base[token.id]) {
      if (token.token_class == TokenClass::kText) ++out.shared;
    } else if (IsOfferedText(token) && missing_bytes.insert(token.bytes).second) {
      out.missing.push_back(token.id);
    }
  }
  const std::unordered_map<TokenId, double> turns = DonorTurns(donor);
  const auto turn = [&](TokenId id) {
    const auto at = turns.find(id);
    return at == turns.end() ? std::numeric_limits<double>::infinity() : at->second;
  };
  std::sort(out.missing.begin(), out.missing.end(),
            [&](TokenId a, TokenId b) { return std::pair(turn(a), a) < std::pair(turn(b), b); });
  return out;
}

}  // namespace tokgraft
