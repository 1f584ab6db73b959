// Stages as Hugging Face writes them: the same names, the keys in its order.
#include <type_traits>
#include <utility>

#include "tokenizer/base/json_write.h"
#include "tokenizer/formats/base64.h"
#include "tokenizer/formats/tokenizer_json_parts.h"

namespace tokgraft {
namespace {

// An object built key by key.
class Object {
 public:
  explicit Object(std::string_view type) { Text("type", type); }
  Object() = default;
  Object& Text(std::string_view key, std::string_view value) { return Json(key, Quoted(value)); }
  Object& Flag(std::string_view key, bool value) { return Json(key, value ? "true" : "false"); }
  Object& Number(std::string_view key, std::uint64_t value) { return Json(key, Cat(value)); }
  Object& Json(std::string_view key, std::string_view value) {
    out_.append(out_.size() > 1 ? "," : "");
    AppendQuoted(key, &out_);
    out_.append(":").append(value);
    return *this;
  }
  std::string Done() const { return out_ + "}"; }

 private:
  std::string out_ = "{";
};

std::string PatternJson(const Pattern& pattern) {
  return Object().Text(pattern.is_regex ? "Regex" : "String", pattern.text).Done();
}

std::string_view NameOf(pre_tokenizer::SplitBehavior behavior) {
  using pre_tokenizer::SplitBehavior;
  switch (behavior) {
    case SplitBehavior::kRemoved:
      return "Removed";
    case SplitBehavior::kIsolated:
      return "Isolated";
    case SplitBehavior::kMergedWithPrevious:
      return "MergedWithPrevious";
    case SplitBehavior::kMergedWithNext:
      return "MergedWithNext";
    case SplitBehavior::kContiguous:
      return "Contiguous";
  }
  return "";
}

std::string_view NameOf(pre_tokenizer::PrependScheme scheme) {
  using pre_tokenizer::PrependScheme;
  switch (scheme) {
    case PrependScheme::kAlways:
      return "always";
    case PrependScheme::kNever:
      return "never";
    case PrependScheme::kFirst:
      return "first";
  }
  return "";
}

std::string_view NameOf(normalizer::UnicodeForm form) {
  using normalizer::UnicodeForm;
  switch (form) {
    case UnicodeForm::kNfc:
      return "NFC";
    case UnicodeForm::kNfd:
      return "NFD";
    case UnicodeForm::kNfkc:
      return "NFKC";
    case UnicodeForm::kNfkd:
      return "NFKD";
  }
  return "";
}

template <typename ByteLevel>
std::string ByteLevelJson(const ByteLevel& stage) {
  return Object("ByteLevel")
      .Flag("add_prefix_space", stage.add_prefix_space)
      .Flag("trim_offsets", stage.trim_offsets)
      .Flag("use_regex", stage.use_regex)
      .Done();
}

template <typename Metaspace>
std::string MetaspaceJson(const Metaspace& stage) {
  return Object("Metaspace")
      .Text("replacement", stage.replacement)
      .Text("prepend_scheme", NameOf(stage.prepend_scheme))
      .Flag("split", stage.split)
      .Done();
}

template <typename Replace>
std::string ReplaceJson(const Replace& stage) {
  return Object("Replace")
      .Json("pattern", PatternJson(stage.pattern))
      .Text("content", stage.content)
      .Done();
}

template <typename List, typename ToJson>
std::string ListJson(const List& list, const ToJson& to_json) {
  std::string out = "[";
  for (const auto& element : list) out.append(out.size() > 1 ? "," : "").append(to_json(element));
  return out + "]";
}

std::string TokenAndId(std::string_view token, TokenId id) {
  return Cat("[", Quoted(token), ",", id, "]");
}

std::string PartJson(const post_processor::TemplatePart& part) {
  using Kind = post_processor::TemplatePart::Kind;
  const bool is_special = part.kind == Kind::kSpecial;
  const std::string_view id = is_special                      ? std::string_view(part.special)
                              : part.kind == Kind::kSequenceA ? "A"
                                                              : "B";
  const std::string inner = Object().Text("id", id).Number("type_id", part.type_id).Done();
  return Object().Json(is_special ? "SpecialToken" : "Sequence", inner).Done();
}

std::string TemplateJson(const post_processor::Template& stage) {
  std::map<std::string, std::string> by_name;  // in order of name, as the reference writes them
  for (const post_processor::SpecialToken& token : stage.special_tokens) {
    by_name[token.id] =
        Object()
            .Text("id", token.id)
            .Json("ids", ListJson(token.ids, [](TokenId id) { return Cat(id); }))
            .Json("tokens",
                  ListJson(token.tokens, [](const std::string& text) { return Quoted(text); }))
            .Done();
  }
  Object special_tokens;
  for (const auto& [name, json] : by_name) special_tokens.Json(name, json);
  return Object("TemplateProcessing")
      .Json("single", ListJson(stage.single, &PartJson))
      .Json("pair", ListJson(stage.pair, &PartJson))
      .Json("special_tokens", special_tokens.Done())
      .Done();
}

Status OnlyElsewhere(std::string_view stage) {
  return UnimplementedError(
      Cat("tokenizer.json cannot say the stage ", stage, "; save in the format it came from"));
}

struct NormalizerToJson {
  using Out = StatusOr<std::string>;
  Out operator()(const normalizer::Bert& stage) const {
    return Object("BertNormalizer")
        .Flag("clean_text", stage.clean_text)
        .Flag("handle_chinese_chars", stage.handle_chinese_chars)
        .Json("strip_accents", !stage.strip_accents   ? "null"
                               : *stage.strip_accents ? "true"
                                                      : "false")
        .Flag("lowercase", stage.lowercase)
        .Done();
  }
  Out operator()(const normalizer::Strip& stage) const {
    return Object("Strip").Flag("strip_left", stage.left).Flag("strip_right", stage.right).Done();
  }
  Out operator()(const normalizer::StripAccents&) const { return Object("StripAccents").Done(); }
  Out operator()(const normalizer::Unicode& stage) const {
    return Object(NameOf(stage.form)).Done();
  }
  Out operator()(const normalizer::Lowercase&) const { return Object("Lowercase").Done(); }
  Out operator()(const normalizer::Nmt&) const { return Object("Nmt").Done(); }
  Out operator()(const normalizer::Precompiled& stage) const {
    return Object("Precompiled").Text("precompiled_charsmap", EncodeBase64(stage.charsmap)).Done();
  }
  Out operator()(const normalizer::Replace& stage) const { return ReplaceJson(stage); }
  Out operator()(const normalizer::Prepend& stage) const {
    return Object("Prepend").Text("prepend", stage.prepend).Done();
  }
  Out operator()(const normalizer::ByteLevel&) const { return Object("ByteLevel").Done(); }
  Out operator()(const normalizer::SentencePiece&) const {
    return OnlyElsewhere("normalizer of sentencepiece");
  }
  Out operator()(const UnknownStage& stage) const { return stage.json; }
};

struct PreTokenizerToJson {
  using Out = StatusOr<std::string>;
  Out operator()(const pre_tokenizer::Bert&) const { return Object("BertPreTokenizer").Done(); }
  Out operator()(const pre_tokenizer::ByteLevel& stage) const { return ByteLevelJson(stage); }
  Out operator()(const pre_tokenizer::CharDelimiterSplit& stage) const {
    return Object("CharDelimiterSplit").Text("delimiter", stage.delimiter).Done();
  }
  Out operator()(const pre_tokenizer::Metaspace& stage) const { return MetaspaceJson(stage); }
  Out operator()(const pre_tokenizer::Whitespace&) const { return Object("Whitespace").Done(); }
  Out operator()(const pre_tokenizer::WhitespaceSplit&) const {
    return Object("WhitespaceSplit").Done();
  }
  Out operator()(const pre_tokenizer::Split& stage) const {
    return Object("Split")
        .Json("pattern", PatternJson(stage.pattern))
        .Text("behavior", NameOf(stage.behavior))
        .Flag("invert", stage.invert)
        .Done();
  }
  Out operator()(const pre_tokenizer::Punctuation& stage) const {
    return Object("Punctuation").Text("behavior", NameOf(stage.behavior)).Done();
  }
  Out operator()(const pre_tokenizer::Digits& stage) const {
    return Object("Digits").Flag("individual_digits", stage.individual_digits).Done();
  }
  Out operator()(const pre_tokenizer::UnicodeScripts&) const {
    return Object("UnicodeScripts").Done();
  }
  Out operator()(const pre_tokenizer::FixedLength& stage) const {
    return Object("FixedLength").Number("length", stage.length).Done();
  }
  Out operator()(const pre_tokenizer::LlamaCpp& stage) const {
    return OnlyElsewhere(Cat("pre-tokenizer ", stage.name, " of llama.cpp"));
  }
  Out operator()(const UnknownStage& stage) const { return stage.json; }
};

struct PostProcessorToJson {
  using Out = StatusOr<std::string>;
  Out operator()(const post_processor::Template& stage) const { return TemplateJson(stage); }
  Out operator()(const post_processor::Bert& stage) const {
    return Object("BertProcessing")
        .Json("sep", TokenAndId(stage.sep_token, stage.sep_id))
        .Json("cls", TokenAndId(stage.cls_token, stage.cls_id))
        .Done();
  }
  Out operator()(const post_processor::Roberta& stage) const {
    return Object("RobertaProcessing")
        .Json("sep", TokenAndId(stage.sep_token, stage.sep_id))
        .Json("cls", TokenAndId(stage.cls_token, stage.cls_id))
        .Flag("trim_offsets", stage.trim_offsets)
        .Flag("add_prefix_space", stage.add_prefix_space)
        .Done();
  }
  Out operator()(const post_processor::ByteLevel& stage) const { return ByteLevelJson(stage); }
  Out operator()(const UnknownStage& stage) const { return stage.json; }
};

struct DecoderToJson {
  using Out = StatusOr<std::string>;
  Out operator()(const decoder::Bpe& stage) const {
    return Object("BPEDecoder").Text("suffix", stage.suffix).Done();
  }
  Out operator()(const decoder::ByteLevel& stage) const { return ByteLevelJson(stage); }
  Out operator()(const decoder::WordPiece& stage) const {
    return Object("WordPiece").Text("prefix", stage.prefix).Flag("cleanup", stage.cleanup).Done();
  }
  Out operator()(const decoder::Metaspace& stage) const { return MetaspaceJson(stage); }
  Out operator()(const decoder::Ctc& stage) const {
    return Object("CTC")
        .Text("pad_token", stage.pad_token)
        .Text("word_delimiter_token", stage.word_delimiter_token)
        .Flag("cleanup", stage.cleanup)
        .Done();
  }
  Out operator()(const decoder::Replace& stage) const { return ReplaceJson(stage); }
  Out operator()(const decoder::Fuse&) const { return Object("Fuse").Done(); }
  Out operator()(const decoder::Strip& stage) const {
    return Object("Strip")
        .Text("content", stage.content)
        .Number("start", stage.start)
        .Number("stop", stage.stop)
        .Done();
  }
  Out operator()(const decoder::ByteFallback&) const { return Object("ByteFallback").Done(); }
  Out operator()(const decoder::SentencePiece&) const {
    return OnlyElsewhere("decoder of sentencepiece");
  }
  Out operator()(const decoder::LlamaCpp&) const { return OnlyElsewhere("decoder of llama.cpp"); }
  Out operator()(const decoder::RawBytes&) const { return OnlyElsewhere("decoder of raw bytes"); }
  Out operator()(const UnknownStage& stage) const { return stage.json; }
};

}  // namespace

StatusOr<std::string> StageJson(const Normalizer& stage) {
  return std::visit(NormalizerToJson{}, stage);
}
StatusOr<std::string> StageJson(const PreTokenizer& stage) {
  return std::visit(PreTokenizerToJson{}, stage);
}
StatusOr<std::string> StageJson(const PostProcessor& stage) {
  return std::visit(PostProcessorToJson{}, stage);
}
StatusOr<std::string> StageJson(const Decoder& stage) { return std::visit(DecoderToJson{}, stage); }

}  // namespace tokgraft
