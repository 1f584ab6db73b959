#include "tokenizer/formats/gguf.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tokenizer/formats/gguf_metadata.h"
#include "tokenizer/formats/gguf_names.h"
#include "tokenizer/text/byte_alphabet.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

constexpr std::string_view kTokens = "tokenizer.ggml.tokens";
constexpr std::string_view kScores = "tokenizer.ggml.scores";
constexpr std::string_view kTokenType = "tokenizer.ggml.token_type";
constexpr std::string_view kMerges = "tokenizer.ggml.merges";
constexpr std::string_view kSpaceSymbol = "\u2581";

// What llama.cpp knows of a token: flags, since a name can make any token a control token too.
enum Attribute : std::uint32_t {
  kUndefined = 0,
  kUnknown = 1 << 0,
  kUnused = 1 << 1,
  kNormal = 1 << 2,
  kControl = 1 << 3,
  kUserDefined = 1 << 4,
  kByte = 1 << 5,
};

std::uint32_t AttributeOf(std::int32_t token_type) {
  constexpr std::array<std::uint32_t, 7> kAttributes = {kUndefined,   kNormal, kUnknown, kControl,
                                                        kUserDefined, kUnused, kByte};
  if (token_type < 0 || static_cast<std::size_t>(token_type) >= kAttributes.size()) {
    return kUndefined;
  }
  return kAttributes[static_cast<std::size_t>(token_type)];
}

PieceKind KindOf(std::uint32_t attribute) {
  if ((attribute & kControl) != 0) return PieceKind::kControl;
  if ((attribute & kUnknown) != 0) return PieceKind::kUnknown;
  if ((attribute & kUserDefined) != 0) return PieceKind::kUserDefined;
  if ((attribute & kByte) != 0) return PieceKind::kByte;
  if ((attribute & kNormal) != 0) return PieceKind::kNormal;
  return PieceKind::kUnused;
}

struct Tokens {
  std::vector<std::string> texts;  // [n]
  std::vector<float> scores;       // [n]
  std::vector<std::uint32_t> attributes;
  std::unordered_map<std::string_view, TokenId> ids;

  std::optional<TokenId> Find(std::string_view text) const {
    const auto it = ids.find(text);
    if (it == ids.end()) return std::nullopt;
    return it->second;
  }
};

StatusOr<Tokens> ReadTokens(const GgufMetadata& metadata) {
  TOKGRAFT_ASSIGN_OR_RETURN(const auto texts, metadata.Strings(kTokens));
  if (!texts.has_value() || texts->empty()) {
    return metadata.Error(kTokens,
                          "missing or empty, expected the pieces of the vocabulary; this "
                          "GGUF file holds no tokenizer");
  }
  TOKGRAFT_ASSIGN_OR_RETURN(const auto scores, metadata.Floats(kScores));
  TOKGRAFT_ASSIGN_OR_RETURN(const auto types, metadata.Int32s(kTokenType));
  const std::size_t size = texts->size();
  if (scores.has_value() && scores->size() < size) {
    return metadata.Error(kScores, Cat(scores->size(), " scores, expected ", size));
  }
  if (types.has_value() && types->size() < size) {
    return metadata.Error(kTokenType, Cat(types->size(), " types, expected ", size));
  }
  Tokens tokens;
  tokens.texts.reserve(size);
  tokens.ids.reserve(size);
  for (std::size_t i = 0; i < size; ++i) {
    tokens.texts.emplace_back((*texts)[i]);
    if (tokens.texts.back().empty()) tokens.texts.back() = Cat("[EMPTY_", i, "]");
    tokens.scores.push_back(scores.has_value() ? (*scores)[i] : 0.0F);
    tokens.attributes.push_back(types.has_value() ? AttributeOf((*types)[i]) : kNormal);
  }
  for (std::size_t i = 0; i < size; ++i) {
    const auto [it, inserted] = tokens.ids.emplace(tokens.texts[i], static_cast<TokenId>(i));
    if (!inserted) {
      return metadata.Error(kTokens, Cat("\"", tokens.texts[i], "\" has the ids ", it->second,
                                         " and ", i, ", expected each piece once"));
    }
  }
  return tokens;
}

// llama.cpp makes a token a control token by its name, unless the file names the role itself.
Status MarkRoleByName(const GgufMetadata& metadata, const GgufRoleNames& role, Tokens* tokens) {
  for (const std::string_view key : role.keys) {
    TOKGRAFT_ASSIGN_OR_RETURN(const auto id, metadata.Uint32(key));
    if (id.has_value() && *id < tokens->texts.size()) return absl::OkStatus();
  }
  std::vector<TokenId> found;
  bool all_control = true;
  for (const std::string_view name : role.names) {
    const std::optional<TokenId> id = tokens->Find(name);
    if (!id.has_value()) continue;
    found.push_back(*id);
    all_control = all_control && (tokens->attributes[*id] & kControl) != 0;
  }
  if (found.empty() || all_control) return absl::OkStatus();
  if (found.size() > 1) {
    // llama.cpp takes the first in the order of a hash table.
    return UnimplementedError(
        Cat(Message(metadata.Error(role.keys[0], "missing")), ", and ", found.size(),
            " tokens have a name for it, of which llama.cpp takes any; set the key"));
  }
  tokens->attributes[found[0]] |= kControl;
  return absl::OkStatus();
}

Status MarkByName(const GgufMetadata& metadata, Tokens* tokens) {
  for (const GgufRoleNames& role : GgufRolesByName()) {
    TOKGRAFT_RETURN_IF_ERROR(MarkRoleByName(metadata, role, tokens));
  }
  for (const std::string_view name : GgufEndNames()) {
    if (const auto id = tokens->Find(name)) tokens->attributes[*id] |= kControl;
  }
  for (const std::string_view name : {"<|channel|>", "<|message|>", "<|start|>", "<|constrain|>"}) {
    if (const auto id = tokens->Find(name)) tokens->attributes[*id] = kUserDefined;
  }
  const auto has = [&](std::string_view name) { return tokens->Find(name).has_value(); };
  const bool has_call = has("<|call|>") || has("<|calls|>");
  if (has_call && (has("<|return|>") || has("<|flush|>"))) {
    if (const auto id = tokens->Find("<|end|>")) tokens->attributes[*id] = kUserDefined;
  }
  if (has("<|tool_response>")) {
    if (const auto id = tokens->Find("</s>")) tokens->attributes[*id] = kNormal;
  }
  return absl::OkStatus();
}

// Per-token flags that llama.cpp derives from the name of the model.
Status RefuseStrippingModels(const GgufMetadata& metadata, const std::string& name) {
  TOKGRAFT_ASSIGN_OR_RETURN(const auto model_name, metadata.String("general.name"));
  TOKGRAFT_ASSIGN_OR_RETURN(const auto architecture, metadata.String("general.architecture"));
  std::string lower(model_name.value_or(""));
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  for (const std::string_view part : {"phi-3", "phi3", "modern-bert"}) {
    if (lower.find(part) != std::string::npos) {
      return UnimplementedError(
          Cat(name, ": general.name: spaces beside the special tokens of \"", part,
              "\" models are dropped by llama.cpp, which is not supported; use tokenizer.json"));
    }
  }
  for (const std::string_view part : {"nomic-bert-moe", "jina-bert-v3"}) {
    if (architecture.value_or("").find(part) != std::string_view::npos) {
      return UnimplementedError(
          Cat(name, ": general.architecture: \"", part, "\" is not supported; use tokenizer.json"));
    }
  }
  return absl::OkStatus();
}

std::string WithSpaces(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    if (text.substr(i, kSpaceSymbol.size()) == kSpaceSymbol) {
      out += ' ';
      i += kSpaceSymbol.size();
    } else {
      out += text[i++];
    }
  }
  return out;
}

std::optional<char> ByteOfSpelling(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEFabcdef";
  if (text.size() != 6 || !text.starts_with("<0x") || text[5] != '>') return std::nullopt;
  std::size_t value = 0;
  for (const char c : text.substr(3, 2)) {
    const std::size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    value = value * 16 + (digit < 16 ? digit : digit - 6);
  }
  return static_cast<char>(value);
}

// What llama.cpp decodes the token to.
StatusOr<std::string> CanonicalBytes(const GgufMetadata& metadata, std::string_view text,
                                     PieceKind kind, Spelling spelling) {
  if (kind == PieceKind::kByte) {
    const std::optional<char> byte = ByteOfSpelling(text);
    if (!byte.has_value()) {
      return metadata.Error(kTokens,
                            Cat("the byte token \"", text, "\", expected <0x00> to <0xFF>"));
    }
    return std::string(1, *byte);
  }
  if (kind != PieceKind::kNormal && kind != PieceKind::kUnused) return std::string(text);
  if (spelling == Spelling::kMetaspace) return WithSpaces(text);
  std::optional<std::string> bytes = FromByteAlphabet(text);
  if (bytes.has_value()) return *std::move(bytes);
  if (kind == PieceKind::kUnused) return std::string(text);
  return metadata.Error(kTokens, Cat("\"", text,
                                     "\" has a character outside the alphabet of 256 bytes, "
                                     "expected none in a normal token"));
}

Status AddTokens(const GgufMetadata& metadata, const Tokens& tokens, TokenizerSpec* spec) {
  spec->vocab.Reserve(tokens.texts.size(), tokens.texts.size() * 16);
  for (std::size_t i = 0; i < tokens.texts.size(); ++i) {
    const std::string& text = tokens.texts[i];
    const PieceKind kind = KindOf(tokens.attributes[i]);
    TOKGRAFT_ASSIGN_OR_RETURN(const std::string bytes,
                              CanonicalBytes(metadata, text, kind, spec->spelling));
    const auto id = static_cast<TokenId>(i);
    spec->vocab.Add(
        {.id = id, .bytes = bytes, .spelling = text, .kind = kind, .score = tokens.scores[i]});
    if ((tokens.attributes[i] & (kControl | kUserDefined | kUnknown)) == 0) continue;
    AddedToken added;
    added.id = id;
    added.content = text;
    added.special = (tokens.attributes[i] & (kControl | kUnknown)) != 0;
    spec->added_tokens.push_back(std::move(added));
  }
  return absl::OkStatus();
}

struct Defaults {
  std::optional<TokenId> bos, eos, unk;
  bool add_bos = false;
};

Status ReadRoles(const GgufMetadata& metadata, const Defaults& defaults, TokenizerSpec* spec) {
  const std::size_t size = spec->vocab.size();
  const auto read = [&](std::string_view key, std::optional<TokenId> fallback,
                        std::optional<TokenId>* role) -> Status {
    TOKGRAFT_ASSIGN_OR_RETURN(const auto id, metadata.Uint32(key));
    if (fallback.has_value() && *fallback >= size) fallback.reset();
    *role = id.has_value() && *id < size ? id : fallback;
    return absl::OkStatus();
  };
  SpecialRoles& roles = spec->roles;
  TOKGRAFT_RETURN_IF_ERROR(read("tokenizer.ggml.bos_token_id", defaults.bos, &roles.bos));
  TOKGRAFT_RETURN_IF_ERROR(read("tokenizer.ggml.eos_token_id", defaults.eos, &roles.eos));
  TOKGRAFT_RETURN_IF_ERROR(read("tokenizer.ggml.unknown_token_id", defaults.unk, &roles.unk));
  TOKGRAFT_RETURN_IF_ERROR(read("tokenizer.ggml.padding_token_id", std::nullopt, &roles.pad));
  TOKGRAFT_RETURN_IF_ERROR(read("tokenizer.ggml.seperator_token_id", std::nullopt, &roles.sep));
  TOKGRAFT_RETURN_IF_ERROR(read("tokenizer.ggml.mask_token_id", std::nullopt, &roles.mask));
  TOKGRAFT_ASSIGN_OR_RETURN(const auto add_bos, metadata.Bool("tokenizer.ggml.add_bos_token"));
  TOKGRAFT_ASSIGN_OR_RETURN(const auto add_eos, metadata.Bool("tokenizer.ggml.add_eos_token"));
  spec->add_bos = add_bos.value_or(defaults.add_bos);
  spec->add_eos = add_eos.value_or(false);
  if (spec->add_bos && !roles.bos.has_value()) {
    return metadata.Error("tokenizer.ggml.add_bos_token",
                          "true without a bos_token_id, expected the id of a token");
  }
  if (spec->add_eos && !roles.eos.has_value()) {
    return metadata.Error("tokenizer.ggml.add_eos_token",
                          "true without an eos_token_id, expected the id of a token");
  }
  return absl::OkStatus();
}

Status ReadMerges(const GgufMetadata& metadata, const Tokens& tokens, BpeModel* model) {
  TOKGRAFT_ASSIGN_OR_RETURN(const auto lines, metadata.Strings(kMerges));
  if (!lines.has_value()) {
    return metadata.Error(kMerges, "missing, expected the merges of a gpt2 tokenizer");
  }
  model->merges.reserve(lines->size());
  for (std::size_t i = 0; i < lines->size(); ++i) {
    const std::string_view line = (*lines)[i];
    const std::size_t space = line.find(' ', 1);
    if (space == std::string_view::npos) {
      return metadata.Error(kMerges,
                            Cat("merge ", i, ", \"", line, "\", has no space between two parts"));
    }
    const std::string left(line.substr(0, space));
    const std::string right(line.substr(space + 1));
    const std::string product = left + right;
    std::array<std::optional<TokenId>, 3> ids;
    const std::array<const std::string*, 3> parts = {&left, &right, &product};
    const std::string* missing = nullptr;
    for (std::size_t part = 0; part < parts.size(); ++part) {
      ids[part] = tokens.Find(*parts[part]);
      if (!ids[part].has_value() && missing == nullptr) missing = parts[part];
    }
    if (missing != nullptr) {
      model->broken_merges.push_back({i, left, right, *missing});
    } else {
      model->merges.push_back({*ids[0], *ids[1], *ids[2]});
    }
  }
  return absl::OkStatus();
}

// tokenizer.ggml.model "gpt2": byte-level BPE, pre-tokenized as `tokenizer.ggml.pre` names.
Status BuildGpt2(const GgufMetadata& metadata, const Tokens& tokens, const std::string& name,
                 TokenizerSpec* spec) {
  TOKGRAFT_ASSIGN_OR_RETURN(const auto pre_key, metadata.String("tokenizer.ggml.pre"));
  std::string pre(pre_key.value_or(""));
  if (pre.empty()) pre = "default";
  const GgufPre* known = FindGgufPre(pre);
  if (known == nullptr) {
    return UnimplementedError(Cat(name, ": tokenizer.ggml.pre: \"", pre,
                                  "\" is no pre-tokenizer of llama.cpp that we know; use the "
                                  "model's tokenizer.json"));
  }
  spec->spelling = Spelling::kByteLevel;
  TOKGRAFT_RETURN_IF_ERROR(AddTokens(metadata, tokens, spec));
  BpeModel model;
  model.ignore_merges = known->ignore_merges;
  model.merges_as_pairs = false;
  TOKGRAFT_RETURN_IF_ERROR(ReadMerges(metadata, tokens, &model));
  spec->model = std::move(model);
  spec->pre_tokenizers = {
      pre_tokenizer::LlamaCpp{pre},
      pre_tokenizer::ByteLevel{
          .add_prefix_space = false, .trim_offsets = false, .use_regex = false}};
  TOKGRAFT_ASSIGN_OR_RETURN(const auto space, metadata.Bool("tokenizer.ggml.add_space_prefix"));
  spec->decoders = {decoder::LlamaCpp{.add_space_prefix = space.value_or(false),
                                      .clean_spaces = known->clean_spaces}};
  constexpr TokenId kDefaultId = 11;
  return ReadRoles(metadata,
                   {.bos = known->no_default_bos ? std::nullopt : std::optional(kDefaultId),
                    .eos = kDefaultId,
                    .unk = std::nullopt,
                    .add_bos = known->add_bos},
                   spec);
}

// tokenizer.ggml.model "llama": sentencepiece BPE by score, in llama.cpp's own variant.
Status BuildLlama(const GgufMetadata& metadata, const Tokens& tokens, TokenizerSpec* spec) {
  for (std::size_t byte = 0; byte < 256; ++byte) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    const std::string spelled = Cat("<0x", kDigits[byte >> 4], kDigits[byte & 15], ">");
    if (tokens.Find(spelled).has_value()) continue;
    if (tokens.Find(std::string(1, static_cast<char>(byte))).has_value()) continue;
    return metadata.Error(kTokens, Cat("no token ", spelled,
                                       ", expected one for each of the 256 "
                                       "bytes: a text with this byte could not be encoded"));
  }
  spec->spelling = Spelling::kMetaspace;
  TOKGRAFT_RETURN_IF_ERROR(AddTokens(metadata, tokens, spec));
  BpeModel model;
  model.order = BpeModel::Order::kScore;
  model.byte_fallback = true;
  spec->model = std::move(model);
  TOKGRAFT_ASSIGN_OR_RETURN(const auto space, metadata.Bool("tokenizer.ggml.add_space_prefix"));
  normalizer::SentencePiece normalizer;
  normalizer.name = "llama.cpp";
  normalizer.add_dummy_prefix = space.value_or(true);
  normalizer.remove_extra_whitespaces = false;
  spec->normalizers = {std::move(normalizer)};
  spec->decoders = {
      decoder::LlamaCpp{.add_space_prefix = space.value_or(true), .clean_spaces = false}};
  return ReadRoles(metadata, {.bos = 1, .eos = 2, .unk = 0, .add_bos = true}, spec);
}

void CarryScalars(const GgufMetadata& metadata, TokenizerSpec* spec) {
  for (const auto& [key, value] : metadata.values()) {
    if (!key.starts_with("tokenizer.") && key != "general.architecture" && key != "general.name") {
      continue;
    }
    if (std::optional<std::string> json = GgufScalarAsJson(value)) spec->rest[key] = *json;
  }
}

}  // namespace

bool LooksLikeGguf(std::string_view bytes) { return bytes.starts_with("GGUF"); }

StatusOr<TokenizerSpec> ReadGguf(std::string_view bytes, const std::string& name) {
  TOKGRAFT_ASSIGN_OR_RETURN(const GgufMetadata metadata, GgufMetadata::Parse(bytes, name));
  TOKGRAFT_ASSIGN_OR_RETURN(const auto model, metadata.String("tokenizer.ggml.model"));
  if (!model.has_value()) {
    return metadata.Error("tokenizer.ggml.model", "missing; this GGUF file holds no tokenizer");
  }
  if (*model != "gpt2" && *model != "llama") {
    return UnimplementedError(Cat(name, ": tokenizer.ggml.model: \"", *model,
                                  "\" is not supported, only gpt2 and llama are; use the model's "
                                  "tokenizer.json"));
  }
  TOKGRAFT_RETURN_IF_ERROR(RefuseStrippingModels(metadata, name));
  TOKGRAFT_ASSIGN_OR_RETURN(Tokens tokens, ReadTokens(metadata));
  TOKGRAFT_RETURN_IF_ERROR(MarkByName(metadata, &tokens));
  TokenizerSpec spec;
  spec.source = name;
  spec.format = Format::kGguf;
  spec.reference = Reference::kLlamaCpp;
  if (*model == "gpt2") {
    TOKGRAFT_RETURN_IF_ERROR(BuildGpt2(metadata, tokens, name, &spec));
  } else {
    TOKGRAFT_RETURN_IF_ERROR(BuildLlama(metadata, tokens, &spec));
  }
  CarryScalars(metadata, &spec);
  return spec;
}

}  // namespace tokgraft
