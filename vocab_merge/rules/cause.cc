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

// A tokenizer that gives the normalized text back, byte by byte.
StatusOr<Tokenizer> NormalizerOf(const TokenizerSpec& base, bool joins_bytes) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  TokenizerSpec probe = base;
  probe.added_tokens.clear();
  probe.post_processors.clear();
  probe.decoders.reset();
  probe.roles = {};
  probe.add_bos = probe.add_eos = false;
  probe.pre_tokenizers = WithoutCuts(base.pre_tokenizers);
  probe.vocab = Vocab();
  probe.vocab.Add({.id = 0, .bytes = "<unk>", .spelling = "<unk>", .kind = PieceKind::kUnknown});
  for (int b = 0; b < 256; ++b) {
    const char byte = static_cast<char>(b);
    const std::string_view bytes(&byte, 1);
    std::string spelling = Cat("<0x", kHex[b >> 4], kHex[b & 15], ">");
    if (joins_bytes) spelling = Spell(base.spelling, bytes).value_or(spelling);
    probe.vocab.Add({.id = static_cast<TokenId>(b + 1),
                     .bytes = bytes,
                     .spelling = spelling,
                     .kind = joins_bytes ? PieceKind::kNormal : PieceKind::kByte});
  }
  auto& bpe = std::get<BpeModel>(probe.model);
  bpe.merges.clear();
  bpe.ignore_merges = false;
  bpe.unk = 0;
  bpe.unk_spelling = "<unk>";
  bpe.has_unk = true;
  bpe.byte_fallback = !joins_bytes;
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

Status FindNormalized(const TokenizerSpec& base, bool joins_bytes,
                      std::vector<RefusedPiece*>* open) {
  if (base.normalizers.empty() || open->empty()) return {};
  TOKGRAFT_ASSIGN_OR_RETURN(const Tokenizer normalizer, NormalizerOf(base, joins_bytes));
  std::vector<TokenId> ids;
  std::vector<RefusedPiece*> left;
  for (RefusedPiece* piece : *open) {
    if (IsValidUtf8(piece->bytes)) {
      ids.clear();
      normalizer.EncodeIds(piece->bytes, &ids);
      TOKGRAFT_ASSIGN_OR_RETURN(std::string bytes, normalizer.DecodeBytes(ids));
      if (base.spelling == Spelling::kMetaspace) bytes = WithSpaces(bytes);
      if (bytes.find(piece->bytes) == std::string::npos) {
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

}  // namespace

Status ExplainRefused(const TokenizerSpec& base, const ChainBuilder& builder,
                      const std::vector<std::string_view>& wanted, const WitnessOptions& options,
                      std::vector<RefusedPiece>* pieces) {
  const Contained added(base);
  std::vector<RefusedPiece*> open;
  for (RefusedPiece& piece : *pieces) {
    if (added.Any(piece.bytes)) {
      piece.cause = Cause::kAddedToken;
    } else {
      open.push_back(&piece);
    }
  }
  TOKGRAFT_RETURN_IF_ERROR(FindNormalized(base, builder.joins_bytes(), &open));
  if (open.empty() || base.pre_tokenizers.empty()) return {};
  // Were it not for the cuts, would some text show the piece?
  const Growth growth = builder.Build(wanted, {});
  TOKGRAFT_ASSIGN_OR_RETURN(TokenizerSpec uncut, ExtendSpec(base, growth));
  uncut.pre_tokenizers = WithoutCuts(base.pre_tokenizers);
  uncut.added_tokens.clear();
  uncut.post_processors.clear();
  TOKGRAFT_ASSIGN_OR_RETURN(const Tokenizer tokenizer, Compile(std::move(uncut)));
  std::unordered_map<std::string_view, TokenId> ids;
  for (std::size_t i = 0; i < growth.pieces.size(); ++i) {
    ids.emplace(growth.pieces[i].bytes, static_cast<TokenId>(growth.first_id + i));
  }
  std::vector<WitnessQuery> queries;
  std::vector<RefusedPiece*> asked;
  for (RefusedPiece* piece : open) {
    const auto id = ids.find(piece->bytes);
    if (id == ids.end()) continue;
    queries.push_back({.id = id->second, .bytes = piece->bytes, .owner = {}, .known = {}});
    asked.push_back(piece);
  }
  const std::vector<std::string> witnesses = FindWitnesses(tokenizer, queries, options);
  for (std::size_t i = 0; i < asked.size(); ++i) {
    if (witnesses[i].empty()) continue;
    asked[i]->cause = IsNumber(asked[i]->bytes) ? Cause::kDigits : Cause::kPreTokenizer;
  }
  return {};
}

}  // namespace tokgraft
