#include "tokenizer/stages/decode.h"

#include <functional>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "tokenizer/stages/decode_steps.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

constexpr std::string_view kMetaspaceMark = "\xE2\x96\x81";         // ▁
constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";  // U+FFFD

Status UnknownId(TokenId id, const TokenizerSpec& spec) {
  return OutOfRangeError(Cat("id ", id, " is not in the vocabulary, expected one below ",
                             spec.id_limit(), " that has a token"));
}

std::string RepairUtf8(std::string_view bytes) {
  std::string text;
  ReplaceInvalid(bytes, &text);
  return text;
}

// The added tokens of a spec by id.
using AddedById = std::unordered_map<TokenId, const AddedToken*>;

// ---- sentencepiece -----------------------------------------------------------------------------
struct SentencePieceRules {
  decoder::SentencePiece decoder;
  bool drops_leading_space = false;   // one, of the first piece that has text
  bool drops_leading_spaces = false;  // of all pieces until there is text
  std::optional<CompiledNormalizer> denormalizer;
};

// Each byte that starts no well-formed character is one U+FFFD, as sentencepiece has it.
void AppendBytesAsText(std::string* bytes, std::string* text) {
  for (std::size_t at = 0; at < bytes->size();) {
    std::size_t bad = 0;
    const std::size_t size = CheckCharacter(std::string_view(*bytes).substr(at), &bad);
    if (size > 0) {
      text->append(*bytes, at, size);
    } else {
      text->append(kReplacementCharacter);
    }
    at += size > 0 ? size : 1;
  }
  bytes->clear();
}

StatusOr<std::string> DecodeSentencePiece(const TokenizerSpec& spec,
                                          const SentencePieceRules& rules,
                                          std::span<const TokenId> ids) {
  std::string text;
  std::string bytes;
  bool at_start = true;
  for (const TokenId id : ids) {
    const std::optional<Piece> piece = spec.vocab.Get(id);
    if (!piece) return UnknownId(id, spec);
    if (piece->kind == PieceKind::kByte) {
      bytes += piece->bytes;
      continue;
    }
    AppendBytesAsText(&bytes, &text);
    if (!text.empty()) at_start = false;
    if (piece->kind == PieceKind::kControl) continue;
    if (piece->kind == PieceKind::kUnknown) {
      const bool consumed = at_start && rules.drops_leading_space && !rules.drops_leading_spaces &&
                            piece->spelling.starts_with(kMetaspaceMark);
      text += rules.decoder.unk_surface;
      if (consumed || !text.empty()) at_start = false;
      continue;
    }
    std::string_view spelling = piece->spelling;
    bool consumed = false;
    if (at_start && rules.drops_leading_space && spelling.starts_with(kMetaspaceMark)) {
      spelling.remove_prefix(kMetaspaceMark.size());
      consumed = !rules.drops_leading_spaces;
    }
    text += ReplaceAll(spelling, kMetaspaceMark, " ");
    if (consumed || !text.empty()) at_start = false;
  }
  AppendBytesAsText(&bytes, &text);
  if (!rules.denormalizer) return text;
  std::string out;
  rules.denormalizer->Normalize(text, &out);
  return out;
}

// ---- llama.cpp ---------------------------------------------------------------------------------
// Drops the space before ?!., then those around a lone apostrophe, then before 's 'm 're 've: three
// passes in place, each looking at what the one before left.
void CleanSpaces(std::string* text) {
  std::string& t = *text;
  const auto pass = [&t](auto&& visit) {
    const std::size_t size = t.size();
    std::size_t kept = size > 0 ? 1 : 0;
    for (std::size_t i = 1; i < size; ++i) {
      const char c = t[i];
      visit(&i, &kept, size);
      t[kept++] = c;
    }
    t.resize(kept);
  };
  pass([&t](std::size_t* i, std::size_t* kept, std::size_t) {
    const char c = t[*i];
    if (t[*i - 1] == ' ' && (c == '?' || c == '!' || c == '.' || c == ',')) --*kept;
  });
  pass([&t](std::size_t* i, std::size_t* kept, std::size_t size) {
    if (t[*i] == '\'' && *i + 1 < size && t[*i - 1] == ' ' && t[*i + 1] == ' ') {
      --*kept;
      t[++*i] = '\0';
    }
  });
  pass([&t](std::size_t* i, std::size_t* kept, std::size_t size) {
    if (t[*i - 1] != ' ' || t[*i] != '\'' || *i + 1 >= size) return;
    const char next = t[*i + 1];
    const bool has_two = *i + 2 < size;
    if (next == 's' || next == 'm' ||
        (has_two && (next == 'r' || next == 'v') && t[*i + 2] == 'e')) {
      --*kept;
    }
  });
}

StatusOr<std::string> DecodeLlamaCpp(const TokenizerSpec& spec, const decoder::LlamaCpp& rules,
                                     std::span<const TokenId> ids, bool skip_special_tokens) {
  bool drop_space = rules.add_space_prefix;
  if (skip_special_tokens && spec.add_bos && !ids.empty() && ids.front() == spec.roles.bos) {
    drop_space = false;
    ids = ids.subspan(1);
  }
  if (skip_special_tokens && spec.add_eos && !ids.empty() && ids.back() == spec.roles.eos) {
    ids = ids.first(ids.size() - 1);
  }
  std::string text;
  for (const TokenId id : ids) {
    const std::optional<Piece> piece = spec.vocab.Get(id);
    if (!piece) return UnknownId(id, spec);
    const bool special = piece->kind == PieceKind::kControl || piece->kind == PieceKind::kUnknown;
    std::string_view bytes = skip_special_tokens && special ? "" : piece->bytes;
    if (drop_space && bytes.starts_with(' ')) bytes.remove_prefix(1);
    drop_space = false;
    text += bytes;
  }
  if (rules.clean_spaces) CleanSpaces(&text);
  return RepairUtf8(text);
}

// ---- tiktoken and Tekken -----------------------------------------------------------------------
StatusOr<std::string> DecodeRawBytes(const TokenizerSpec& spec, const AddedById& added,
                                     std::span<const TokenId> ids, bool skip_special_tokens) {
  std::string text;
  std::string bytes;
  for (const TokenId id : ids) {
    const std::optional<Piece> piece = spec.vocab.Get(id);
    const auto found = added.find(id);
    if (!piece && found == added.end()) return UnknownId(id, spec);
    const bool special =
        found != added.end() ? found->second->special : piece->kind == PieceKind::kControl;
    if (!special) {
      bytes += piece ? piece->bytes : std::string_view(found->second->content);
      continue;
    }
    // Tekken repairs what stands between special tokens on its own, tiktoken the whole.
    if (spec.reference == Reference::kTekken) {
      ReplaceInvalid(bytes, &text);
      bytes.clear();
    }
    if (skip_special_tokens) continue;
    bytes += found != added.end() ? std::string_view(found->second->content) : piece->bytes;
  }
  ReplaceInvalid(bytes, &text);
  return text;
}

}  // namespace

struct CompiledDecoder::Impl {
  using Function = std::function<StatusOr<std::string>(std::span<const TokenId>, bool)>;
  Function decode;
};

namespace {

// ---- tokenizers --------------------------------------------------------------------------------
class HuggingFaceDecoder {
 public:
  static StatusOr<HuggingFaceDecoder> Compile(const TokenizerSpec& spec,
                                              const CompiledNormalizer& normalizer) {
    HuggingFaceDecoder out;
    out.spec_ = &spec;
    for (const AddedToken& token : spec.added_tokens) {
      if (token.special) out.special_.insert(token.content);
      std::string shown = token.content;
      if (token.normalized) {
        shown.clear();
        normalizer.Normalize(token.content, &shown);
      }
      out.added_[token.id] = std::move(shown);
    }
    out.has_decoder_ = spec.decoders.has_value();
    if (!spec.decoders) return out;
    for (const Decoder& decoder : *spec.decoders) {
      TOKGRAFT_ASSIGN_OR_RETURN(DecodeStep step, MakeDecodeStep(decoder, spec.reference));
      out.steps_.push_back(std::move(step));
    }
    out.byte_level_only_ = spec.decoders->size() == 1 &&
                           std::holds_alternative<decoder::ByteLevel>(spec.decoders->front());
    return out;
  }

  std::string Decode(std::span<const TokenId> ids, bool skip_special_tokens) const {
    TokenStrings tokens;
    std::string bytes;
    for (const TokenId id : ids) {
      const auto found = added_.find(id);
      std::string_view token;
      if (found != added_.end()) {
        token = found->second;
      } else if (const std::optional<Piece> piece = spec_->vocab.Get(id)) {
        token = piece->spelling;
      } else {
        continue;  // the reference passes over ids it does not know
      }
      if (skip_special_tokens && special_.contains(std::string(token))) continue;
      if (byte_level_only_) {
        bytes += ByteLevelBytes(token);
      } else {
        tokens.emplace_back(token);
      }
    }
    if (byte_level_only_) return RepairUtf8(bytes);
    for (const DecodeStep& step : steps_) step(&tokens);
    std::string text;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      if (i > 0 && !has_decoder_) text += ' ';
      text += tokens[i];
    }
    return text;
  }

 private:
  const TokenizerSpec* spec_ = nullptr;
  std::unordered_map<TokenId, std::string> added_;  // as they are shown to the decoders
  std::unordered_set<std::string> special_;         // contents
  std::vector<DecodeStep> steps_;
  bool has_decoder_ = false;
  bool byte_level_only_ = false;
};

StatusOr<SentencePieceRules> MakeSentencePieceRules(const TokenizerSpec& spec,
                                                    const decoder::SentencePiece& decoder) {
  SentencePieceRules rules;
  rules.decoder = decoder;
  for (const Normalizer& stage : spec.normalizers) {
    if (const auto* flags = std::get_if<normalizer::SentencePiece>(&stage)) {
      rules.drops_leading_space = flags->add_dummy_prefix || flags->remove_extra_whitespaces;
      rules.drops_leading_spaces = flags->remove_extra_whitespaces;
    }
  }
  if (decoder.denormalizer) {
    TokenizerSpec denormalizing;
    denormalizing.reference = spec.reference;
    denormalizing.normalizers = {*decoder.denormalizer};
    TOKGRAFT_ASSIGN_OR_RETURN(
        rules.denormalizer,
        CompiledNormalizer::Compile(denormalizing, /*skip_trailing_byte_level=*/false));
  }
  return rules;
}

}  // namespace

StatusOr<CompiledDecoder> CompiledDecoder::Compile(const TokenizerSpec& spec,
                                                   const CompiledNormalizer& normalizer) {
  CompiledDecoder out;
  auto impl = std::make_shared<Impl>();
  const Decoder* only =
      spec.decoders && spec.decoders->size() == 1 ? &spec.decoders->front() : nullptr;
  if (only != nullptr && std::holds_alternative<decoder::SentencePiece>(*only)) {
    TOKGRAFT_ASSIGN_OR_RETURN(
        SentencePieceRules rules,
        MakeSentencePieceRules(spec, std::get<decoder::SentencePiece>(*only)));
    impl->decode = [&spec, rules](std::span<const TokenId> ids, bool) {
      return DecodeSentencePiece(spec, rules, ids);
    };
  } else if (only != nullptr && std::holds_alternative<decoder::LlamaCpp>(*only)) {
    impl->decode = [&spec, rules = std::get<decoder::LlamaCpp>(*only)](std::span<const TokenId> ids,
                                                                       bool skip) {
      return DecodeLlamaCpp(spec, rules, ids, skip);
    };
  } else if (only != nullptr && std::holds_alternative<decoder::RawBytes>(*only)) {
    AddedById added;
    for (const AddedToken& token : spec.added_tokens) added[token.id] = &token;
    impl->decode = [&spec, added](std::span<const TokenId> ids, bool skip) {
      return DecodeRawBytes(spec, added, ids, skip);
    };
  } else {
    TOKGRAFT_ASSIGN_OR_RETURN(HuggingFaceDecoder decoder,
                              HuggingFaceDecoder::Compile(spec, normalizer));
    impl->decode = [decoder](std::span<const TokenId> ids, bool skip) -> StatusOr<std::string> {
      return decoder.Decode(ids, skip);
    };
  }
  out.impl_ = std::move(impl);
  return out;
}

StatusOr<std::string> CompiledDecoder::Decode(std::span<const TokenId> ids,
                                              bool skip_special_tokens) const {
  return impl_->decode(ids, skip_special_tokens);
}

}  // namespace tokgraft
