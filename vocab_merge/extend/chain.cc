#include "vocab_merge/extend/chain.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <unordered_map>
#include <utility>

#include "tokenizer/text/utf8.h"
#include "vocab_merge/extend/pair_table.h"

namespace tokgraft {
namespace {

// Reducing is quadratic in the length of a piece, so longer ones are refused.
constexpr std::size_t kMaxPieceBytes = 1024;
constexpr std::size_t kMaxDerivedBytes = std::size_t{16} << 10;

struct StringHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
};
using PieceIndex = std::unordered_map<std::string, TokenId, StringHash, std::equal_to<>>;

// A stretch [begin, end) of the piece at hand. Without an id: a character that the vocabulary
// lacks.
struct Symbol {
  std::optional<TokenId> id;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

// In how many tokens it is written: a missing character becomes byte pieces.
std::uint32_t Tokens(const Symbol& symbol) { return symbol.id ? 1 : symbol.end - symbol.begin; }

struct Join {
  double turn = 0;  // lowest first
  TokenId product = 0;
};

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

}  // namespace

struct ChainBuilder::Tables {
  const TokenizerSpec* base = nullptr;
  BpeModel::Order order = BpeModel::Order::kMergeList;
  bool joins_bytes = false;
  std::array<std::optional<TokenId>, 256> byte_ids;
  PairTable merges;
  std::set<std::string, std::less<>> added_contents;

  // The piece with these bytes that the model can join into, or nullopt.
  std::optional<Piece> Text(std::string_view bytes) const {
    const std::optional<TokenId> id = base->vocab.Find(bytes);
    if (!id) return std::nullopt;
    std::optional<Piece> piece = base->vocab.Get(*id);
    if (!piece) return std::nullopt;
    const bool text =
        piece->kind == PieceKind::kNormal || piece->kind == PieceKind::kUserDefined ||
        (piece->kind == PieceKind::kUnused && base->reference == Reference::kSentencePiece);
    return text ? piece : std::nullopt;
  }
  bool SpellingTaken(std::string_view bytes) const {
    const std::optional<std::string> spelling = Spell(base->spelling, bytes);
    return !spelling || base->vocab.FindSpelling(*spelling).has_value() ||
           added_contents.find(*spelling) != added_contents.end();
  }
};

namespace {

using Tables = ChainBuilder::Tables;

// One run of Build: the base's tables and what has been added to them.
class Chains {
 public:
  Chains(const Tables& tables, const ForbiddenPieces& forbidden)
      : tables_(tables), forbidden_(forbidden) {
    growth_.first_id = static_cast<TokenId>(tables.base->id_limit());
  }

  enum class Added : std::uint8_t { kYes, kNoChain, kNoRoom };
  // Unless kYes, everything it had added is taken back.
  Added Add(std::string_view piece, std::size_t owner, std::uint64_t limit);
  std::size_t size() const { return growth_.pieces.size(); }
  bool Exists(std::string_view piece) const {
    return added_.find(piece) != added_.end() || tables_.Text(piece).has_value();
  }
  Growth Take() && { return std::move(growth_); }
  // The ids of all units and products of `text`, where they end in one token.
  std::optional<std::vector<TokenId>> Derive(std::string_view text);

 private:
  bool MakeUnits(std::string_view text, std::vector<Symbol>* symbols);
  void Reduce(std::string_view text, std::vector<Symbol>* symbols);
  std::optional<Join> FindJoin(std::string_view text, const Symbol& left,
                               const Symbol& right) const;
  std::optional<std::size_t> ChoosePair(std::string_view text,
                                        const std::vector<Symbol>& symbols) const;
  std::optional<TokenId> Id(std::string_view bytes) const;
  // A new piece; nullopt where its spelling is taken (by a special token, or by `<0x41>`).
  std::optional<TokenId> Register(std::string_view bytes);
  void TakeBack(std::size_t pieces, std::size_t merges);
  bool AddSteps(std::string_view piece);

  const Tables& tables_;
  const ForbiddenPieces& forbidden_;
  Growth growth_;
  PieceIndex added_;
  PairTable merges_;
  std::size_t owner_ = 0;
  std::vector<TokenId>* made_ = nullptr;  // where Reduce notes its products
  std::vector<Symbol> symbols_;
  std::vector<std::optional<Join>> joins_;
};

std::optional<TokenId> Chains::Id(std::string_view bytes) const {
  if (const auto it = added_.find(bytes); it != added_.end()) return it->second;
  const std::optional<Piece> piece = tables_.Text(bytes);
  return piece ? std::optional<TokenId>(piece->id) : std::nullopt;
}

std::optional<TokenId> Chains::Register(std::string_view bytes) {
  if (tables_.SpellingTaken(bytes)) return std::nullopt;
  const auto id = static_cast<TokenId>(growth_.first_id + growth_.pieces.size());
  const std::uint32_t begin = growth_.pieces.empty() ? 0 : growth_.pieces.back().merges_end;
  growth_.pieces.push_back(
      {std::string(bytes), owner_, begin, static_cast<std::uint32_t>(growth_.merges.size())});
  added_.emplace(std::string(bytes), id);
  return id;
}

void Chains::TakeBack(std::size_t pieces, std::size_t merges) {
  while (growth_.pieces.size() > pieces) {
    added_.erase(growth_.pieces.back().bytes);
    growth_.pieces.pop_back();
  }
  while (growth_.merges.size() > merges) {
    merges_.Erase(growth_.merges.back().left, growth_.merges.back().right);
    growth_.merges.pop_back();
  }
}

bool Chains::MakeUnits(std::string_view text, std::vector<Symbol>* symbols) {
  symbols->clear();
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = tables_.joins_bytes ? 1 : Utf8Length(text[at]);
    const std::string_view unit = text.substr(at, size);
    std::optional<TokenId> id =
        tables_.joins_bytes ? tables_.byte_ids[static_cast<unsigned char>(text[at])] : Id(unit);
    if (!id && tables_.joins_bytes) return false;
    // Only a merge list needs its characters in the vocabulary; scores join any characters.
    if (!id && tables_.order == BpeModel::Order::kMergeList) {
      if (unit != text && forbidden_.find(unit) != forbidden_.end()) return false;
      id = Register(unit);
      if (!id) return false;
      growth_.pieces.back().saves = static_cast<std::uint32_t>(size) - 1;  // byte pieces
    }
    symbols->push_back({id, static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at + size)});
    at += size;
  }
  return true;
}

std::optional<Join> Chains::FindJoin(std::string_view text, const Symbol& left,
                                     const Symbol& right) const {
  if (tables_.order == BpeModel::Order::kMergeList) {
    if (!left.id || !right.id) return std::nullopt;
    const PairTable::Value* value = tables_.merges.Find(*left.id, *right.id);
    if (value != nullptr) return Join{static_cast<double>(value->rank), value->product};
    value = merges_.Find(*left.id, *right.id);
    if (value == nullptr) return std::nullopt;
    return Join{1e12 + value->rank, value->product};
  }
  const std::string_view product = text.substr(left.begin, right.end - left.begin);
  if (const auto it = added_.find(product); it != added_.end()) {
    return Join{1e12 + it->second, it->second};
  }
  const std::optional<Piece> piece = tables_.Text(product);
  if (!piece) return std::nullopt;
  const bool by_score = tables_.order == BpeModel::Order::kScore;
  return Join{by_score ? -piece->score : static_cast<double>(piece->id), piece->id};
}

void Chains::Reduce(std::string_view text, std::vector<Symbol>* symbols) {
  std::vector<Symbol>& s = *symbols;
  joins_.clear();
  for (std::size_t i = 0; i + 1 < s.size(); ++i) joins_.push_back(FindJoin(text, s[i], s[i + 1]));
  while (s.size() > 1) {
    std::size_t best = joins_.size();
    for (std::size_t i = 0; i < joins_.size(); ++i) {
      if (joins_[i] && (best == joins_.size() || joins_[i]->turn < joins_[best]->turn)) best = i;
    }
    if (best == joins_.size()) return;
    s[best].id = joins_[best]->product;
    if (made_ != nullptr) made_->push_back(joins_[best]->product);
    s[best].end = s[best + 1].end;
    s.erase(s.begin() + static_cast<std::ptrdiff_t>(best) + 1);
    joins_.erase(joins_.begin() + static_cast<std::ptrdiff_t>(best));
    if (best > 0) joins_[best - 1] = FindJoin(text, s[best - 1], s[best]);
    if (best + 1 < s.size()) joins_[best] = FindJoin(text, s[best], s[best + 1]);
  }
}

std::optional<std::vector<TokenId>> Chains::Derive(std::string_view text) {
  if (!MakeUnits(text, &symbols_) || size() > 0) return std::nullopt;  // a unit is missing
  std::vector<TokenId> made;
  for (const Symbol& unit : symbols_) {
    if (unit.id) made.push_back(*unit.id);
  }
  made_ = &made;
  Reduce(text, &symbols_);
  made_ = nullptr;
  if (symbols_.size() != 1 || !symbols_[0].id) return std::nullopt;
  return made;
}

// The neighbours to join next: index of the left one.
std::optional<std::size_t> Chains::ChoosePair(std::string_view text,
                                              const std::vector<Symbol>& symbols) const {
  std::optional<std::size_t> chosen;
  int chosen_class = 4;
  for (std::size_t i = 0; i + 1 < symbols.size() && chosen_class > 0; ++i) {
    const std::size_t begin = symbols[i].begin;
    const std::size_t end = symbols[i + 1].end;
    const std::string_view product = text.substr(begin, end - begin);
    int pair_class = 3;  // across characters, with a part of one
    if (product.size() == text.size() || Id(product)) {
      pair_class = 0;
    } else if (forbidden_.find(product) != forbidden_.end() || tables_.SpellingTaken(product)) {
      continue;
    } else if (!IsContinuation(text[begin]) && (end == text.size() || !IsContinuation(text[end]))) {
      pair_class = 1;  // whole characters
    } else if (std::all_of(product.begin() + 1, product.end(), IsContinuation)) {
      pair_class = 2;  // inside one character
    }
    if (pair_class < chosen_class) {
      chosen = i;
      chosen_class = pair_class;
    }
  }
  return chosen;
}

bool Chains::AddSteps(std::string_view piece) {
  if (!MakeUnits(piece, &symbols_)) return false;
  Reduce(piece, &symbols_);
  while (symbols_.size() > 1) {
    const std::optional<std::size_t> pair = ChoosePair(piece, symbols_);
    if (!pair) return false;
    const Symbol& left = symbols_[*pair];
    const Symbol& right = symbols_[*pair + 1];
    const std::string_view product = piece.substr(left.begin, right.end - left.begin);
    const std::optional<TokenId> existing = Id(product);
    if (tables_.order == BpeModel::Order::kMergeList) {
      const TokenId id =
          existing.value_or(static_cast<TokenId>(growth_.first_id + growth_.pieces.size()));
      merges_.Insert(*left.id, *right.id, {static_cast<std::uint32_t>(growth_.merges.size()), id});
      growth_.merges.push_back({*left.id, *right.id, id});
    }
    if (!existing) {
      if (!Register(product)) return false;
      NewPiece& made = growth_.pieces.back();
      made.left = left.id;
      made.right = right.id;
      made.saves = std::max(made.merges_end - made.merges_begin, Tokens(left) + Tokens(right) - 1);
    }
    Reduce(piece, &symbols_);
  }
  if (Exists(piece)) return true;
  // One character of a base that joins by score.
  if (!Register(piece)) return false;
  growth_.pieces.back().saves = Tokens(symbols_.front()) - 1;
  return true;
}

Chains::Added Chains::Add(std::string_view piece, std::size_t owner, std::uint64_t limit) {
  if (piece.empty() || piece.size() > kMaxPieceBytes) return Added::kNoChain;
  if (!tables_.joins_bytes && !IsValidUtf8(piece)) return Added::kNoChain;
  const std::size_t pieces = growth_.pieces.size();
  const std::size_t merges = growth_.merges.size();
  owner_ = owner;
  const bool made = AddSteps(piece);
  if (made && growth_.pieces.size() <= limit) return Added::kYes;
  TakeBack(pieces, merges);
  return made ? Added::kNoRoom : Added::kNoChain;
}

Status CheckExtendable(const TokenizerSpec& base) {
  const auto refuse = [&](std::string_view what, std::string_view instead) {
    return UnimplementedError(Cat(base.source.empty() ? "base" : base.source, ": model: ", what,
                                  " cannot be extended, ", "a BPE model was expected; ", instead));
  };
  if (std::holds_alternative<UnigramModel>(base.model)) {
    return refuse("a Unigram model", "use it as the donor of a BPE base");
  }
  if (std::holds_alternative<WordPieceModel>(base.model)) {
    return refuse("a WordPiece model", "use it as the donor of a BPE base");
  }
  if (const auto* unknown = std::get_if<UnknownStage>(&base.model)) {
    return refuse(Cat("a model of the type ", unknown->type), "choose another base");
  }
  const auto& bpe = std::get<BpeModel>(base.model);
  if (!bpe.continuing_subword_prefix.value_or("").empty()) {
    return refuse("a BPE model with continuing_subword_prefix", "choose another base");
  }
  if (!bpe.end_of_word_suffix.value_or("").empty()) {
    return refuse("a BPE model with end_of_word_suffix", "choose another base");
  }
  if (!bpe.broken_merges.empty()) {
    const BrokenMerge& broken = bpe.broken_merges.front();
    return InvalidArgumentError(
        Cat(base.source, ": model.merges[", broken.index, "]: \"", broken.missing,
            "\" is not in the vocabulary; the file was edited or truncated"));
  }
  return {};
}

}  // namespace

StatusOr<ChainBuilder> ChainBuilder::Make(const TokenizerSpec& base) {
  TOKGRAFT_RETURN_IF_ERROR(CheckExtendable(base));
  const auto& bpe = std::get<BpeModel>(base.model);
  auto tables = std::make_shared<Tables>();
  tables->base = &base;
  tables->order = bpe.order;
  tables->joins_bytes = base.spelling == Spelling::kByteLevel ||
                        (base.spelling == Spelling::kRaw && bpe.order == BpeModel::Order::kRank);
  for (int b = 0; b < 256; ++b) {
    const char byte = static_cast<char>(b);
    const std::optional<Piece> piece = tables->Text(std::string_view(&byte, 1));
    if (piece) tables->byte_ids[static_cast<std::size_t>(b)] = piece->id;
  }
  for (const AddedToken& token : base.added_tokens) tables->added_contents.insert(token.content);
  tables->merges.Reserve(bpe.merges.size());
  // Of two merges of one pair the last counts in HF, the first in llama.cpp.
  const bool first_counts = base.reference == Reference::kLlamaCpp;
  for (std::size_t rank = 0; rank < bpe.merges.size(); ++rank) {
    const Merge& merge = bpe.merges[rank];
    if (first_counts && tables->merges.Find(merge.left, merge.right) != nullptr) continue;
    tables->merges.Insert(merge.left, merge.right,
                          {static_cast<std::uint32_t>(rank), merge.product});
  }
  ChainBuilder builder;
  builder.tables_ = std::move(tables);
  return builder;
}

bool ChainBuilder::joins_bytes() const { return tables_->joins_bytes; }
bool ChainBuilder::joins_by_text() const { return tables_->order != BpeModel::Order::kMergeList; }

std::optional<ChainBuilder::BaseJoin> ChainBuilder::FindMerge(TokenId left, TokenId right) const {
  const PairTable::Value* value = tables_->merges.Find(left, right);
  if (value == nullptr) return std::nullopt;
  return BaseJoin{static_cast<double>(value->rank), value->product};
}

std::optional<ChainBuilder::BaseJoin> ChainBuilder::FindText(std::string_view bytes) const {
  const std::optional<Piece> piece = tables_->Text(bytes);
  if (!piece) return std::nullopt;
  const bool by_score = tables_->order == BpeModel::Order::kScore;
  return BaseJoin{by_score ? -piece->score : static_cast<double>(piece->id), piece->id};
}

std::optional<TokenId> ChainBuilder::FindPiece(std::string_view bytes) const {
  const std::optional<Piece> piece = tables_->Text(bytes);
  return piece ? std::optional<TokenId>(piece->id) : std::nullopt;
}

bool ChainBuilder::SpellingTaken(std::string_view bytes) const {
  return tables_->SpellingTaken(bytes);
}

Growth ChainBuilder::Build(std::span<const std::string_view> wanted,
                           const ForbiddenPieces& forbidden, std::uint64_t limit) const {
  Chains chains(*tables_, forbidden);
  std::vector<std::size_t> refused;
  std::vector<std::size_t> unpaid;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (chains.Exists(wanted[i])) continue;
    const auto added =
        chains.size() < limit ? chains.Add(wanted[i], i, limit) : Chains::Added::kNoRoom;
    if (added == Chains::Added::kNoChain) refused.push_back(i);
    if (added == Chains::Added::kNoRoom) unpaid.push_back(i);
  }
  Growth growth = std::move(chains).Take();
  growth.refused = std::move(refused);
  growth.unpaid = std::move(unpaid);
  return growth;
}

std::optional<std::vector<TokenId>> ChainBuilder::Derive(std::string_view bytes) const {
  if (bytes.empty() || bytes.size() > kMaxDerivedBytes) return std::nullopt;
  return Chains(*tables_, ForbiddenPieces()).Derive(bytes);
}

}  // namespace tokgraft
