// The whole of tokenizer.json: reads the parts, numbers the added tokens, gives each piece its kind
// and canonical bytes.
#include <algorithm>
#include <limits>
#include <unordered_map>
#include <utility>

#include "tokenizer/formats/json_fields.h"
#include "tokenizer/formats/tokenizer_json.h"
#include "tokenizer/formats/tokenizer_json_parts.h"
#include "tokenizer/text/byte_alphabet.h"

namespace tokgraft {
namespace {

constexpr std::string_view kMetaspaceMark = "\xE2\x96\x81";  // ▁

template <typename Stage, typename Variant>
bool HasStage(const std::vector<Variant>& stages) {
  return std::any_of(stages.begin(), stages.end(),
                     [](const Variant& stage) { return std::holds_alternative<Stage>(stage); });
}

// Does some stage turn spaces into ▁, or back?
bool MarksSpaces(const TokenizerSpec& spec) {
  const auto swaps = [](const Pattern& pattern, std::string_view content, std::string_view from,
                        std::string_view to) { return pattern.text == from && content == to; };
  for (const Normalizer& stage : spec.normalizers) {
    if (const auto* replace = std::get_if<normalizer::Replace>(&stage)) {
      if (swaps(replace->pattern, replace->content, " ", kMetaspaceMark)) return true;
    }
    if (const auto* prepend = std::get_if<normalizer::Prepend>(&stage)) {
      if (prepend->prepend == kMetaspaceMark) return true;
    }
  }
  for (const PreTokenizer& stage : spec.pre_tokenizers) {
    const auto* metaspace = std::get_if<pre_tokenizer::Metaspace>(&stage);
    if (metaspace != nullptr && metaspace->replacement == kMetaspaceMark) return true;
  }
  for (const Decoder& stage : spec.decoders.value_or(std::vector<Decoder>{})) {
    if (const auto* replace = std::get_if<decoder::Replace>(&stage)) {
      if (swaps(replace->pattern, replace->content, kMetaspaceMark, " ")) return true;
    }
    const auto* metaspace = std::get_if<decoder::Metaspace>(&stage);
    if (metaspace != nullptr && metaspace->replacement == kMetaspaceMark) return true;
  }
  return false;
}

// Is text byte-level spelled before the model sees it?
bool SpellsBytes(const TokenizerSpec& spec) {
  return HasStage<pre_tokenizer::ByteLevel>(spec.pre_tokenizers) ||
         HasStage<normalizer::ByteLevel>(spec.normalizers);
}

Spelling SpellingOf(const TokenizerSpec& spec) {
  const bool decodes_bytes = spec.decoders && HasStage<decoder::ByteLevel>(*spec.decoders);
  if (SpellsBytes(spec) || decodes_bytes) return Spelling::kByteLevel;
  if (std::holds_alternative<WordPieceModel>(spec.model)) return Spelling::kWordPiece;
  return MarksSpaces(spec) ? Spelling::kMetaspace : Spelling::kRaw;
}

// The byte of "<0xNN>", as the reference spells it: two upper-case digits.
std::optional<char> ByteOfPiece(std::string_view spelling) {
  if (spelling.size() != 6 || spelling.substr(0, 3) != "<0x" || spelling[5] != '>') {
    return std::nullopt;
  }
  unsigned value = 0;
  for (const char c : spelling.substr(3, 2)) {
    const std::size_t digit = std::string_view("0123456789ABCDEF").find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    value = value * 16 + static_cast<unsigned>(digit);
  }
  return static_cast<char>(value);
}

// What decides the kind and the bytes of a piece, gathered once for the file.
class PieceReader {
 public:
  PieceReader(const TokenizerSpec& spec, const SpellingTable& ids) : spec_(spec) {
    outside_alphabet_ = SpellsBytes(spec) ? PieceKind::kUnused : PieceKind::kNormal;
    for (std::size_t i = 0; i < spec.added_tokens.size(); ++i) {
      const AddedToken& token = spec.added_tokens[i];
      if (ids.Find(token.content) == token.id) added_[token.id] = &token;
    }
    if (const auto* bpe = std::get_if<BpeModel>(&spec.model)) {
      unk_ = bpe->unk;
      byte_fallback_ = bpe->byte_fallback;
      prefix_ = bpe->continuing_subword_prefix.value_or("");
      suffix_ = bpe->end_of_word_suffix.value_or("");
    } else if (const auto* unigram = std::get_if<UnigramModel>(&spec.model)) {
      unk_ = unigram->unk;
      byte_fallback_ = unigram->byte_fallback;
    } else if (const auto* wordpiece = std::get_if<WordPieceModel>(&spec.model)) {
      unk_ = ids.Find(wordpiece->unk_spelling);
      prefix_ = wordpiece->continuing_subword_prefix;
    }
  }

  // `bytes` is the caller's buffer for what the piece's view points at.
  Piece Read(const RawPiece& raw, std::string* bytes) const {
    Piece piece{.id = raw.id,
                .bytes = raw.spelling,
                .spelling = raw.spelling,
                .kind = PieceKind::kNormal,
                .score = raw.score};
    const auto added = added_.empty() ? added_.end() : added_.find(raw.id);
    if (unk_ == raw.id) {
      piece.kind = PieceKind::kUnknown;
      return piece;
    }
    if (const std::optional<char> byte =
            byte_fallback_ ? ByteOfPiece(raw.spelling) : std::nullopt) {
      piece.kind = PieceKind::kByte;
      bytes->assign(1, *byte);
      piece.bytes = *bytes;
      return piece;
    }
    if (added != added_.end() && added->second->content == raw.spelling) {
      piece.kind = added->second->special ? PieceKind::kControl : PieceKind::kUserDefined;
      return piece;
    }
    std::string_view inside = raw.spelling;
    if (!prefix_.empty() && inside.size() > prefix_.size() &&
        inside.substr(0, prefix_.size()) == prefix_) {
      inside.remove_prefix(prefix_.size());
    }
    if (!suffix_.empty() && inside.size() > suffix_.size() &&
        inside.substr(inside.size() - suffix_.size()) == suffix_) {
      inside.remove_suffix(suffix_.size());
    }
    if (spec_.spelling == Spelling::kByteLevel) {
      if (!FromByteAlphabet(inside, bytes)) {
        piece.kind = outside_alphabet_;
        return piece;
      }
    } else {
      *bytes = *Unspell(spec_.spelling, inside);  // all others have one
    }
    piece.bytes = *bytes;
    return piece;
  }

 private:
  const TokenizerSpec& spec_;
  std::unordered_map<TokenId, const AddedToken*> added_;  // those that the vocabulary holds
  std::optional<TokenId> unk_;
  bool byte_fallback_ = false;
  std::string prefix_;
  std::string suffix_;
  PieceKind outside_alphabet_ = PieceKind::kNormal;
};

void FillVocab(const RawModel& raw, TokenizerSpec* spec) {
  std::size_t text_bytes = 0;
  for (const RawPiece& piece : raw.pieces) text_bytes += 2 * piece.spelling.size();
  spec->vocab.Reserve(raw.pieces.size(), text_bytes);
  const PieceReader reader(*spec, raw.ids);
  std::string bytes;
  for (const RawPiece& piece : raw.pieces) spec->vocab.Add(reader.Read(piece, &bytes));
}

Status ReadStages(JsonFields* fields, TokenizerSpec* spec) {
  if (const auto value = fields->Take("normalizer")) {
    TOKGRAFT_ASSIGN_OR_RETURN(spec->normalizers, ReadNormalizers(*value, &spec->notes));
  }
  if (const auto value = fields->Take("pre_tokenizer")) {
    TOKGRAFT_ASSIGN_OR_RETURN(spec->pre_tokenizers, ReadPreTokenizers(*value, &spec->notes));
  }
  if (const auto value = fields->Take("post_processor")) {
    TOKGRAFT_ASSIGN_OR_RETURN(spec->post_processors, ReadPostProcessors(*value, &spec->notes));
  }
  const auto value = fields->Take("decoder");
  if (value && !value->is_null()) {
    TOKGRAFT_ASSIGN_OR_RETURN(spec->decoders, ReadDecoders(*value, &spec->notes));
  }
  return absl::OkStatus();
}

Status CheckVersion(JsonFields* fields) {
  const std::optional<JsonValue> version = fields->Take("version");
  if (!version) return absl::OkStatus();
  TOKGRAFT_ASSIGN_OR_RETURN(const std::string_view text, version->String());
  if (text == "1.0") return absl::OkStatus();
  return version->ErrorOf(&UnimplementedError,
                          Cat("is \"", text, "\", \"1.0\" was expected; no other is known"));
}

LoadNote Ignored(std::string_view place, std::string message) {
  return {.kind = LoadNote::Kind::kIgnored,
          .place = std::string(place),
          .message = std::move(message),
          .declared = std::nullopt,
          .actual = std::nullopt};
}

// {"max_length", "strategy", "stride"}, carried along. Encoding never cuts: this is said in a note.
Status ReadTruncation(const JsonValue& value, TokenizerSpec* spec) {
  JsonFields fields(value);
  const std::uint64_t length = fields.Uint("max_length");
  fields.OneOf("strategy", {"LongestFirst", "OnlyFirst", "OnlySecond"});
  fields.Uint("stride");
  fields.OneOf("direction", {"Left", "Right"}, 1);
  TOKGRAFT_RETURN_IF_ERROR(fields.status());
  spec->rest["truncation"] = value.Minified();
  spec->notes.push_back(Ignored("truncation", Cat("Hugging Face cuts every text to ", length,
                                                  " tokens; here texts are encoded whole")));
  return absl::OkStatus();
}

// {"strategy": "BatchLongest" or {"Fixed": n}, ...}, carried along, and not applied either.
Status ReadPadding(const JsonValue& value, TokenizerSpec* spec) {
  JsonFields fields(value);
  const std::optional<JsonValue> strategy = fields.Require("strategy");
  if (strategy && strategy->type() == JsonType::kObject) {
    JsonFields inner(*strategy);
    inner.Uint("Fixed");
    fields.Fail(inner.status());
  } else if (strategy) {
    fields.OneOf("strategy", {"BatchLongest"});
  }
  fields.OneOf("direction", {"Left", "Right"});
  fields.Id("pad_id");
  fields.Id("pad_type_id");
  fields.String("pad_token");
  TOKGRAFT_RETURN_IF_ERROR(fields.status());
  spec->rest["padding"] = value.Minified();
  spec->notes.push_back(
      Ignored("padding", "Hugging Face pads what it encodes; here nothing is added"));
  return absl::OkStatus();
}

// What is carried, not applied; any other key makes Hugging Face refuse the file.
Status ReadRest(JsonFields* fields, TokenizerSpec* spec) {
  const std::optional<JsonValue> truncation = fields->Take("truncation");
  if (truncation && !truncation->is_null()) {
    TOKGRAFT_RETURN_IF_ERROR(ReadTruncation(*truncation, spec));
  }
  const std::optional<JsonValue> padding = fields->Take("padding");
  if (padding && !padding->is_null()) TOKGRAFT_RETURN_IF_ERROR(ReadPadding(*padding, spec));
  if (const auto unread = fields->AllUnread(); !unread.empty()) {
    return unread.front().second.Error(
        "is no part of a tokenizer.json, and Hugging Face refuses the file; remove the key");
  }
  return absl::OkStatus();
}

}  // namespace

bool LooksLikeTokenizerJson(const JsonValue& root) {
  const std::optional<JsonValue> model = root.Find("model");
  return model && model->type() == JsonType::kObject;
}

StatusOr<TokenizerSpec> ReadTokenizerJson(const JsonValue& root, const std::string& name) {
  TokenizerSpec spec;
  spec.source = name;
  spec.format = Format::kTokenizerJson;
  spec.reference = Reference::kHuggingFace;
  JsonFields fields(root);
  TOKGRAFT_RETURN_IF_ERROR(fields.status());
  TOKGRAFT_RETURN_IF_ERROR(CheckVersion(&fields));
  const std::optional<JsonValue> model = fields.Require("model");
  if (!model) return fields.status();
  TOKGRAFT_ASSIGN_OR_RETURN(RawModel raw, ReadModel(*model, &spec.notes));
  if (raw.reference_size > std::numeric_limits<TokenId>::max() / 2) {
    return model->Error("has more pieces than ids");
  }
  spec.model = std::move(raw.model);
  TOKGRAFT_RETURN_IF_ERROR(ReadStages(&fields, &spec));
  if (const auto value = fields.Take("added_tokens")) {
    TOKGRAFT_ASSIGN_OR_RETURN(const std::vector<AddedToken> tokens, ReadAddedTokens(*value));
    spec.added_tokens = NumberAddedTokens(
        tokens, raw.reference_size, [&](std::string_view content) { return raw.ids.Find(content); },
        &spec.notes);
  }
  TOKGRAFT_RETURN_IF_ERROR(ReadRest(&fields, &spec));
  for (auto& [key, json] : raw.extra) spec.rest[Cat("model.", key)] = std::move(json);
  spec.spelling = SpellingOf(spec);
  FillVocab(raw, &spec);
  return spec;
}

StatusOr<TokenizerSpec> ReadTokenizerJson(std::string_view bytes, const std::string& name) {
  TOKGRAFT_ASSIGN_OR_RETURN(const JsonDocument document, JsonDocument::Parse(bytes, name));
  return ReadTokenizerJson(document.root(), name);
}

}  // namespace tokgraft
