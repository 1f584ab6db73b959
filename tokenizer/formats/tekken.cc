#include "tokenizer/formats/tekken.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_set>
#include <utility>
#include <vector>

#include "tokenizer/base/json.h"
#include "tokenizer/formats/base64.h"
#include "tokenizer/formats/tiktoken_patterns.h"

namespace tokgraft {
namespace {

// What a file of version v1 to v7 without a "special_tokens" block means.
constexpr std::array<std::string_view, 20> kImplicitSpecials = {"<unk>",
                                                                "<s>",
                                                                "</s>",
                                                                "[INST]",
                                                                "[/INST]",
                                                                "[AVAILABLE_TOOLS]",
                                                                "[/AVAILABLE_TOOLS]",
                                                                "[TOOL_RESULTS]",
                                                                "[/TOOL_RESULTS]",
                                                                "[TOOL_CALLS]",
                                                                "[IMG]",
                                                                "<pad>",
                                                                "[IMG_BREAK]",
                                                                "[IMG_END]",
                                                                "[PREFIX]",
                                                                "[MIDDLE]",
                                                                "[SUFFIX]",
                                                                "[SYSTEM_PROMPT]",
                                                                "[/SYSTEM_PROMPT]",
                                                                "[TOOL_CONTENT]"};
constexpr std::array<std::string_view, 7> kVersions = {"v1", "v2", "v3", "v7", "v11", "v13", "v15"};
constexpr std::size_t kImplicitVersions = 4;  // v1 to v7

struct Config {
  std::string_view pattern;
  std::size_t num_specials = 0;
  std::size_t num_ranks = 0;  // pieces kept of "vocab"
};

StatusOr<bool> AllowsImplicitSpecials(const JsonValue& config) {
  TOKGRAFT_ASSIGN_OR_RETURN(const JsonValue version, config.Get("version"));
  TOKGRAFT_ASSIGN_OR_RETURN(const std::string_view name, version.String());
  for (std::size_t i = 0; i < kVersions.size(); ++i) {
    if (kVersions[i] == name) return i < kImplicitVersions;
  }
  return version.ErrorOf(UnimplementedError, Cat("version \"", name,
                                                 "\" of tekken.json, known are v1, v2, v3, v7, "
                                                 "v11, v13 and v15"));
}

StatusOr<Config> ReadConfig(const JsonValue& config, std::size_t vocab_size) {
  Config out;
  TOKGRAFT_ASSIGN_OR_RETURN(const JsonValue pattern, config.Get("pattern"));
  TOKGRAFT_ASSIGN_OR_RETURN(out.pattern, pattern.String());
  TOKGRAFT_ASSIGN_OR_RETURN(const JsonValue specials, config.Get("default_num_special_tokens"));
  TOKGRAFT_ASSIGN_OR_RETURN(out.num_specials, specials.Uint());
  TOKGRAFT_ASSIGN_OR_RETURN(const JsonValue total, config.Get("default_vocab_size"));
  TOKGRAFT_ASSIGN_OR_RETURN(const std::uint64_t total_size, total.Uint());
  if (total_size < out.num_specials || total_size - out.num_specials > vocab_size) {
    return total.Error(Cat("default_vocab_size ", total_size, " with ", out.num_specials,
                           " special tokens and ", vocab_size,
                           " pieces, expected no more than both together and no less than the "
                           "special tokens"));
  }
  out.num_ranks = static_cast<std::size_t>(total_size) - out.num_specials;
  // Fillers are made up, so their number needs a bound of its own.
  if (out.num_specials > (std::size_t{1} << 20)) {
    return specials.Error(Cat(out.num_specials, " special tokens, expected at most 1048576"));
  }
  return out;
}

// The special tokens in order of their ids, which are 0 to num_specials - 1.
StatusOr<std::vector<std::string>> ReadSpecials(const JsonValue& root, bool allows_implicit,
                                                std::size_t num_specials) {
  std::vector<std::string> names;
  const std::optional<JsonValue> block = root.FindNotNull("special_tokens");
  if (block.has_value()) {
    TOKGRAFT_RETURN_IF_ERROR(
        block->ForEachElement([&](std::size_t index, const JsonValue& token) -> Status {
          TOKGRAFT_ASSIGN_OR_RETURN(const JsonValue rank, token.Get("rank"));
          TOKGRAFT_ASSIGN_OR_RETURN(const std::uint64_t id, rank.Uint());
          if (id != index) return rank.Error(Cat("rank ", id, ", expected ", index));
          TOKGRAFT_ASSIGN_OR_RETURN(const JsonValue text, token.Get("token_str"));
          TOKGRAFT_ASSIGN_OR_RETURN(const std::string_view name, text.String());
          names.emplace_back(name);
          return absl::OkStatus();
        }));
  } else if (allows_implicit) {
    names.assign(kImplicitSpecials.begin(), kImplicitSpecials.end());
  } else {
    return root.Error(
        "no special_tokens, which versions after v7 need; take the file from the "
        "model's own release");
  }
  if (names.size() > num_specials) {
    return root.Error(Cat(names.size(),
                          " special tokens, expected at most config."
                          "default_num_special_tokens, ",
                          num_specials));
  }
  while (names.size() < num_specials) names.push_back(Cat("<SPECIAL_", names.size(), ">"));
  std::unordered_set<std::string_view> seen;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!seen.insert(names[i]).second) {
      return root.Error(
          Cat("special token ", i, ", \"", names[i], "\", stands twice, expected each once"));
    }
  }
  return names;
}

Status ReadPiece(const JsonValue& piece, std::size_t index, const Config& config, Vocab* vocab) {
  TOKGRAFT_ASSIGN_OR_RETURN(const JsonValue rank, piece.Get("rank"));
  TOKGRAFT_ASSIGN_OR_RETURN(const std::uint64_t value, rank.Uint());
  if (value != index) return rank.Error(Cat("rank ", value, ", expected ", index));
  TOKGRAFT_ASSIGN_OR_RETURN(const JsonValue text, piece.Get("token_bytes"));
  TOKGRAFT_ASSIGN_OR_RETURN(const std::string_view base64, text.String());
  std::string bytes;
  if (!DecodeBase64(base64, &bytes) || bytes.empty()) {
    return text.Error(Cat("\"", base64, "\" is not base64 of at least one byte"));
  }
  if (index < 256 && (bytes.size() != 1 || static_cast<unsigned char>(bytes[0]) != index)) {
    return text.Error(Cat("the piece of rank ", index, " is not the byte ", index,
                          ", expected the 256 bytes first, in order"));
  }
  // Special tokens share the vocabulary but not the space of the pieces.
  const std::optional<TokenId> held = vocab->Find(bytes);
  if (held.has_value() && *held >= config.num_specials) {
    return text.Error(Cat("the piece \"", base64, "\" has rank ", *held - config.num_specials,
                          " already, expected each piece once"));
  }
  vocab->Add(
      {.id = static_cast<TokenId>(config.num_specials + index), .bytes = bytes, .spelling = bytes});
  return absl::OkStatus();
}

void SetRoles(TokenizerSpec* spec) {
  const auto role = [&](std::string_view name) -> std::optional<TokenId> {
    for (std::size_t i = 0; i < spec->vocab.size(); ++i) {
      const Piece piece = spec->vocab.entry(i);
      if (piece.kind != PieceKind::kControl) break;
      if (piece.bytes == name) return piece.id;
    }
    return std::nullopt;
  };
  spec->roles.bos = role("<s>");
  spec->roles.eos = role("</s>");
  spec->roles.unk = role("<unk>");
  spec->roles.pad = role("<pad>");
  spec->add_bos = spec->roles.bos.has_value();
}

void SetStages(std::string_view pattern, TokenizerSpec* spec) {
  BpeModel model;
  model.order = BpeModel::Order::kRank;
  model.ignore_merges = true;  // a whole pre-token that is a piece is taken as it is
  spec->model = std::move(model);
  pre_tokenizer::Split split;
  split.pattern = {.text = std::string(pattern), .is_regex = true};
  // The reference keeps the matches of its regex and drops what lies between them.
  if (pattern != kTekkenRegex && FindTiktokenPatternByRegex(pattern) == nullptr) {
    split.behavior = pre_tokenizer::SplitBehavior::kRemoved;
    split.invert = true;
  }
  spec->pre_tokenizers = {
      std::move(split), pre_tokenizer::ByteLevel{
                            .add_prefix_space = false, .trim_offsets = false, .use_regex = false}};
  spec->decoders = {decoder::RawBytes{}};
}

}  // namespace

bool LooksLikeTekken(std::string_view bytes) {
  const std::size_t first = bytes.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || bytes[first] != '{') return false;
  // "vocab" holds nearly all of the file; what stands before or after it is short.
  constexpr std::size_t kWindow = std::size_t{1} << 16;
  const std::string_view head = bytes.substr(0, kWindow);
  const std::string_view tail = bytes.substr(bytes.size() - head.size());
  for (const std::string_view key : {"\"token_bytes\"", "\"default_num_special_tokens\""}) {
    if (head.find(key) != std::string_view::npos) return true;
    if (tail.find(key) != std::string_view::npos) return true;
  }
  return false;
}

StatusOr<TokenizerSpec> ReadTekken(std::string_view bytes, const std::string& name) {
  TOKGRAFT_ASSIGN_OR_RETURN(const JsonDocument document, JsonDocument::Parse(bytes, name));
  const JsonValue root = document.root();
  TOKGRAFT_ASSIGN_OR_RETURN(const JsonValue config_json, root.Get("config"));
  TOKGRAFT_ASSIGN_OR_RETURN(const bool allows_implicit, AllowsImplicitSpecials(config_json));
  TOKGRAFT_ASSIGN_OR_RETURN(const JsonValue vocab_json, root.Get("vocab"));
  TOKGRAFT_ASSIGN_OR_RETURN(const std::size_t vocab_size, vocab_json.Size());
  TOKGRAFT_ASSIGN_OR_RETURN(const Config config, ReadConfig(config_json, vocab_size));
  TOKGRAFT_ASSIGN_OR_RETURN(const std::vector<std::string> specials,
                            ReadSpecials(root, allows_implicit, config.num_specials));
  TokenizerSpec spec;
  spec.source = name;
  spec.format = Format::kTekken;
  spec.reference = Reference::kTekken;
  spec.spelling = Spelling::kRaw;
  spec.vocab.Reserve(config.num_specials + config.num_ranks, bytes.size() / 8);
  for (std::size_t i = 0; i < specials.size(); ++i) {
    spec.vocab.Add({.id = static_cast<TokenId>(i),
                    .bytes = specials[i],
                    .spelling = specials[i],
                    .kind = PieceKind::kControl});
  }
  TOKGRAFT_RETURN_IF_ERROR(
      vocab_json.ForEachElement([&](std::size_t index, const JsonValue& piece) -> Status {
        if (index >= config.num_ranks) return absl::OkStatus();
        return ReadPiece(piece, index, config, &spec.vocab);
      }));
  if (config.num_ranks < 256) {
    return vocab_json.Error(Cat(config.num_ranks,
                                " pieces are kept, expected at least the 256 "
                                "bytes"));
  }
  SetRoles(&spec);
  SetStages(config.pattern, &spec);
  for (const std::string_view key :
       {"config", "special_tokens", "image", "multimodal", "audio", "model_settings_builder"}) {
    const std::optional<JsonValue> value = root.FindNotNull(key);
    if (value.has_value()) spec.rest[std::string(key)] = value->Minified();
  }
  return spec;
}

}  // namespace tokgraft
