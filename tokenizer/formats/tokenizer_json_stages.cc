// Stages of tokenizer.json, from JSON to the variants of the spec.
//
// The rules are those of Hugging Face's deserialisers: which fields must be there, which have
// defaults, which older fields are understood, and what a stage without a "type" is taken for
// (the first kind, in their order, whose fields are all there).
#include <utility>

#include "tokenizer/formats/base64.h"
#include "tokenizer/formats/json_fields.h"
#include "tokenizer/formats/tokenizer_json_parts.h"

namespace tokgraft {
namespace {

// A kind of stage that may come without its "type", told by its fields.
struct Untyped {
  std::string_view type;
  std::vector<std::string_view> fields;
};

// One family of stages: where a Sequence keeps its list, and how one stage is read.
template <typename Stage>
struct Family {
  std::string_view sequence_key;
  std::vector<Untyped> untyped;
  // nullopt: a type we do not know.
  std::optional<Stage> (*read)(std::string_view type, JsonFields* fields);
};

std::string GuessType(const JsonFields& fields, const std::vector<Untyped>& kinds) {
  for (const Untyped& kind : kinds) {
    bool all = true;
    for (const std::string_view field : kind.fields) all = all && fields.Has(field);
    if (all) return std::string(kind.type);
  }
  return "";
}

void NoteUnread(const JsonFields& fields, std::string_view type, std::vector<LoadNote>* notes) {
  for (const auto& [key, value] : fields.AllUnread()) {
    notes->push_back({.kind = LoadNote::Kind::kIgnored,
                      .place = Cat(type, ".", key),
                      .message = "the reference does not read this field; it is not saved",
                      .declared = std::nullopt,
                      .actual = std::nullopt});
  }
}

template <typename Stage>
Status AppendStages(const JsonValue& value, const Family<Stage>& family,
                    std::vector<LoadNote>* notes, std::vector<Stage>* out) {
  JsonFields fields(value);
  TOKGRAFT_RETURN_IF_ERROR(fields.status());
  const std::string type =
      fields.Has("type") ? fields.String("type") : GuessType(fields, family.untyped);
  TOKGRAFT_RETURN_IF_ERROR(fields.status());
  if (type.empty()) return value.Error("\"type\" is missing; the stage cannot be told without it");
  if (type == "Sequence" && !fields.Has(family.sequence_key)) {
    return value.Error(Cat("\"", family.sequence_key, "\" is missing, a list was expected"));
  }
  if (type == "Sequence") {
    const JsonValue list = *fields.Take(family.sequence_key);
    NoteUnread(fields, type, notes);
    return list.ForEachElement(
        [&](std::size_t, JsonValue element) { return AppendStages(element, family, notes, out); });
  }
  std::optional<Stage> stage = family.read(type, &fields);
  TOKGRAFT_RETURN_IF_ERROR(fields.status());
  if (!stage) {
    stage = UnknownStage{.type = type, .json = value.Minified()};
  } else {
    NoteUnread(fields, type, notes);
  }
  out->push_back(*std::move(stage));
  return absl::OkStatus();
}

template <typename Stage>
StatusOr<std::vector<Stage>> ReadStages(const JsonValue& value, const Family<Stage>& family,
                                        std::vector<LoadNote>* notes) {
  std::vector<Stage> stages;
  if (value.is_null()) return stages;
  TOKGRAFT_RETURN_IF_ERROR(AppendStages(value, family, notes, &stages));
  return stages;
}

// {"String": text} or {"Regex": text}.
Pattern ReadPattern(JsonFields* fields) {
  Pattern pattern;
  const std::optional<JsonValue> value = fields->Require("pattern");
  if (!value) return pattern;
  JsonFields inner(*value);
  pattern.is_regex = inner.Has("Regex");
  pattern.text = inner.String(pattern.is_regex ? "Regex" : "String");
  fields->Fail(inner.status());
  if (inner.status().ok() && inner.Unread()) {
    fields->Fail(value->Error("has several keys, one of String or Regex was expected"));
  }
  return pattern;
}

// The three flags that a ByteLevel has wherever it stands.
template <typename ByteLevel>
ByteLevel ReadByteLevel(JsonFields* fields) {
  return {.add_prefix_space = fields->Bool("add_prefix_space"),
          .trim_offsets = fields->Bool("trim_offsets"),
          .use_regex = fields->BoolOr("use_regex", true)};
}

// Pre-tokenizer and decoder; before 0.15 `add_prefix_space` stood for the scheme.
template <typename Metaspace>
Metaspace ReadMetaspace(JsonFields* fields) {
  using pre_tokenizer::PrependScheme;
  Metaspace out;
  out.replacement = fields->Character("replacement");
  out.prepend_scheme =
      static_cast<PrependScheme>(fields->OneOf("prepend_scheme", {"always", "never", "first"}, 0));
  out.split = fields->MaybeBool("split").value_or(true);
  const std::optional<bool> add_prefix_space = fields->MaybeBool("add_prefix_space");
  fields->MaybeString("str_rep");  // a copy of `replacement` in old files
  if (add_prefix_space == false && out.prepend_scheme != PrependScheme::kNever) {
    fields->Fail(fields->object().Error(
        "\"add_prefix_space\" is false but \"prepend_scheme\" is not \"never\"; Hugging Face "
        "refuses the file, set \"prepend_scheme\" to \"never\""));
  }
  return out;
}

pre_tokenizer::SplitBehavior ReadBehavior(JsonFields* fields,
                                          std::optional<std::size_t> otherwise) {
  return static_cast<pre_tokenizer::SplitBehavior>(fields->OneOf(
      "behavior", {"Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"},
      otherwise));
}

std::string ReadCharsmap(JsonFields* fields) {
  const std::string text = fields->String("precompiled_charsmap");
  std::string bytes;
  if (fields->status().ok() && !DecodeBase64(text, &bytes)) {
    fields->Fail(fields->Take("precompiled_charsmap")->Error("is not base64"));
  }
  return bytes;
}

std::optional<Normalizer> ReadNormalizer(std::string_view type, JsonFields* fields) {
  using normalizer::UnicodeForm;
  if (type == "BertNormalizer" || type == "Bert") {
    return normalizer::Bert{.clean_text = fields->Bool("clean_text"),
                            .handle_chinese_chars = fields->Bool("handle_chinese_chars"),
                            .strip_accents = fields->MaybeBool("strip_accents"),
                            .lowercase = fields->Bool("lowercase")};
  }
  if (type == "Strip") {
    return normalizer::Strip{.left = fields->Bool("strip_left"),
                             .right = fields->Bool("strip_right")};
  }
  if (type == "StripAccents") return normalizer::StripAccents{};
  if (type == "NFC") return normalizer::Unicode{UnicodeForm::kNfc};
  if (type == "NFD") return normalizer::Unicode{UnicodeForm::kNfd};
  if (type == "NFKC") return normalizer::Unicode{UnicodeForm::kNfkc};
  if (type == "NFKD") return normalizer::Unicode{UnicodeForm::kNfkd};
  if (type == "Lowercase") return normalizer::Lowercase{};
  if (type == "Nmt") return normalizer::Nmt{};
  if (type == "Precompiled") return normalizer::Precompiled{.charsmap = ReadCharsmap(fields)};
  if (type == "Replace") {
    return normalizer::Replace{.pattern = ReadPattern(fields),
                               .content = fields->String("content")};
  }
  if (type == "Prepend") return normalizer::Prepend{.prepend = fields->String("prepend")};
  if (type == "ByteLevel") return normalizer::ByteLevel{};
  return std::nullopt;
}

std::optional<PreTokenizer> ReadPreTokenizer(std::string_view type, JsonFields* fields) {
  if (type == "BertPreTokenizer") return pre_tokenizer::Bert{};
  if (type == "ByteLevel") return ReadByteLevel<pre_tokenizer::ByteLevel>(fields);
  if (type == "CharDelimiterSplit") {
    return pre_tokenizer::CharDelimiterSplit{.delimiter = fields->Character("delimiter")};
  }
  if (type == "Metaspace") return ReadMetaspace<pre_tokenizer::Metaspace>(fields);
  if (type == "Whitespace") return pre_tokenizer::Whitespace{};
  if (type == "WhitespaceSplit") return pre_tokenizer::WhitespaceSplit{};
  if (type == "Split") {
    return pre_tokenizer::Split{.pattern = ReadPattern(fields),
                                .behavior = ReadBehavior(fields, std::nullopt),
                                .invert = fields->Bool("invert")};
  }
  if (type == "Punctuation") return pre_tokenizer::Punctuation{.behavior = ReadBehavior(fields, 1)};
  if (type == "Digits") {
    return pre_tokenizer::Digits{.individual_digits = fields->Bool("individual_digits")};
  }
  if (type == "UnicodeScripts") return pre_tokenizer::UnicodeScripts{};
  if (type == "FixedLength") {
    return pre_tokenizer::FixedLength{.length = fields->UintOr("length", 5)};
  }
  return std::nullopt;
}

std::optional<Decoder> ReadDecoder(std::string_view type, JsonFields* fields) {
  if (type == "BPEDecoder") return decoder::Bpe{.suffix = fields->String("suffix")};
  if (type == "ByteLevel") return ReadByteLevel<decoder::ByteLevel>(fields);
  if (type == "WordPiece") {
    return decoder::WordPiece{.prefix = fields->String("prefix"),
                              .cleanup = fields->Bool("cleanup")};
  }
  if (type == "Metaspace") return ReadMetaspace<decoder::Metaspace>(fields);
  if (type == "CTC") {
    return decoder::Ctc{.pad_token = fields->String("pad_token"),
                        .word_delimiter_token = fields->String("word_delimiter_token"),
                        .cleanup = fields->Bool("cleanup")};
  }
  if (type == "Replace") {
    return decoder::Replace{.pattern = ReadPattern(fields), .content = fields->String("content")};
  }
  if (type == "Fuse") return decoder::Fuse{};
  if (type == "Strip") {
    return decoder::Strip{.content = fields->Character("content"),
                          .start = fields->Uint("start"),
                          .stop = fields->Uint("stop")};
  }
  if (type == "ByteFallback") return decoder::ByteFallback{};
  return std::nullopt;
}

// ["[SEP]", 102]
void ReadTokenAndId(JsonFields* fields, std::string_view key, std::string* token, TokenId* id) {
  const std::optional<JsonValue> value = fields->Require(key);
  if (!value) return;
  std::size_t size = 0;
  fields->Fail(value->ForEachElement([&](std::size_t index, JsonValue element) -> Status {
    size = index + 1;
    if (index == 0) {
      TOKGRAFT_ASSIGN_OR_RETURN(*token, element.String());
    } else if (index == 1) {
      TOKGRAFT_ASSIGN_OR_RETURN(*id, ReadId(element));
    }
    return absl::OkStatus();
  }));
  if (size != 2)
    fields->Fail(value->Error(Cat("has ", size, " elements, a token and its id were expected")));
}

StatusOr<post_processor::TemplatePart> ReadTemplatePart(const JsonValue& value) {
  using Kind = post_processor::TemplatePart::Kind;
  JsonFields outer(value);
  post_processor::TemplatePart part;
  const bool is_special = outer.Has("SpecialToken");
  const std::optional<JsonValue> inside = outer.Require(is_special ? "SpecialToken" : "Sequence");
  TOKGRAFT_RETURN_IF_ERROR(outer.status());
  JsonFields inner(*inside);
  if (is_special) {
    part.kind = Kind::kSpecial;
    part.special = inner.String("id");
  } else {
    part.kind = inner.OneOf("id", {"A", "B"}) == 0 ? Kind::kSequenceA : Kind::kSequenceB;
  }
  part.type_id = inner.Id("type_id");
  TOKGRAFT_RETURN_IF_ERROR(inner.status());
  if (outer.Unread()) {
    return value.Error(
        "has several keys, one of Sequence or SpecialToken with id and type_id was expected");
  }
  return part;
}

std::vector<post_processor::TemplatePart> ReadTemplate(JsonFields* fields, std::string_view key) {
  std::vector<post_processor::TemplatePart> parts;
  const std::optional<JsonValue> value = fields->Require(key);
  if (!value) return parts;
  fields->Fail(value->ForEachElement([&](std::size_t, JsonValue element) -> Status {
    TOKGRAFT_ASSIGN_OR_RETURN(post_processor::TemplatePart part, ReadTemplatePart(element));
    parts.push_back(std::move(part));
    return absl::OkStatus();
  }));
  return parts;
}

StatusOr<post_processor::SpecialToken> ReadSpecialToken(std::string_view key,
                                                        const JsonValue& value) {
  JsonFields fields(value);
  post_processor::SpecialToken token{.id = std::string(key), .ids = {}, .tokens = {}};
  const std::string id = fields.String("id");
  const std::optional<JsonValue> ids = fields.Require("ids");
  const std::optional<JsonValue> tokens = fields.Require("tokens");
  TOKGRAFT_RETURN_IF_ERROR(fields.status());
  TOKGRAFT_RETURN_IF_ERROR(ids->ForEachElement([&](std::size_t, JsonValue element) -> Status {
    TOKGRAFT_ASSIGN_OR_RETURN(const TokenId read, ReadId(element));
    token.ids.push_back(read);
    return absl::OkStatus();
  }));
  TOKGRAFT_RETURN_IF_ERROR(tokens->ForEachElement([&](std::size_t, JsonValue element) -> Status {
    TOKGRAFT_ASSIGN_OR_RETURN(const std::string_view read, element.String());
    token.tokens.emplace_back(read);
    return absl::OkStatus();
  }));
  if (token.ids.size() != token.tokens.size()) {
    return value.Error(Cat("has ", token.ids.size(), " ids and ", token.tokens.size(),
                           " tokens, as many of each were expected"));
  }
  if (id != key) return value.Error(Cat("has the id \"", id, "\", its own key was expected"));
  return token;
}

std::optional<PostProcessor> ReadTemplateProcessing(JsonFields* fields) {
  post_processor::Template out{.single = ReadTemplate(fields, "single"),
                               .pair = ReadTemplate(fields, "pair"),
                               .special_tokens = {}};
  const std::optional<JsonValue> tokens = fields->Require("special_tokens");
  if (!tokens) return std::nullopt;
  // By name: the reference keeps them in a map.
  std::map<std::string, post_processor::SpecialToken, std::less<>> by_name;
  fields->Fail(tokens->ForEachMember([&](std::string_view key, JsonValue value) -> Status {
    TOKGRAFT_ASSIGN_OR_RETURN(by_name[std::string(key)], ReadSpecialToken(key, value));
    return absl::OkStatus();
  }));
  for (auto& [name, token] : by_name) out.special_tokens.push_back(std::move(token));
  return out;
}

std::optional<PostProcessor> ReadPostProcessor(std::string_view type, JsonFields* fields) {
  if (type == "ByteLevel") return ReadByteLevel<post_processor::ByteLevel>(fields);
  if (type == "TemplateProcessing") return ReadTemplateProcessing(fields);
  if (type != "BertProcessing" && type != "RobertaProcessing") return std::nullopt;
  // The reference goes by the fields here, whatever the type says.
  post_processor::Roberta roberta;
  ReadTokenAndId(fields, "sep", &roberta.sep_token, &roberta.sep_id);
  ReadTokenAndId(fields, "cls", &roberta.cls_token, &roberta.cls_id);
  if (fields->Has("trim_offsets") && fields->Has("add_prefix_space")) {
    roberta.trim_offsets = fields->Bool("trim_offsets");
    roberta.add_prefix_space = fields->Bool("add_prefix_space");
    return roberta;
  }
  return post_processor::Bert{.sep_token = roberta.sep_token,
                              .sep_id = roberta.sep_id,
                              .cls_token = roberta.cls_token,
                              .cls_id = roberta.cls_id};
}

}  // namespace

StatusOr<std::vector<Normalizer>> ReadNormalizers(const JsonValue& value,
                                                  std::vector<LoadNote>* notes) {
  return ReadStages<Normalizer>(
      value,
      {.sequence_key = "normalizers",
       .untyped = {{"BertNormalizer", {"clean_text", "handle_chinese_chars", "lowercase"}},
                   {"Strip", {"strip_left", "strip_right"}},
                   {"Sequence", {"normalizers"}},
                   {"Precompiled", {"precompiled_charsmap"}},
                   {"Replace", {"pattern", "content"}},
                   {"Prepend", {"prepend"}}},
       .read = &ReadNormalizer},
      notes);
}

StatusOr<std::vector<PreTokenizer>> ReadPreTokenizers(const JsonValue& value,
                                                      std::vector<LoadNote>* notes) {
  return ReadStages<PreTokenizer>(
      value, {.sequence_key = "pretokenizers", .untyped = {}, .read = &ReadPreTokenizer}, notes);
}

StatusOr<std::vector<PostProcessor>> ReadPostProcessors(const JsonValue& value,
                                                        std::vector<LoadNote>* notes) {
  return ReadStages<PostProcessor>(
      value,
      {.sequence_key = "processors",
       .untyped = {{"RobertaProcessing", {"sep", "cls"}},
                   {"TemplateProcessing", {"single", "pair", "special_tokens"}}},
       .read = &ReadPostProcessor},
      notes);
}

StatusOr<std::vector<Decoder>> ReadDecoders(const JsonValue& value, std::vector<LoadNote>* notes) {
  return ReadStages<Decoder>(value,
                             {.sequence_key = "decoders",
                              .untyped = {{"BPEDecoder", {"suffix"}},
                                          {"WordPiece", {"prefix", "cleanup"}},
                                          {"CTC", {"pad_token", "word_delimiter_token", "cleanup"}},
                                          {"Replace", {"pattern", "content"}},
                                          {"Strip", {"content", "start", "stop"}}},
                              .read = &ReadDecoder},
                             notes);
}

}  // namespace tokgraft
