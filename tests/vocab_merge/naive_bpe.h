// BPE and the merge of a donor into it, written again from their definitions, as slowly as it gets:
// no tables, no order of visits that the product has. An oracle for the property tests.
//
// Stages: what the random bases have. Added tokens are found first; spaces are written as they are,
// since pieces are bytes here; text is cut at digits and line ends where the base cuts it.
#ifndef TOKGRAFT_TESTS_VOCAB_MERGE_NAIVE_BPE_H_
#define TOKGRAFT_TESTS_VOCAB_MERGE_NAIVE_BPE_H_

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "tokenizer/spec.h"
#include "tokenizer/text/utf8.h"
#include "tokenizer/token.h"

namespace tokgraft::toy {

class NaiveBpe {
 public:
  explicit NaiveBpe(const TokenizerSpec& spec) : spec_(spec) {
    const auto& bpe = std::get<BpeModel>(spec.model);
    order_ = bpe.order;
    whole_words_ = bpe.ignore_merges || order_ == BpeModel::Order::kRank;
    joins_bytes_ = spec.spelling != Spelling::kMetaspace;
    next_id_ = static_cast<TokenId>(spec.id_limit());
    for (std::size_t i = 0; i < spec.vocab.size(); ++i) {
      const Piece piece = spec.vocab.entry(i);
      if (piece.kind == PieceKind::kByte) bytes_[std::string(piece.bytes)] = piece.id;
      if (piece.kind != PieceKind::kNormal) continue;
      text_[std::string(piece.bytes)] = {piece.id, order_ == BpeModel::Order::kScore
                                                       ? -piece.score
                                                       : static_cast<double>(piece.id)};
    }
    for (const Merge& merge : bpe.merges) AddMerge(merge.left, merge.right, merge.product);
    for (const PreTokenizer& step : spec.pre_tokenizers) {
      cuts_digits_ |= std::holds_alternative<pre_tokenizer::Digits>(step);
      cuts_lines_ |= std::holds_alternative<pre_tokenizer::Split>(step);
    }
    for (const Normalizer& step : spec.normalizers) {
      const auto* sentencepiece = std::get_if<normalizer::SentencePiece>(&step);
      prefixes_ |= std::holds_alternative<normalizer::Prepend>(step) ||
                   (sentencepiece != nullptr && sentencepiece->add_dummy_prefix);
    }
  }

  // Whether a base's stages are among those that are written again here.
  static bool Knows(const TokenizerSpec& spec) {
    for (const PreTokenizer& step : spec.pre_tokenizers) {
      const auto* bytes = std::get_if<pre_tokenizer::ByteLevel>(&step);
      const auto* split = std::get_if<pre_tokenizer::Split>(&step);
      if (bytes != nullptr && bytes->use_regex) return false;
      if (split != nullptr && split->pattern.text != R"([^\r\n]+|[\r\n]+)") return false;
    }
    for (const Normalizer& step : spec.normalizers) {
      const auto* sentencepiece = std::get_if<normalizer::SentencePiece>(&step);
      if (sentencepiece != nullptr && sentencepiece->remove_extra_whitespaces) return false;
    }
    return true;
  }

  std::vector<TokenId> Encode(std::string_view text) const {
    std::vector<TokenId> out;
    while (!text.empty()) {
      std::size_t at = text.size();
      const AddedToken* found = nullptr;
      for (const AddedToken& token : spec_.added_tokens) {
        const std::size_t here = text.find(token.content);
        if (here < at) {
          at = here;
          found = &token;
        }
      }
      EncodeOrdinary(text.substr(0, at), &out);
      if (found == nullptr) break;
      out.push_back(found->id);
      text.remove_prefix(at + found->content.size());
    }
    return out;
  }

  // The symbols that a pre-token ends in, as texts.
  std::vector<std::string> Reduce(std::string_view word) const {
    std::vector<std::string> out;
    for (const Symbol& symbol : Symbols(word)) out.push_back(symbol.text);
    return out;
  }

  bool Has(std::string_view bytes) const { return text_.contains(std::string(bytes)); }
  bool HasByte(std::string_view bytes) const { return bytes_.contains(std::string(bytes)); }
  TokenId IdOf(const std::string& bytes) const { return text_.at(bytes).first; }
  bool joins_bytes() const { return joins_bytes_; }
  bool by_list() const { return order_ == BpeModel::Order::kMergeList; }

  // After all that is there.
  void AddPiece(const std::string& bytes) {
    text_[bytes] = {next_id_, 1e9 + static_cast<double>(next_id_)};
    ++next_id_;
  }
  void AddMerge(TokenId left, TokenId right, TokenId product) {
    merges_.try_emplace({left, right}, static_cast<double>(merges_.size()), product);
  }

 private:
  struct Symbol {
    std::string text;
    std::optional<TokenId> id;
  };

  // When two neighbours have their turn, and what they become.
  std::optional<std::pair<double, TokenId>> Join(const Symbol& left, const Symbol& right) const {
    if (order_ == BpeModel::Order::kMergeList) {
      if (!left.id || !right.id) return std::nullopt;
      const auto at = merges_.find({*left.id, *right.id});
      return at == merges_.end() ? std::nullopt : std::optional(at->second);
    }
    const auto at = text_.find(left.text + right.text);
    if (at == text_.end()) return std::nullopt;
    return std::pair(at->second.second, at->second.first);
  }

  std::vector<Symbol> Symbols(std::string_view word) const {
    std::vector<Symbol> symbols;
    for (std::size_t at = 0; at < word.size();) {
      const std::size_t size = joins_bytes_ ? 1 : Utf8Length(word[at]);
      const std::string unit(word.substr(at, size));
      const auto piece = text_.find(unit);
      symbols.push_back(
          {unit, piece == text_.end() ? std::nullopt : std::optional(piece->second.first)});
      at += size;
    }
    while (true) {
      std::optional<std::pair<double, TokenId>> best;
      std::size_t best_at = 0;
      for (std::size_t i = 0; i + 1 < symbols.size(); ++i) {
        const auto join = Join(symbols[i], symbols[i + 1]);
        if (join && (!best || join->first < best->first)) {
          best = join;
          best_at = i;
        }
      }
      if (!best) return symbols;
      symbols[best_at] = {symbols[best_at].text + symbols[best_at + 1].text, best->second};
      symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(best_at) + 1);
    }
  }

  void EncodeWord(std::string_view word, std::vector<TokenId>* out) const {
    if (whole_words_ && Has(word)) {
      out->push_back(IdOf(std::string(word)));
      return;
    }
    for (const Symbol& symbol : Symbols(word)) {
      if (symbol.id) {
        out->push_back(*symbol.id);
        continue;
      }
      for (const char byte : symbol.text) out->push_back(bytes_.at(std::string(1, byte)));
    }
  }

  // Whether the text is cut between these two characters.
  bool Cuts(char before, char after) const {
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    const auto line_end = [](char c) { return c == '\n' || c == '\r'; };
    return (cuts_digits_ && (digit(before) || digit(after))) ||
           (cuts_lines_ && line_end(before) != line_end(after));
  }

  void EncodeOrdinary(std::string_view text, std::vector<TokenId>* out) const {
    if (text.empty()) return;
    const std::string whole = (prefixes_ ? " " : "") + std::string(text);
    std::size_t begin = 0;
    for (std::size_t i = 1; i <= whole.size(); ++i) {
      if (i < whole.size() && !Cuts(whole[i - 1], whole[i])) continue;
      EncodeWord(std::string_view(whole).substr(begin, i - begin), out);
      begin = i;
    }
  }

  const TokenizerSpec& spec_;
  BpeModel::Order order_ = BpeModel::Order::kMergeList;
  bool whole_words_ = false;
  bool joins_bytes_ = false;
  bool cuts_digits_ = false;
  bool cuts_lines_ = false;
  bool prefixes_ = false;
  TokenId next_id_ = 0;
  std::map<std::string, std::pair<TokenId, double>> text_;  // bytes -> id, turn
  std::map<std::string, TokenId> bytes_;
  std::map<std::pair<TokenId, TokenId>, std::pair<double, TokenId>> merges_;
};

// Texts that may show a piece: alone, between units, and where it ends inside a character, with all
// that makes it whole.
inline bool NaivelyAlive(const NaiveBpe& bpe, const std::string& piece) {
  const TokenId id = bpe.IdOf(piece);
  const auto shows = [&](const std::string& text) {
    if (!IsValidUtf8(text)) return false;
    const std::vector<TokenId> ids = bpe.Encode(text);
    return std::find(ids.begin(), ids.end(), id) != ids.end();
  };
  static const auto& around = *new std::vector<std::string>{
      "", " ", "\n", "a", "b", "t", "A", "1", "2", ".", "'", "_", "\u4e2d", "\u00E9"};
  for (const std::string& left : around) {
    for (const std::string& right : around) {
      if (shows(left + piece + right)) return true;
    }
  }
  if (IsValidUtf8(piece)) return false;
  // Bytes before and after: up to three of each, such that the whole is valid.
  static const auto& leads = *new std::vector<std::string>([] {
    std::vector<std::string> out = {""};
    for (int lead = 0xC2; lead < 0xF5; ++lead) {
      out.push_back(std::string(1, static_cast<char>(lead)));
      if (lead < 0xE0) continue;
      for (int b = 0x80; b < 0xC0; b += 3) {
        out.push_back({static_cast<char>(lead), static_cast<char>(b)});
        if (lead < 0xF0) continue;
        for (int c = 0x80; c < 0xC0; c += 9) {
          out.push_back({static_cast<char>(lead), static_cast<char>(b), static_cast<char>(c)});
        }
      }
    }
    return out;
  }());
  static const auto& tails = *new std::vector<std::string>([] {
    std::vector<std::string> out = {""};
    for (int b = 0x80; b < 0xC0; ++b) {
      out.push_back(std::string(1, static_cast<char>(b)));
      for (int c = 0x80; c < 0xC0; c += 9) {
        out.push_back({static_cast<char>(b), static_cast<char>(c)});
        out.push_back({static_cast<char>(b), static_cast<char>(c), static_cast<char>(b)});
      }
    }
    return out;
  }());
  std::vector<std::string> begun;  // leads that make the start of the piece valid
  for (const std::string& lead : leads) {
    std::size_t bad = 0;
    const std::string text = lead + piece;
    std::size_t at = 0;
    while (at < text.size()) {
      const std::size_t size = CheckCharacter(std::string_view(text).substr(at), &bad);
      if (size == 0) break;
      at += size;
    }
    // What is left at the end may be the start of a character.
    if (at == text.size() || at + bad == text.size()) begun.push_back(lead);
  }
  for (const std::string& tail : tails) {
    for (const std::string& lead : begun) {
      if (shows(lead + piece + tail)) return true;
    }
  }
  return false;
}

// One chain: the piece is reduced by what is there; while it is several symbols, the first two
// neighbours whose concatenation is a piece are joined, or else the first two, by a join that comes
// after all others. False, and nothing is added that counts: a helper is forbidden.
inline bool NaiveChain(NaiveBpe* bpe, const std::string& piece,
                       const std::set<std::string>& forbidden, std::set<std::string>* added) {
  const auto add = [&](const std::string& bytes) {
    if (bytes != piece && forbidden.contains(bytes)) return false;
    bpe->AddPiece(bytes);
    added->insert(bytes);
    return true;
  };
  if (bpe->by_list() && !bpe->joins_bytes()) {
    for (std::size_t at = 0; at < piece.size(); at += Utf8Length(piece[at])) {
      const std::string unit = piece.substr(at, Utf8Length(piece[at]));
      if (!bpe->Has(unit) && !add(unit)) return false;
    }
  }
  std::vector<std::string> symbols = bpe->Reduce(piece);
  while (symbols.size() > 1) {
    std::size_t chosen = symbols.size();
    for (std::size_t i = 0; i + 1 < symbols.size() && chosen == symbols.size(); ++i) {
      if (bpe->Has(symbols[i] + symbols[i + 1]) || symbols.size() == 2) chosen = i;
    }
    for (std::size_t i = 0; i + 1 < symbols.size() && chosen == symbols.size(); ++i) {
      if (!forbidden.contains(symbols[i] + symbols[i + 1])) chosen = i;
    }
    if (chosen == symbols.size()) return false;
    const std::string product = symbols[chosen] + symbols[chosen + 1];
    if (!bpe->Has(product) && !add(product)) return false;
    if (bpe->by_list()) {
      bpe->AddMerge(bpe->IdOf(symbols[chosen]), bpe->IdOf(symbols[chosen + 1]), bpe->IdOf(product));
    }
    symbols = bpe->Reduce(piece);
  }
  return bpe->Has(piece) || add(piece);
}

// The donor's pieces that a merge adds, by the definition: shorter ones first, each by a chain;
// what no text shows is taken out and may help no other, and all is built again.
inline std::set<std::string> NaivelyAdded(const TokenizerSpec& base, const TokenizerSpec& donor) {
  const NaiveBpe before(base);
  std::vector<std::pair<std::size_t, std::string>> wanted;
  std::set<std::string> offered;
  for (std::size_t i = 0; i < donor.vocab.size(); ++i) {
    const Piece piece = donor.vocab.entry(i);
    const std::string bytes(piece.bytes);
    if (piece.kind != PieceKind::kNormal || before.Has(bytes)) continue;
    if (!before.joins_bytes() && !IsValidUtf8(bytes)) continue;
    // What the base has as a byte only is not wanted, but may be needed by others.
    if (offered.insert(bytes).second && !before.HasByte(bytes)) {
      wanted.emplace_back(bytes.size(), bytes);
    }
  }
  std::stable_sort(wanted.begin(), wanted.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::set<std::string> forbidden;
  while (true) {
    NaiveBpe bpe(base);
    std::set<std::string> added;
    std::set<std::string> refused;
    for (const auto& [size, bytes] : wanted) {
      if (forbidden.contains(bytes) || bpe.Has(bytes)) continue;
      if (!NaiveChain(&bpe, bytes, forbidden, &added)) refused.insert(bytes);
    }
    std::set<std::string> dead;
    for (const std::string& bytes : added) {
      if (!NaivelyAlive(bpe, bytes)) dead.insert(bytes);
    }
    if (dead.empty() && refused.empty()) {
      std::set<std::string> out;
      std::set_intersection(added.begin(), added.end(), offered.begin(), offered.end(),
                            std::inserter(out, out.end()));
      return out;
    }
    forbidden.insert(dead.begin(), dead.end());
    std::erase_if(wanted, [&](const auto& entry) { return refused.contains(entry.second); });
  }
}

}  // namespace tokgraft::toy

#endif  // TOKGRAFT_TESTS_VOCAB_MERGE_NAIVE_BPE_H_
