#include "vocab_merge/same/stage_text.h"

#include <string_view>
#include <type_traits>
#include <variant>

#include "tokenizer/base/json_write.h"
#include "tokenizer/status.h"

namespace tokgraft {
namespace {

std::string Field(bool value) { return value ? "true" : "false"; }
std::string Field(std::uint64_t value) { return Cat(value); }
// Quoted by hand: bytes of a charsmap are no UTF-8.
std::string Field(const std::string& value) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') out.push_back('\\');
    if (byte < 0x20) {
      out += Cat("\\x", kHex[byte >> 4], kHex[byte & 15]);
    } else {
      out.push_back(c);
    }
  }
  return out + "\"";
}
std::string Field(const Pattern& pattern) {
  return Cat(pattern.is_regex ? "regex " : "text ", Field(pattern.text));
}
template <typename E>
  requires std::is_enum_v<E>
std::string Field(E value) {
  return Cat(static_cast<std::uint64_t>(value));
}

template <typename... Fields>
std::string Stage(std::string_view name, const Fields&... fields) {
  std::string out = Cat(name, "{");
  bool first = true;
  ((out += (first ? "" : ", ") + Field(fields), first = false), ...);
  return out + "}";
}

struct NormalizerText {
  std::string operator()(const normalizer::Bert& s) const {
    return Stage("Bert", s.clean_text, s.handle_chinese_chars,
                 s.strip_accents.value_or(s.lowercase), s.lowercase);
  }
  std::string operator()(const normalizer::Strip& s) const {
    return Stage("Strip", s.left, s.right);
  }
  std::string operator()(const normalizer::StripAccents&) const { return Stage("StripAccents"); }
  std::string operator()(const normalizer::Unicode& s) const {
    static constexpr std::string_view kForms[] = {"NFC", "NFD", "NFKC", "NFKD"};
    return Stage(kForms[static_cast<std::size_t>(s.form)]);
  }
  std::string operator()(const normalizer::Lowercase&) const { return Stage("Lowercase"); }
  std::string operator()(const normalizer::Nmt&) const { return Stage("Nmt"); }
  std::string operator()(const normalizer::Precompiled& s) const {
    return Stage("Precompiled", s.charsmap);
  }
  std::string operator()(const normalizer::Replace& s) const {
    return Stage("Replace", s.pattern, s.content);
  }
  std::string operator()(const normalizer::Prepend& s) const { return Stage("Prepend", s.prepend); }
  std::string operator()(const normalizer::ByteLevel&) const { return Stage("ByteLevel"); }
  std::string operator()(const normalizer::SentencePiece& s) const {
    return Stage("SentencePiece", s.add_dummy_prefix, s.remove_extra_whitespaces,
                 s.escape_whitespaces, s.treat_whitespace_as_suffix, s.charsmap);
  }
  std::string operator()(const UnknownStage& s) const { return Stage(s.type, s.json); }
};

struct PreTokenizerText {
  std::string operator()(const pre_tokenizer::Bert&) const { return Stage("Bert"); }
  std::string operator()(const pre_tokenizer::ByteLevel& s) const {
    return Stage("ByteLevel", s.add_prefix_space, s.use_regex);
  }
  std::string operator()(const pre_tokenizer::CharDelimiterSplit& s) const {
    return Stage("CharDelimiterSplit", s.delimiter);
  }
  std::string operator()(const pre_tokenizer::Metaspace& s) const {
    return Stage("Metaspace", s.replacement, s.prepend_scheme, s.split);
  }
  std::string operator()(const pre_tokenizer::Whitespace&) const { return Stage("Whitespace"); }
  std::string operator()(const pre_tokenizer::WhitespaceSplit&) const {
    return Stage("WhitespaceSplit");
  }
  std::string operator()(const pre_tokenizer::Split& s) const {
    return Stage("Split", s.pattern, s.behavior, s.invert);
  }
  std::string operator()(const pre_tokenizer::Punctuation& s) const {
    return Stage("Punctuation", s.behavior);
  }
  std::string operator()(const pre_tokenizer::Digits& s) const {
    return Stage("Digits", s.individual_digits);
  }
  std::string operator()(const pre_tokenizer::UnicodeScripts&) const {
    return Stage("UnicodeScripts");
  }
  std::string operator()(const pre_tokenizer::FixedLength& s) const {
    return Stage("FixedLength", s.length);
  }
  std::string operator()(const pre_tokenizer::LlamaCpp& s) const {
    return Stage("LlamaCpp", s.name);
  }
  std::string operator()(const UnknownStage& s) const { return Stage(s.type, s.json); }
};

std::string PartText(const post_processor::TemplatePart& part) {
  return Stage("Part", part.kind, part.special, std::uint64_t{part.type_id});
}

struct PostProcessorText {
  std::string operator()(const post_processor::Template& s) const {
    std::string out = "Template{single:";
    for (const auto& part : s.single) out += PartText(part);
    out += " pair:";
    for (const auto& part : s.pair) out += PartText(part);
    // In the order of their use: the file's own order means nothing.
    for (const auto* parts : {&s.single, &s.pair}) {
      for (const auto& part : *parts) {
        for (const auto& token : s.special_tokens) {
          if (token.id != part.special) continue;
          out += Cat(" ", Field(token.id), ":");
          for (const TokenId id : token.ids) out += Cat(" ", id);
        }
      }
    }
    return out + "}";
  }
  std::string operator()(const post_processor::Bert& s) const {
    return Stage("Bert", std::uint64_t{s.cls_id}, std::uint64_t{s.sep_id});
  }
  std::string operator()(const post_processor::Roberta& s) const {
    return Stage("Roberta", std::uint64_t{s.cls_id}, std::uint64_t{s.sep_id});
  }
  std::string operator()(const post_processor::ByteLevel&) const { return {}; }  // offsets only
  std::string operator()(const UnknownStage& s) const { return Stage(s.type, s.json); }
};

struct DecoderText {
  std::string operator()(const decoder::Bpe& s) const { return Stage("Bpe", s.suffix); }
  std::string operator()(const decoder::ByteLevel&) const { return Stage("ByteLevel"); }
  std::string operator()(const decoder::WordPiece& s) const {
    return Stage("WordPiece", s.prefix, s.cleanup);
  }
  std::string operator()(const decoder::Metaspace& s) const {
    return Stage("Metaspace", s.replacement, s.prepend_scheme);
  }
  std::string operator()(const decoder::Ctc& s) const {
    return Stage("Ctc", s.pad_token, s.word_delimiter_token, s.cleanup);
  }
  std::string operator()(const decoder::Replace& s) const {
    return Stage("Replace", s.pattern, s.content);
  }
  std::string operator()(const decoder::Fuse&) const { return Stage("Fuse"); }
  std::string operator()(const decoder::Strip& s) const {
    return Stage("Strip", s.content, s.start, s.stop);
  }
  std::string operator()(const decoder::ByteFallback&) const { return Stage("ByteFallback"); }
  std::string operator()(const decoder::SentencePiece& s) const {
    return Stage("SentencePiece", s.unk_surface,
                 s.denormalizer ? NormalizerText{}(*s.denormalizer) : std::string());
  }
  std::string operator()(const decoder::LlamaCpp& s) const {
    return Stage("LlamaCpp", s.add_space_prefix, s.clean_spaces);
  }
  std::string operator()(const decoder::RawBytes&) const { return Stage("RawBytes"); }
  std::string operator()(const UnknownStage& s) const { return Stage(s.type, s.json); }
};

template <typename Visitor, typename Stages>
std::string AllOf(const Visitor& visitor, const Stages& stages) {
  std::string out;
  for (const auto& stage : stages) out += std::visit(visitor, stage);
  return out;
}

struct ModelText {
  std::string operator()(const BpeModel& m) const {
    static constexpr std::string_view kOrders[] = {"merge list", "score", "rank"};
    std::string out = Cat("BPE by ", kOrders[static_cast<std::size_t>(m.order)], "{");
    if (m.unk) out += Cat("unk ", *m.unk, m.fuse_unk ? " fused" : "", ", ");
    if (m.byte_fallback) out += "byte_fallback, ";
    if (m.ignore_merges) out += "ignore_merges, ";
    if (m.dropout && *m.dropout != 0) out += Cat("dropout ", FormatDouble(*m.dropout), ", ");
    const std::string prefix = m.continuing_subword_prefix.value_or("");
    const std::string suffix = m.end_of_word_suffix.value_or("");
    return out + Cat("affixes ", Field(prefix), " ", Field(suffix), "}");
  }
  std::string operator()(const UnigramModel& m) const {
    return Cat("Unigram{", m.unk ? Cat("unk ", *m.unk, ", ") : "",
               m.byte_fallback ? "byte_fallback" : "", "}");
  }
  std::string operator()(const WordPieceModel& m) const {
    return Stage("WordPiece", m.unk_spelling, m.continuing_subword_prefix,
                 m.max_input_chars_per_word);
  }
  std::string operator()(const UnknownStage& m) const { return Stage(m.type, m.json); }
};

}  // namespace

std::string TextOf(const Model& model) { return std::visit(ModelText{}, model); }
std::string TextOf(const std::vector<Normalizer>& stages) {
  return AllOf(NormalizerText{}, stages);
}
std::string TextOf(const std::vector<PreTokenizer>& stages) {
  return AllOf(PreTokenizerText{}, stages);
}
std::string TextOf(const std::vector<PostProcessor>& stages) {
  return AllOf(PostProcessorText{}, stages);
}
std::string TextOf(const std::vector<Decoder>& stages) { return AllOf(DecoderText{}, stages); }

}  // namespace tokgraft
