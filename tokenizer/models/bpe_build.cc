// Compiles BPE: which pieces a text can make, their first symbols, and every join between them.
//
// A merge list says the joins itself. By score or by rank, two neighbours join wherever their
// concatenation is a piece: each piece is split in every way into two symbols, and each split is
// one join of the table, so that all orders run on the same engine.
#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <utility>

#include "tokenizer/models/bpe.h"
#include "tokenizer/text/byte_alphabet.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

constexpr std::string_view kMetaspaceMark = "\xE2\x96\x81";  // ▁
constexpr std::size_t kMostIds = std::size_t{1} << 24;

// "<0x41>" -> 0x41.
std::string ByteSpelling(unsigned byte) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  return Cat("<0x", kDigits[byte >> 4], kDigits[byte & 15], ">");
}

// Scores as integers in the order in which sentencepiece compares them: the higher, the greater.
std::int32_t OrderedBits(float score) {
  const auto bits = std::bit_cast<std::int32_t>(score);
  return bits < 0 ? static_cast<std::int32_t>(bits ^ 0x7FFFFFFF) : bits;
}

}  // namespace

class BpeBuilder {
 public:
  BpeBuilder(const TokenizerSpec& spec, bool byte_domain)
      : spec_(spec), model_(std::get<BpeModel>(spec.model)) {
    out_.byte_domain_ = byte_domain;
    out_.alphabet_ = byte_domain && spec.spelling == Spelling::kByteLevel;
    switch (spec.reference) {
      case Reference::kHuggingFace:
        out_.unknown_ = Bpe::Unknown::kHuggingFace;
        break;
      case Reference::kSentencePiece:
        out_.unknown_ = Bpe::Unknown::kSentencePiece;
        break;
      case Reference::kTiktoken:
      case Reference::kTekken:
        out_.unknown_ = Bpe::Unknown::kHuggingFace;
        break;
      case Reference::kLlamaCpp:
        out_.unknown_ = byte_domain ? Bpe::Unknown::kHuggingFace : Bpe::Unknown::kBytes;
        out_.keeps_unknown_ = byte_domain;
        break;
    }
    prefix_ = model_.continuing_subword_prefix.value_or("");
    suffix_ = model_.end_of_word_suffix.value_or("");
  }

  StatusOr<Bpe> Run() {
    TOKGRAFT_RETURN_IF_ERROR(Check());
    TOKGRAFT_RETURN_IF_ERROR(CollectPieces());
    TOKGRAFT_RETURN_IF_ERROR(SetUnknown());
    SetCharacters();
    TOKGRAFT_RETURN_IF_ERROR(CheckBytes());
    SetJoins();
    SetUserDefined();
    SetCuts();
    SetWords();
    return std::move(out_);
  }

 private:
  Status Check() const {
    if (model_.dropout && *model_.dropout != 0) {
      return UnimplementedError("model.dropout: BPE with dropout gives other ids every time");
    }
    if (!model_.broken_merges.empty()) {
      const BrokenMerge& broken = model_.broken_merges.front();
      return InvalidArgumentError(
          Cat("model.merges[", broken.index, "]: \"", broken.missing,
              "\" is not in the vocabulary, every merge needs its two "
              "pieces and their product; the file was edited or truncated"));
    }
    if (spec_.vocab.id_limit() > kMostIds) {
      return InvalidArgumentError(Cat("model.vocab: an id of ", spec_.vocab.id_limit() - 1,
                                      ", expected less than ", kMostIds));
    }
    const bool affixed = !prefix_.empty() || !suffix_.empty();
    if (affixed && spec_.reference != Reference::kHuggingFace) {
      return UnimplementedError("model: BPE with affixes outside tokenizer.json");
    }
    if (affixed && model_.byte_fallback) {
      return UnimplementedError("model.byte_fallback: together with a subword prefix or suffix");
    }
    return absl::OkStatus();
  }

  bool Usable(const Piece& piece) const {
    switch (spec_.reference) {
      case Reference::kHuggingFace:
      case Reference::kLlamaCpp:
        return true;
      case Reference::kSentencePiece:
        return piece.kind == PieceKind::kNormal || piece.kind == PieceKind::kUnused ||
               piece.kind == PieceKind::kUserDefined;
      case Reference::kTiktoken:
      case Reference::kTekken:
        return piece.kind == PieceKind::kNormal || piece.kind == PieceKind::kByte;
    }
    return false;
  }

  // Fills texts_: the usable pieces as they look in the domain of the words.
  Status CollectPieces() {
    out_.first_extra_ = static_cast<std::uint32_t>(spec_.vocab.id_limit());
    std::vector<bool> seen(spec_.vocab.id_limit(), false);
    texts_.Reserve(spec_.vocab.size(), spec_.vocab.size() * 8);
    std::string bytes;
    for (std::size_t i = 0; i < spec_.vocab.size(); ++i) {
      const Piece piece = spec_.vocab.entry(i);
      if (seen[piece.id]) {
        return InvalidArgumentError(Cat("model.vocab: id ", piece.id,
                                        " has two pieces, the second "
                                        "\"",
                                        piece.spelling, "\", expected one; give each its own"));
      }
      seen[piece.id] = true;
      if (!Usable(piece) || piece.spelling.empty()) continue;
      if (piece.kind == PieceKind::kUserDefined && spec_.reference == Reference::kSentencePiece) {
        continue;  // found before any join; see SetUserDefined
      }
      if (out_.alphabet_) {
        if (FromByteAlphabet(piece.spelling, &bytes)) texts_.Set(bytes, piece.id);
      } else if (spec_.reference == Reference::kTiktoken || spec_.reference == Reference::kTekken) {
        texts_.Set(piece.bytes, piece.id);
      } else {
        texts_.Set(piece.spelling, piece.id);
      }
    }
    return absl::OkStatus();
  }

  Status SetUnknown() {
    out_.unk_ = model_.unk;
    out_.fuse_unk_ = model_.fuse_unk;
    out_.byte_fallback_ = model_.byte_fallback || out_.unknown_ == Bpe::Unknown::kBytes;
    for (unsigned byte = 0; byte < 256; ++byte) {
      std::optional<TokenId> id = spec_.vocab.FindSpelling(ByteSpelling(byte));
      if (!id && out_.unknown_ == Bpe::Unknown::kBytes) {
        id = spec_.vocab.FindSpelling(std::string(1, static_cast<char>(byte)));
        if (!id) {
          return InvalidArgumentError(Cat("tokenizer.ggml.tokens: no piece for byte ", byte,
                                          ", expected ", ByteSpelling(byte)));
        }
      }
      out_.byte_tokens_[byte] = id;
    }
    return absl::OkStatus();
  }

  void SetCharacters() {
    const bool affixed = !prefix_.empty() || !suffix_.empty();
    out_.characters_.resize(affixed ? 4 : 1);
    for (std::size_t place = 0; place < out_.characters_.size(); ++place) {
      Bpe::CharacterSymbols& symbols = out_.characters_[place];
      symbols.bytes.fill(Bpe::kNoSymbol);
      const bool first = (place & Bpe::kFirst) != 0;
      const bool last = (place & Bpe::kLast) != 0;
      const std::string prefix = Affix(affixed && !first ? prefix_ : "");
      const std::string suffix = Affix(affixed && last ? suffix_ : "");
      for (std::size_t i = 0; i < spec_.vocab.size(); ++i)
        SetCharacter(i, prefix, suffix, &symbols);
    }
  }

  // An affix in the domain of the words. One that is outside the alphabet fits no piece.
  std::string Affix(const std::string& spelled) const {
    if (!out_.alphabet_) return spelled;
    return FromByteAlphabet(spelled).value_or(spelled);
  }

  void SetCharacter(std::size_t entry, std::string_view prefix, std::string_view suffix,
                    Bpe::CharacterSymbols* symbols) const {
    const Piece piece = spec_.vocab.entry(entry);
    if (piece.spelling.empty() || piece.spelling.size() > prefix.size() + suffix.size() + 16)
      return;
    std::string_view view = out_.byte_domain_ && !out_.alphabet_ ? piece.bytes : piece.spelling;
    std::string bytes;
    if (out_.alphabet_) {
      if (!FromByteAlphabet(piece.spelling, &bytes)) return;
      view = bytes;
    }
    if (view.size() <= prefix.size() + suffix.size() || !view.starts_with(prefix) ||
        !view.ends_with(suffix)) {
      return;
    }
    const std::string_view character =
        view.substr(prefix.size(), view.size() - prefix.size() - suffix.size());
    const std::size_t size = out_.byte_domain_ ? 1 : Utf8Length(character[0]);
    if (character.size() != size) return;
    const auto id = texts_.Find(view);  // the entry that holds where a spelling stands twice
    if (!id) return;
    if (size == 1) {
      symbols->bytes[static_cast<unsigned char>(character[0])] = *id;
    } else {
      symbols->others.Set(character, *id);
    }
  }

  Status CheckBytes() {
    const bool by_bytes = out_.byte_domain_;
    const auto& bytes = out_.characters_[0].bytes;
    const auto missing = std::find(bytes.begin(), bytes.end(), Bpe::kNoSymbol);
    out_.all_bytes_known_ = by_bytes && missing == bytes.end() && out_.characters_.size() == 1;
    if (model_.order == BpeModel::Order::kRank && !out_.all_bytes_known_) {
      return InvalidArgumentError(
          Cat("byte ", missing - bytes.begin(), " has no piece, expected ranks for all 256 bytes"));
    }
    if (by_bytes && !out_.all_bytes_known_ && model_.byte_fallback) {
      return UnimplementedError(
          "model.byte_fallback: behind a ByteLevel pre-tokenizer whose bytes are not all pieces");
    }
    if (by_bytes && !out_.all_bytes_known_ && !model_.has_unk &&
        (model_.continuing_subword_prefix || model_.end_of_word_suffix)) {
      return UnimplementedError(
          "model.unk_token: null together with a subword prefix or suffix, behind a ByteLevel "
          "pre-tokenizer whose bytes are not all pieces");
    }
    if (model_.has_unk && !out_.unk_ && !out_.all_bytes_known_ &&
        spec_.reference == Reference::kHuggingFace) {
      return InvalidArgumentError(Cat("model.unk_token: \"", model_.unk_spelling,
                                      "\" is not in the vocabulary; add it, or set it to null"));
    }
    return absl::OkStatus();
  }

  void SetJoins() {
    if (model_.order == BpeModel::Order::kMergeList) {
      const auto duplicate = spec_.reference == Reference::kLlamaCpp
                                 ? PairTable::Duplicate::kFirstWins
                                 : PairTable::Duplicate::kLastWins;
      out_.pairs_.Reserve(model_.merges.size());
      for (std::size_t rank = 0; rank < model_.merges.size(); ++rank) {
        const Merge& merge = model_.merges[rank];
        out_.pairs_.Set(merge.left, merge.right, {static_cast<std::uint32_t>(rank), merge.product},
                        duplicate);
      }
      return;
    }
    const std::map<std::int32_t, std::uint32_t, std::greater<>> ranks = ScoreRanks();
    const bool by_score = model_.order == BpeModel::Order::kScore;
    for (std::size_t i = 0; i < spec_.vocab.size(); ++i) {
      const Piece piece = spec_.vocab.entry(i);
      if (!Usable(piece)) continue;
      const std::string_view text = TextOf(piece);
      if (texts_.Find(text) != piece.id) continue;
      SplitPiece(text, {by_score ? ranks.at(ScoreKey(piece)) : piece.id, piece.id});
      if (piece.kind == PieceKind::kUnused && spec_.reference == Reference::kSentencePiece) {
        SetUnused(piece);
      }
    }
  }

  std::string_view TextOf(const Piece& piece) const {
    return out_.byte_domain_ ? piece.bytes : piece.spelling;
  }

  std::int32_t ScoreKey(const Piece& piece) const {
    const auto score = static_cast<float>(piece.score);
    // sentencepiece tells -0 from 0, llama.cpp does not.
    return OrderedBits(spec_.reference == Reference::kLlamaCpp && score == 0 ? 0.0F : score);
  }

  // Equal scores share a rank, so that the leftmost of them joins first.
  std::map<std::int32_t, std::uint32_t, std::greater<>> ScoreRanks() const {
    std::map<std::int32_t, std::uint32_t, std::greater<>> ranks;
    if (model_.order != BpeModel::Order::kScore) return ranks;
    for (std::size_t i = 0; i < spec_.vocab.size(); ++i) {
      ranks.emplace(ScoreKey(spec_.vocab.entry(i)), 0);
    }
    std::uint32_t next = 0;
    for (auto& [score, rank] : ranks) rank = next++;
    return ranks;
  }

  void SetUnused(const Piece& piece) {
    if (out_.unused_.empty()) {
      out_.unused_.resize(out_.first_extra_, false);
      out_.piece_length_.resize(out_.first_extra_, 0);
      for (std::size_t i = 0; i < spec_.vocab.size(); ++i) {
        const Piece any = spec_.vocab.entry(i);
        out_.piece_length_[any.id] = static_cast<std::uint32_t>(any.spelling.size());
      }
    }
    out_.unused_[piece.id] = true;
  }

  void SplitPiece(std::string_view text, PairTable::Join join) {
    const std::size_t step = out_.byte_domain_ ? 1 : Utf8Length(text[0]);
    for (std::size_t cut = step; cut < text.size();
         cut += out_.byte_domain_ ? 1 : Utf8Length(text[cut])) {
      const std::uint32_t left = SymbolOfText(text.substr(0, cut));
      if (left == Bpe::kNoSymbol) continue;
      const std::uint32_t right = SymbolOfText(text.substr(cut));
      if (right == Bpe::kNoSymbol) continue;
      out_.pairs_.Set(left, right, join, PairTable::Duplicate::kLastWins);
    }
  }

  // A piece's id; for a character that is no piece a symbol made for it; else none.
  std::uint32_t SymbolOfText(std::string_view text) {
    if (const auto id = texts_.Find(text)) return *id;
    if (out_.byte_domain_ || text.size() != Utf8Length(text[0])) return Bpe::kNoSymbol;
    Bpe::CharacterSymbols& symbols = out_.characters_[0];
    std::uint32_t symbol = text.size() == 1 ? symbols.bytes[static_cast<unsigned char>(text[0])]
                                            : symbols.others.Find(text).value_or(Bpe::kNoSymbol);
    if (symbol != Bpe::kNoSymbol) return symbol;
    symbol = out_.first_extra_ + static_cast<std::uint32_t>(out_.extra_.size());
    out_.extra_.emplace_back(std::nullopt);
    if (text.size() == 1) {
      symbols.bytes[static_cast<unsigned char>(text[0])] = symbol;
    } else {
      symbols.others.Set(text, symbol);
    }
    return symbol;
  }

  void SetUserDefined() {
    if (spec_.reference != Reference::kSentencePiece) return;
    std::vector<ByteTrie::Key> keys;
    for (std::size_t i = 0; i < spec_.vocab.size(); ++i) {
      const Piece piece = spec_.vocab.entry(i);
      if (piece.kind != PieceKind::kUserDefined || piece.spelling.empty()) continue;
      keys.push_back(
          {piece.spelling, out_.first_extra_ + static_cast<std::uint32_t>(out_.extra_.size())});
      out_.extra_.emplace_back(piece.id);
    }
    if (!keys.empty()) out_.user_defined_ = ByteTrie::Build(std::move(keys));
  }

  void SetCuts() {
    out_.whole_word_first_ = model_.order == BpeModel::Order::kRank || model_.ignore_merges;
    const std::uint32_t mark = out_.SymbolOf(Bpe::kMiddle, kMetaspaceMark);
    // A character that is dropped makes neighbours of those around it, two ▁ for example.
    const bool falls_back =
        out_.byte_fallback_ && std::all_of(out_.byte_tokens_.begin(), out_.byte_tokens_.end(),
                                           [](const auto& id) { return id.has_value(); });
    const bool drops = out_.unknown_ == Bpe::Unknown::kHuggingFace && !out_.unk_ && !falls_back;
    out_.cut_at_metaspace_ = !out_.byte_domain_ && !out_.whole_word_first_ && !drops &&
                             out_.characters_.size() == 1 && out_.unused_.empty() &&
                             mark < out_.first_extra_;
    if (!out_.cut_at_metaspace_) return;
    for (std::size_t i = 0; i < spec_.vocab.size(); ++i) {
      const std::string_view text = spec_.vocab.entry(i).spelling;
      for (std::size_t at = text.find(kMetaspaceMark, 1); at != text.npos;
           at = text.find(kMetaspaceMark, at + 1)) {
        const bool run =
            at >= kMetaspaceMark.size() &&
            text.substr(at - kMetaspaceMark.size(), kMetaspaceMark.size()) == kMetaspaceMark;
        if (!run) out_.no_cut_after_[static_cast<unsigned char>(text[at - 1])] = true;
      }
    }
  }

  void SetWords() {
    out_.words_.Reserve(spec_.vocab.size(), spec_.vocab.size() * 8);
    BpeScratch scratch;
    std::string bytes;
    for (std::size_t i = 0; i < spec_.vocab.size(); ++i) {
      const Piece piece = spec_.vocab.entry(i);
      std::string_view text = TextOf(piece);
      if (out_.alphabet_) {
        if (!FromByteAlphabet(piece.spelling, &bytes)) continue;
        text = bytes;
      }
      if (text.empty() || texts_.Find(text) != piece.id) continue;
      if (!out_.whole_word_first_) {
        if (text.size() > WordCache::kLongestWord) continue;
        scratch.ranges.clear();
        out_.MergeUnit(text, &scratch, &scratch.ranges);
        if (scratch.ranges.size() != 1 || scratch.ranges[0].id != piece.id) continue;
      }
      out_.words_.Set(text, piece.id);
    }
  }

  const TokenizerSpec& spec_;
  const BpeModel& model_;
  Bpe out_;
  std::string prefix_;
  std::string suffix_;
  PieceTable texts_;  // pieces that joins can make, in the domain of the words -> id
};

StatusOr<Bpe> Bpe::Compile(const TokenizerSpec& spec, bool byte_domain) {
  return BpeBuilder(spec, byte_domain).Run();
}

}  // namespace tokgraft
