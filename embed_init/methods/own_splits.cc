#include "embed_init/methods/own_splits.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <variant>

#include "tokenizer/base/parallel.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

constexpr std::size_t kLongest = 256;  // bytes; longer tokens are rulers and spaces

class Splitter {
 public:
  explicit Splitter(const TokenizerSpec& spec) : spec_(spec) {
    if (const auto* bpe = std::get_if<BpeModel>(&spec.model)) {
      order_ = bpe->order;
      for (std::size_t i = 0; i < bpe->merges.size(); ++i) {
        const Merge& merge = bpe->merges[i];
        merges_.emplace(Key(merge.left, merge.right), Ranked{i, merge.product});
        ranks_.emplace(merge.product, i);
      }
    }
  }

  // The ids that spell the entry without it; empty: nothing does.
  std::vector<TokenId> Split(const Piece& piece) const {
    if (piece.spelling.size() > kLongest) return {};
    if (std::holds_alternative<BpeModel>(spec_.model)) return SplitBpe(piece);
    if (std::holds_alternative<UnigramModel>(spec_.model)) return SplitUnigram(piece);
    if (const auto* model = std::get_if<WordPieceModel>(&spec_.model)) {
      return SplitWordPiece(piece, *model);
    }
    return {};
  }

  // What orders tokens by frequency, the most frequent first.
  double Order(const Piece& piece) const {
    if (std::holds_alternative<UnigramModel>(spec_.model) || ScoresRank()) return -piece.score;
    const auto rank = ranks_.find(piece.id);
    return static_cast<double>(rank != ranks_.end() ? rank->second : piece.id);
  }

 private:
  struct Ranked {
    std::size_t rank;
    TokenId product;
  };
  static std::uint64_t Key(TokenId left, TokenId right) {
    return (std::uint64_t{left} << 32) | right;
  }
  bool ScoresRank() const {
    return std::holds_alternative<BpeModel>(spec_.model) && order_ == BpeModel::Order::kScore;
  }
  std::size_t UnitSize(std::string_view text, std::size_t at) const {
    return spec_.spelling == Spelling::kRaw ? 1 : std::min(Utf8Length(text[at]), text.size() - at);
  }
  bool IsNormal(TokenId id) const {
    const std::optional<Piece> piece = spec_.vocab.Get(id);
    return piece && piece->kind == PieceKind::kNormal;
  }

  struct Symbol {
    TokenId id;
    std::size_t begin;
    std::size_t end;
  };
  // The merge of two neighbours: the lower, the sooner.
  std::optional<std::pair<double, TokenId>> MergeOf(std::string_view text, const Symbol& left,
                                                    const Symbol& right, TokenId without) const {
    if (order_ == BpeModel::Order::kMergeList) {
      const auto merge = merges_.find(Key(left.id, right.id));
      if (merge == merges_.end() || merge->second.product == without) return std::nullopt;
      return std::pair(static_cast<double>(merge->second.rank), merge->second.product);
    }
    const auto id = spec_.vocab.FindSpelling(text.substr(left.begin, right.end - left.begin));
    if (!id || *id == without || !IsNormal(*id)) return std::nullopt;
    const double order =
        order_ == BpeModel::Order::kScore ? -spec_.vocab.Get(*id)->score : static_cast<double>(*id);
    return std::pair(order, *id);
  }

  std::vector<TokenId> SplitBpe(const Piece& piece) const {
    const std::string_view text = piece.spelling;
    std::vector<Symbol> symbols;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t size = UnitSize(text, at);
      const auto id = spec_.vocab.FindSpelling(text.substr(at, size));
      if (!id) return {};
      symbols.push_back({*id, at, at + size});
      at += size;
    }
    while (symbols.size() > 1) {
      std::optional<std::pair<double, TokenId>> best;
      std::size_t best_at = 0;
      for (std::size_t i = 0; i + 1 < symbols.size(); ++i) {
        const auto merge = MergeOf(text, symbols[i], symbols[i + 1], piece.id);
        if (merge && (!best || merge->first < best->first)) {
          best = merge;
          best_at = i;
        }
      }
      if (!best) break;
      symbols[best_at].id = best->second;
      symbols[best_at].end = symbols[best_at + 1].end;
      symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(best_at) + 1);
    }
    std::vector<TokenId> ids;
    for (const Symbol& symbol : symbols) ids.push_back(symbol.id);
    return ids;
  }

  std::vector<TokenId> SplitUnigram(const Piece& piece) const {
    const std::string_view text = piece.spelling;
    struct Step {
      double score = -std::numeric_limits<double>::infinity();
      std::size_t from = 0;
      TokenId id = 0;
    };
    std::vector<Step> steps(text.size() + 1);
    steps[0].score = 0;
    for (std::size_t at = 0; at < text.size(); at += UnitSize(text, at)) {
      if (steps[at].score == -std::numeric_limits<double>::infinity()) continue;
      for (std::size_t end = at; end < text.size();) {
        end += UnitSize(text, end);
        const auto id = spec_.vocab.FindSpelling(text.substr(at, end - at));
        if (!id || *id == piece.id || !IsNormal(*id)) continue;
        const double score = steps[at].score + spec_.vocab.Get(*id)->score;
        if (score > steps[end].score) steps[end] = {score, at, *id};
      }
    }
    std::vector<TokenId> ids;
    if (steps.back().score == -std::numeric_limits<double>::infinity()) return {};
    for (std::size_t at = text.size(); at > 0; at = steps[at].from) ids.push_back(steps[at].id);
    std::reverse(ids.begin(), ids.end());
    return ids;
  }

  std::vector<TokenId> SplitWordPiece(const Piece& piece, const WordPieceModel& model) const {
    const std::string& prefix = model.continuing_subword_prefix;
    const bool inside = piece.spelling.starts_with(prefix) && piece.spelling.size() > prefix.size();
    const std::string_view text = piece.spelling.substr(inside ? prefix.size() : 0);
    std::vector<TokenId> ids;
    for (std::size_t at = 0; at < text.size();) {
      std::optional<TokenId> found;
      std::size_t end = text.size();
      for (; end > at && !found; --end) {
        const std::string start = at > 0 || inside ? prefix : "";
        const auto id = spec_.vocab.FindSpelling(start + std::string(text.substr(at, end - at)));
        if (id && *id != piece.id && IsNormal(*id)) found = id;
        if (found) break;
      }
      if (!found) return {};
      ids.push_back(*found);
      at = end;
    }
    return ids;
  }

  const TokenizerSpec& spec_;
  BpeModel::Order order_ = BpeModel::Order::kMergeList;
  std::unordered_map<std::uint64_t, Ranked> merges_;
  std::unordered_map<TokenId, std::size_t> ranks_;
};

}  // namespace

std::vector<OwnSplit> SplitOwnTokens(const Tokenizer& tokenizer) {
  const TokenizerSpec& spec = tokenizer.spec();
  const Splitter splitter(spec);
  std::vector<OwnSplit> splits(spec.vocab.size());
  std::vector<double> order(spec.vocab.size(), 0);
  ParallelFor(splits.size(), 256, 0, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const Piece piece = spec.vocab.entry(i);
      if (piece.kind != PieceKind::kNormal) continue;
      splits[i].id = piece.id;
      order[i] = splitter.Order(piece);
      const std::vector<TokenId> ids = splitter.Split(piece);
      if (ids.size() < 2) continue;
      for (const TokenId id : ids) {
        const std::string_view bytes = tokenizer.token_bytes(id).value_or(std::string_view());
        splits[i].pieces.ids.push_back(id);
        splits[i].pieces.size_bytes.push_back(static_cast<std::uint32_t>(bytes.size()));
      }
    }
  });
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < splits.size(); ++i) {
    if (!splits[i].pieces.ids.empty()) kept.push_back(i);
  }
  std::sort(kept.begin(), kept.end(), [&](std::size_t a, std::size_t b) {
    return order[a] != order[b] ? order[a] < order[b] : splits[a].id < splits[b].id;
  });
  for (std::size_t rank = 0; rank < kept.size(); ++rank) splits[kept[rank]].rank = rank;
  std::erase_if(splits, [](const OwnSplit& split) { return split.pieces.ids.empty(); });
  std::sort(splits.begin(), splits.end(),
            [](const OwnSplit& a, const OwnSplit& b) { return a.id < b.id; });
  const auto same = [](const OwnSplit& a, const OwnSplit& b) { return a.id == b.id; };
  splits.erase(std::unique(splits.begin(), splits.end(), same), splits.end());
  return splits;
}

}  // namespace tokgraft
