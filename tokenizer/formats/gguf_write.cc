// Writes the vocabulary of a GGUF file: its metadata, and no tensor.
//
// What the spec says is written under llama.cpp's keys; other scalars that the file had
// (general.architecture, tokenizer.chat_template, ...) follow as they were. Little-endian,
// version 3.
#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "tokenizer/base/json.h"
#include "tokenizer/formats/gguf.h"
#include "tokenizer/formats/gguf_metadata.h"
#include "tokenizer/formats/piece_type.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

constexpr std::size_t kAlignment = 32;

void AppendNumber(std::uint64_t value, std::size_t size, std::string* out) {
  for (std::size_t i = 0; i < size; ++i) out->push_back(static_cast<char>(value >> (8 * i)));
}
void AppendType(GgufType type, std::string* out) {
  AppendNumber(static_cast<std::uint32_t>(type), 4, out);
}
void AppendText(std::string_view text, std::string* out) {
  AppendNumber(text.size(), 8, out);
  out->append(text);
}

// The metadata of a file, in the order in which it is added.
class GgufKeys {
 public:
  void String(std::string_view key, std::string_view value) {
    Begin(key, GgufType::kString);
    AppendText(value, &bytes_);
  }
  void Bool(std::string_view key, bool value) { Scalar(key, GgufType::kBool, value ? 1 : 0, 1); }
  void Uint32(std::string_view key, std::uint32_t value) {
    Scalar(key, GgufType::kUint32, value, 4);
  }
  void Scalar(std::string_view key, GgufType type, std::uint64_t bits, std::size_t size) {
    Begin(key, type);
    AppendNumber(bits, size, &bytes_);
  }
  void Strings(std::string_view key, const std::vector<std::string>& values) {
    BeginArray(key, GgufType::kString, values.size());
    for (const std::string& value : values) AppendText(value, &bytes_);
  }
  void Numbers(std::string_view key, GgufType element, const std::vector<std::uint32_t>& bits) {
    BeginArray(key, element, bits.size());
    for (const std::uint32_t value : bits) AppendNumber(value, 4, &bytes_);
  }
  // Is the key there already?
  bool Has(std::string_view key) const {
    return std::find(keys_.begin(), keys_.end(), key) != keys_.end();
  }
  std::string File() const {
    std::string out = "GGUF";
    AppendNumber(3, 4, &out);
    AppendNumber(0, 8, &out);  // tensors
    AppendNumber(keys_.size(), 8, &out);
    out += bytes_;
    out.resize((out.size() + kAlignment - 1) / kAlignment * kAlignment, '\0');
    return out;
  }

 private:
  void Begin(std::string_view key, GgufType type) {
    keys_.emplace_back(key);
    AppendText(key, &bytes_);
    AppendType(type, &bytes_);
  }
  void BeginArray(std::string_view key, GgufType element, std::size_t size) {
    Begin(key, GgufType::kArray);
    AppendType(element, &bytes_);
    AppendNumber(size, 8, &bytes_);
  }
  std::vector<std::string> keys_;
  std::string bytes_;
};

Status AddPieces(const TokenizerSpec& spec, bool scored, GgufKeys* keys) {
  const std::size_t size = spec.vocab.id_limit();
  if (spec.vocab.size() != size) {
    return UnimplementedError(Cat(spec.vocab.size(), " pieces on ids below ", size,
                                  ", and a GGUF vocabulary has one piece for each id"));
  }
  std::vector<std::string> texts(size);
  std::vector<std::uint32_t> types(size);
  std::vector<std::uint32_t> scores(size);
  for (TokenId id = 0; id < size; ++id) {
    const std::optional<Piece> piece = spec.vocab.Get(id);
    if (!piece) return UnimplementedError(Cat("no piece has the id ", id));
    if (!IsValidUtf8(piece->spelling)) {
      return FailedPreconditionError(
          Cat("the piece with id ", id, " is not UTF-8, which a GGUF vocabulary cannot hold"));
    }
    const auto score = static_cast<float>(piece->score);
    if (static_cast<double>(score) != piece->score) {
      return FailedPreconditionError(Cat("the score of the piece \"", piece->spelling, "\", ",
                                         piece->score, ", is no float, which GGUF holds"));
    }
    texts[id] = piece->spelling;
    types[id] = PieceTypeNumber(piece->kind);
    scores[id] = std::bit_cast<std::uint32_t>(score);
    scored = scored || piece->score != 0;
  }
  for (const AddedToken& token : spec.added_tokens) {
    if (spec.vocab.FindSpelling(token.content) != token.id || token.single_word || token.lstrip ||
        token.rstrip || token.normalized) {
      return UnimplementedError(Cat("the added token \"", token.content,
                                    "\" is no piece, or has a flag that GGUF cannot hold"));
    }
  }
  keys->Strings("tokenizer.ggml.tokens", texts);
  keys->Numbers("tokenizer.ggml.token_type", GgufType::kInt32, types);
  if (scored) keys->Numbers("tokenizer.ggml.scores", GgufType::kFloat32, scores);
  return absl::OkStatus();
}

Status AddMerges(const TokenizerSpec& spec, const BpeModel& bpe, GgufKeys* keys) {
  std::vector<std::string> lines;
  lines.reserve(bpe.merges.size());
  const auto add = [&](std::string_view left, std::string_view right) -> Status {
    lines.push_back(Cat(left, " ", right));
    if (lines.back().find(' ', 1) == left.size()) return absl::OkStatus();
    return UnimplementedError(Cat("the merge of \"", left, "\" and \"", right,
                                  "\" has a space in a part, and GGUF writes a space between"));
  };
  std::size_t broken = 0;
  const auto add_broken = [&]() -> Status {
    for (; broken < bpe.broken_merges.size() && bpe.broken_merges[broken].index == lines.size();
         ++broken) {
      TOKGRAFT_RETURN_IF_ERROR(
          add(bpe.broken_merges[broken].left, bpe.broken_merges[broken].right));
    }
    return absl::OkStatus();
  };
  for (const Merge& merge : bpe.merges) {
    TOKGRAFT_RETURN_IF_ERROR(add_broken());
    const std::optional<Piece> left = spec.vocab.Get(merge.left);
    const std::optional<Piece> right = spec.vocab.Get(merge.right);
    if (!left || !right) {
      return FailedPreconditionError(Cat("merge ", lines.size(), " names an id without a piece"));
    }
    TOKGRAFT_RETURN_IF_ERROR(add(left->spelling, right->spelling));
  }
  TOKGRAFT_RETURN_IF_ERROR(add_broken());
  keys->Strings("tokenizer.ggml.merges", lines);
  return absl::OkStatus();
}

void AddRoles(const TokenizerSpec& spec, GgufKeys* keys) {
  const SpecialRoles& roles = spec.roles;
  const std::array<std::pair<std::string_view, std::optional<TokenId>>, 6> ids = {
      {{"tokenizer.ggml.bos_token_id", roles.bos},
       {"tokenizer.ggml.eos_token_id", roles.eos},
       {"tokenizer.ggml.unknown_token_id", roles.unk},
       {"tokenizer.ggml.padding_token_id", roles.pad},
       {"tokenizer.ggml.seperator_token_id", roles.sep},
       {"tokenizer.ggml.mask_token_id", roles.mask}}};
  for (const auto& [key, id] : ids) {
    if (id) keys->Uint32(key, *id);
  }
  keys->Bool("tokenizer.ggml.add_bos_token", spec.add_bos);
  keys->Bool("tokenizer.ggml.add_eos_token", spec.add_eos);
}

// A number of the rest, under the type that llama.cpp expects of its kind.
Status AddCarriedNumber(const std::string& key, const JsonValue& value, GgufKeys* keys) {
  if (const StatusOr<std::uint64_t> whole = value.Uint(); whole.ok()) {
    if (*whole <= std::numeric_limits<std::uint32_t>::max()) {
      keys->Uint32(key, static_cast<std::uint32_t>(*whole));
    } else {
      keys->Scalar(key, GgufType::kUint64, *whole, 8);
    }
    return absl::OkStatus();
  }
  if (const StatusOr<std::int64_t> whole = value.Int(); whole.ok()) {
    keys->Scalar(key, GgufType::kInt64, static_cast<std::uint64_t>(*whole), 8);
    return absl::OkStatus();
  }
  TOKGRAFT_ASSIGN_OR_RETURN(const double number, value.Double());
  keys->Scalar(key, GgufType::kFloat32, std::bit_cast<std::uint32_t>(static_cast<float>(number)),
               4);
  return absl::OkStatus();
}

Status AddCarried(const TokenizerSpec& spec, bool architecture_only, GgufKeys* keys) {
  for (const auto& [key, json] : spec.rest) {
    if (!key.starts_with("general.") && !key.starts_with("tokenizer.")) continue;
    if (architecture_only != (key == "general.architecture") || keys->Has(key)) continue;
    TOKGRAFT_ASSIGN_OR_RETURN(const JsonDocument document, JsonDocument::Parse(json, key));
    const JsonValue value = document.root();
    if (value.type() == JsonType::kString) {
      keys->String(key, *value.String());
    } else if (value.type() == JsonType::kBool) {
      keys->Bool(key, *value.Bool());
    } else if (value.type() == JsonType::kNumber) {
      TOKGRAFT_RETURN_IF_ERROR(AddCarriedNumber(key, value, keys));
    }
  }
  return absl::OkStatus();
}

Status AddGpt2(const TokenizerSpec& spec, const BpeModel& bpe, GgufKeys* keys) {
  const auto* pre = spec.pre_tokenizers.empty()
                        ? nullptr
                        : std::get_if<pre_tokenizer::LlamaCpp>(&spec.pre_tokenizers[0]);
  if (pre == nullptr || spec.pre_tokenizers.size() != 2 || !spec.normalizers.empty()) {
    return UnimplementedError("a gpt2 vocabulary of GGUF splits text as a name of llama.cpp says");
  }
  keys->String("tokenizer.ggml.model", "gpt2");
  keys->String("tokenizer.ggml.pre", pre->name);
  TOKGRAFT_RETURN_IF_ERROR(AddPieces(spec, false, keys));
  return AddMerges(spec, bpe, keys);
}

StatusOr<std::string> Write(const TokenizerSpec& spec) {
  const auto* bpe = std::get_if<BpeModel>(&spec.model);
  if (bpe == nullptr || bpe->order == BpeModel::Order::kRank || !spec.post_processors.empty()) {
    return UnimplementedError("GGUF holds a BPE by merge list or by score, and nothing else");
  }
  GgufKeys keys;
  TOKGRAFT_RETURN_IF_ERROR(AddCarried(spec, true, &keys));
  if (!keys.Has("general.architecture")) keys.String("general.architecture", "llama");
  if (bpe->order == BpeModel::Order::kMergeList) {
    TOKGRAFT_RETURN_IF_ERROR(AddGpt2(spec, *bpe, &keys));
  } else {
    if (!spec.pre_tokenizers.empty()) {
      return UnimplementedError("a llama vocabulary of GGUF has no pre-tokenizer");
    }
    keys.String("tokenizer.ggml.model", "llama");
    keys.String("tokenizer.ggml.pre", "default");
    TOKGRAFT_RETURN_IF_ERROR(AddPieces(spec, true, &keys));
  }
  AddRoles(spec, &keys);
  const auto* decoder = spec.decoders && spec.decoders->size() == 1
                            ? std::get_if<decoder::LlamaCpp>(&spec.decoders->front())
                            : nullptr;
  if (decoder == nullptr) return UnimplementedError("a decoder that is not llama.cpp's");
  keys.Bool("tokenizer.ggml.add_space_prefix", decoder->add_space_prefix);
  TOKGRAFT_RETURN_IF_ERROR(AddCarried(spec, false, &keys));
  return keys.File();
}

}  // namespace

StatusOr<std::string> WriteGguf(const TokenizerSpec& spec) {
  const std::string place = spec.source.empty() ? "tokenizer" : spec.source;
  StatusOr<std::string> out =
      spec.reference == Reference::kLlamaCpp
          ? Write(spec)
          : UnimplementedError(Cat("a tokenizer of ", ReferenceName(spec.reference),
                                   " is no vocabulary of GGUF; convert it first"));
  if (!out.ok()) return WithPlace(out.status(), place);
  return out;
}

}  // namespace tokgraft
