#include "vocab_merge/rules/cause.h"

#include <unicode/uchar.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "tokenizer/text/utf8.h"
#include "tokenizer/tokenizer.h"

namespace tokgraft {
namespace {

// Finds out whether a piece contains one of many texts: by their lengths and a hash table.
class Contained {
 public:
  explicit Contained(const TokenizerSpec& base) {
    for (const AddedToken& token : base.added_tokens) Add(token.content);
    for (std::size_t i = 0; i < base.vocab.size(); ++i) {
      const Piece piece = base.vocab.entry(i);
      if (piece.kind == PieceKind::kUserDefined) Add(piece.bytes);
    }
  }
  bool Any(std::string_view piece) const {
    for (std::size_t at = 0; at < piece.size(); ++at) {
      for (const std::size_t size : sizes_) {
        if (size > piece.size() - at) break;
        if (texts_.contains(std::string(piece.substr(at, size)))) return true;
      }
    }
    return false;
  }

 private:
  void Add(std::string_view text) {
    if (text.empty()) return;
    texts_.emplace(text);
    sizes_.insert(text.size());
  }
  std::unordered_set<std::string> texts_;
  std::set<std::size_t> sizes_;
};

// The pre-tokenizers that spell the text, without those that cut it.
std::vector<PreTokenizer> WithoutCuts(const std::vector<PreTokenizer>& steps) {
  std::vector<PreTokenizer> out;
  for (const PreTokenizer& step : steps) {
    if (const auto* byte_level = std::get_if<pre_tokenizer::ByteLevel>(&step)) {
      pre_tokenizer::ByteLevel spelled = *byte_level;
      spelled.use_regex = false;
      spelled.add_prefix_space = false;
      out.emplace_back(spelled);
    } else if (const auto* metaspace = std::get_if<pre_tokenizer::Metaspace>(&step)) {
      pre_tokenizer::Metaspace spelled = *metaspace;
      spelled.split = false;
      out.emplace_back(spelled);
    }
  }
  return out;
}

// Whether the model's symbols are bytes; else they are characters.
bool JoinsBytes(const TokenizerSpec& spec) {
  const auto* bpe = std::get_if<BpeModel>(&spec.model);
  return bpe != nullptr &&
         (spec.spelling == Spelling::kByteLevel ||
          (spec.spelling == Spelling::kRaw && bpe->order == BpeModel::Order::kRank));
}

// A tokenizer that gives the normalized text back, byte by byte, whatever the model was.
StatusOr<Tokenizer> NormalizerOf(const TokenizerSpec& spec) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  const bool joins_bytes = JoinsBytes(spec);
  TokenizerSpec probe;
  probe.format = spec.format;
  probe.reference = spec.reference;
  probe.normalizers = spec.normalizers;
  probe.pre_tokenizers = WithoutCuts(spec.pre_tokenizers);
  probe.spelling = spec.spelling == Spelling::kWordPiece ? Spelling::kRaw : spec.spelling;
  probe.vocab.Add({.id = 0, .bytes = "<unk>", .spelling = "<unk>", .kind = PieceKind::kUnknown});
  for (int b = 0; b < 256; ++b) {
    const char byte = static_cast<char>(b);
    const std::string_view bytes(&byte, 1);
    std::string spelling = Cat("<0x", kHex[b >> 4], kHex[b & 15], ">");
    if (joins_bytes) spelling = Spell(spec.spelling, bytes).value_or(spelling);
    probe.vocab.Add({.id = static_cast<TokenId>(b + 1),
                     .bytes = bytes,
                     .spelling = spelling,
                     .kind = joins_bytes ? PieceKind::kNormal : PieceKind::kByte});
  }
  BpeModel model;
  if (const auto* bpe = std::get_if<BpeModel>(&spec.model)) model.order = bpe->order;
  if (spec.reference == Reference::kSentencePiece) model.order = BpeModel::Order::kScore;
  model.unk = 0;
  model.unk_spelling = "<unk>";
  model.has_unk = true;
  model.byte_fallback = !joins_bytes;
  probe.model = model;
  return Compile(std::move(probe));
}

std::string WithSpaces(std::string_view text) {
  static constexpr std::string_view kMetaspace = "\xE2\x96\x81";
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const bool space = text.substr(at, kMetaspace.size()) == kMetaspace;
    out.push_back(space ? ' ' : text[at]);
    at += space ? kMetaspace.size() : 1;
  }
  return out;
}

bool IsInsideWord(const TokenizerSpec& spec, const DeadPiece& piece) {
  if (spec.spelling != Spelling::kWordPiece || !piece.id) return false;
  const std::optional<Piece> entry = spec.vocab.Get(*piece.id);
  return entry && entry->spelling != entry->bytes;
}

Status FindNormalized(const TokenizerSpec& spec, std::vector<DeadPiece*>* open) {
  if (spec.normalizers.empty() || open->empty()) return {};
  TOKGRAFT_ASSIGN_OR_RETURN(const Tokenizer normalizer, NormalizerOf(spec));
  std::vector<TokenId> ids;
  std::vector<DeadPiece*> left;
  for (DeadPiece* piece : *open) {
    if (IsValidUtf8(piece->bytes)) {
      // What stands inside a word only is asked for inside one.
      const std::string text = Cat(IsInsideWord(spec, *piece) ? "a" : "", piece->bytes);
      ids.clear();
      normalizer.EncodeIds(text, &ids);
      TOKGRAFT_ASSIGN_OR_RETURN(std::string bytes, normalizer.DecodeBytes(ids));
      if (spec.spelling == Spelling::kMetaspace) bytes = WithSpaces(bytes);
      if (bytes.find(text) == std::string::npos) {
        piece->cause = Cause::kNormalizer;
        piece->becomes = std::move(bytes);
        continue;
      }
    }
    left.push_back(piece);
  }
  *open = std::move(left);
  return {};
}

bool IsNumber(std::string_view bytes) {
  if (!IsValidUtf8(bytes)) return false;
  bool any = false;
  for (std::size_t at = 0; at < bytes.size();) {
    const char32_t c = DecodeValid(bytes, &at);
    const std::int32_t category = u_charType(static_cast<UChar32>(c));
    const bool number = category == U_DECIMAL_DIGIT_NUMBER || category == U_LETTER_NUMBER ||
                        category == U_OTHER_NUMBER;
    if (!number && c != ' ') return false;
    any |= number;
  }
  return any;
}

// Were it not for the cuts, would some text show the piece?
Status FindCut(const TokenizerSpec& spec, const WitnessOptions& options,
               const std::vector<DeadPiece*>& open) {
  if (open.empty() || spec.pre_tokenizers.empty()) return {};
  TokenizerSpec uncut = spec;
  uncut.pre_tokenizers = WithoutCuts(spec.pre_tokenizers);
  uncut.added_tokens.clear();
  uncut.post_processors.clear();
  TOKGRAFT_ASSIGN_OR_RETURN(const Tokenizer tokenizer, Compile(std::move(uncut)));
  std::vector<WitnessQuery> queries;
  std::vector<DeadPiece*> asked;
  for (DeadPiece* piece : open) {
    if (!piece->id) continue;
    queries.push_back({.id = *piece->id, .bytes = piece->bytes, .owner = {}, .known = {}});
    asked.push_back(piece);
  }
  const std::vector<std::string> witnesses = FindWitnesses(tokenizer, queries, options);
  for (std::size_t i = 0; i < asked.size(); ++i) {
    if (witnesses[i].empty()) continue;
    asked[i]->cause = IsNumber(asked[i]->bytes) ? Cause::kDigits : Cause::kPreTokenizer;
  }
  return {};
}

}  // namespace

Status ExplainDead(const TokenizerSpec& spec, const WitnessOptions& options,
                   std::vector<DeadPiece>* pieces) {
  if (pieces->empty()) return {};
  const Contained added(spec);
  std::vector<DeadPiece*> open;
  for (DeadPiece& piece : *pieces) {
    if (added.Any(piece.bytes)) {
      piece.cause = Cause::kAddedToken;
    } else {
      open.push_back(&piece);
    }
  }
  TOKGRAFT_RETURN_IF_ERROR(FindNormalized(spec, &open));
  return FindCut(spec, options, open);
}

}  // namespace tokgraft
