#include "tokenizer/formats/sentencepiece.h"

#include <bit>
#include <bitset>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tokenizer/base/json_write.h"
#include "tokenizer/formats/base64.h"
#include "tokenizer/formats/protobuf_wire.h"

namespace tokgraft {
namespace {

constexpr std::size_t kPieceSizeLimit = 8000;  // bytes; the reference refuses longer pieces
constexpr std::string_view kSpaceSymbol = "\u2581";
constexpr std::string_view kNullPiece("\0", 1);

// The enums of sentencepiece_model.proto. A value outside them is what protobuf makes of it: as if
// the field were absent.
enum class PieceType : std::uint8_t {
  kNormal = 1,
  kUnknown = 2,
  kControl = 3,
  kUserDefined = 4,
  kUnused = 5,
  kByte = 6,
};
enum class ModelType : std::uint8_t { kUnigram = 1, kBpe = 2, kWord = 3, kChar = 4 };

struct ProtoPiece {
  std::string_view text;
  float score = 0;
  PieceType type = PieceType::kNormal;
  std::string extra;  // fields that are not read, for a writer
};

struct ProtoTrainer {
  ModelType model_type = ModelType::kUnigram;
  bool byte_fallback = false;
  bool treat_whitespace_as_suffix = false;
  std::optional<std::string_view> unk_surface;
  std::string_view unk_piece, bos_piece, eos_piece, pad_piece;
};

struct ProtoModel {
  std::vector<ProtoPiece> pieces;
  ProtoTrainer trainer;
  // As in the file, for a writer: the messages, and the fields that are not read.
  std::string trainer_bytes, normalizer_bytes, denormalizer_bytes, other_fields;
  normalizer::SentencePiece normalizer;
  std::optional<normalizer::SentencePiece> denormalizer;
};

using Type = ProtobufField::Type;

// Calls f for each field of a message.
template <typename F>
Status ForEachField(std::string_view message, std::size_t offset, std::string_view file,
                    const F& f) {
  ProtobufReader reader(message, offset, file);
  ProtobufField field;
  while (true) {
    TOKGRAFT_ASSIGN_OR_RETURN(const bool more, reader.Next(&field));
    if (!more) return absl::OkStatus();
    TOKGRAFT_RETURN_IF_ERROR(f(field));
  }
}

bool Is(const ProtobufField& field, std::uint32_t number, Type type) {
  return field.number == number && field.type == type;
}

// Enums are 32 bits wide in memory, whatever the varint holds.
std::int32_t EnumValue(const ProtobufField& field) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(field.value));
}

Status ParsePiece(const ProtobufField& message, std::string_view file, ProtoPiece* piece) {
  return ForEachField(message.bytes, message.offset, file, [&](const ProtobufField& field) {
    if (Is(field, 1, Type::kBytes)) {
      piece->text = field.bytes;
    } else if (Is(field, 2, Type::kFixed32)) {
      piece->score = std::bit_cast<float>(static_cast<std::uint32_t>(field.value));
    } else if (Is(field, 3, Type::kVarint) && EnumValue(field) >= 1 && EnumValue(field) <= 6) {
      piece->type = static_cast<PieceType>(EnumValue(field));
    } else {
      AppendField(field, &piece->extra);
    }
    return absl::OkStatus();
  });
}

Status ParseTrainer(const ProtobufField& message, std::string_view file, ProtoTrainer* trainer) {
  return ForEachField(message.bytes, message.offset, file, [&](const ProtobufField& field) {
    if (Is(field, 3, Type::kVarint) && EnumValue(field) >= 1 && EnumValue(field) <= 4) {
      trainer->model_type = static_cast<ModelType>(EnumValue(field));
    }
    if (Is(field, 24, Type::kVarint)) trainer->treat_whitespace_as_suffix = field.value != 0;
    if (Is(field, 35, Type::kVarint)) trainer->byte_fallback = field.value != 0;
    if (Is(field, 44, Type::kBytes)) trainer->unk_surface = field.bytes;
    if (Is(field, 45, Type::kBytes)) trainer->unk_piece = field.bytes;
    if (Is(field, 46, Type::kBytes)) trainer->bos_piece = field.bytes;
    if (Is(field, 47, Type::kBytes)) trainer->eos_piece = field.bytes;
    if (Is(field, 48, Type::kBytes)) trainer->pad_piece = field.bytes;
    return absl::OkStatus();
  });
}

Status ParseNormalizer(const ProtobufField& message, std::string_view file,
                       normalizer::SentencePiece* normalizer) {
  return ForEachField(message.bytes, message.offset, file, [&](const ProtobufField& field) {
    if (Is(field, 1, Type::kBytes)) normalizer->name = field.bytes;
    if (Is(field, 2, Type::kBytes)) normalizer->charsmap = field.bytes;
    if (Is(field, 3, Type::kVarint)) normalizer->add_dummy_prefix = field.value != 0;
    if (Is(field, 4, Type::kVarint)) normalizer->remove_extra_whitespaces = field.value != 0;
    if (Is(field, 5, Type::kVarint)) normalizer->escape_whitespaces = field.value != 0;
    return absl::OkStatus();
  });
}

StatusOr<ProtoModel> ParseModel(std::string_view bytes, std::string_view file) {
  ProtoModel model;
  TOKGRAFT_RETURN_IF_ERROR(ForEachField(bytes, 0, file, [&](const ProtobufField& field) -> Status {
    if (Is(field, 1, Type::kBytes)) {
      model.pieces.emplace_back();
      return ParsePiece(field, file, &model.pieces.back());
    }
    if (Is(field, 2, Type::kBytes)) {
      model.trainer_bytes += field.bytes;  // a message given twice is merged
      return ParseTrainer(field, file, &model.trainer);
    }
    if (Is(field, 3, Type::kBytes)) {
      model.normalizer_bytes += field.bytes;
      return ParseNormalizer(field, file, &model.normalizer);
    }
    if (Is(field, 5, Type::kBytes)) {
      model.denormalizer_bytes += field.bytes;
      if (!model.denormalizer.has_value()) model.denormalizer.emplace();
      return ParseNormalizer(field, file, &*model.denormalizer);
    }
    AppendField(field, &model.other_fields);
    return absl::OkStatus();
  }));
  return model;
}

// The byte of "<0x41>" (upper-case hexadecimal only), or nullopt.
std::optional<unsigned char> ByteOfSpelling(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  if (text.size() != 6 || !text.starts_with("<0x") || text[5] != '>') return std::nullopt;
  const std::size_t high = kDigits.find(text[3]);
  const std::size_t low = kDigits.find(text[4]);
  if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
  return static_cast<unsigned char>(high * 16 + low);
}

bool IsReserved(PieceType type) {
  return type == PieceType::kUnknown || type == PieceType::kControl || type == PieceType::kByte;
}

// The rules by which sentencepiece refuses a model, in its order.
class PieceChecker {
 public:
  PieceChecker(const ProtoModel& model, const std::string& file) : model_(model), file_(file) {}

  Status Check() {
    for (std::size_t i = 0; i < model_.pieces.size(); ++i) {
      TOKGRAFT_RETURN_IF_ERROR(CheckPiece(i));
    }
    if (!unk_.has_value() && !model_.trainer.byte_fallback) {
      return Error("pieces: no piece of type UNKNOWN, expected one");
    }
    if (model_.trainer.byte_fallback && !bytes_found_.all()) {
      std::size_t missing = 0;
      while (bytes_found_[missing]) ++missing;
      return Error(Cat("pieces: byte_fallback is set and byte ", missing,
                       " has no piece, expected all 256 from <0x00> to <0xFF>"));
    }
    return absl::OkStatus();
  }
  std::optional<TokenId> unk() const { return unk_; }

 private:
  Status Error(std::string_view what) const { return InvalidArgumentError(Cat(file_, ": ", what)); }
  Status Error(std::size_t index, std::string_view what) const {
    return Error(Cat("pieces[", index, "]: ", what));
  }

  Status CheckText(std::size_t index) const {
    const ProtoPiece& piece = model_.pieces[index];
    if (piece.text.empty()) return Error(index, "an empty piece, expected some text");
    if (piece.text.size() >= kPieceSizeLimit) {
      return Error(index, Cat("a piece of ", piece.text.size(), " bytes, expected less than ",
                              kPieceSizeLimit));
    }
    if (piece.text.find('\0') != std::string_view::npos) {
      return Error(index, "a piece with the character U+0000, which sentencepiece refuses");
    }
    if (model_.trainer.model_type == ModelType::kUnigram && !std::isfinite(piece.score)) {
      return Error(index, "a score that is not finite, expected a log-probability");
    }
    return absl::OkStatus();
  }

  Status CheckPiece(std::size_t index) {
    const ProtoPiece& piece = model_.pieces[index];
    if (piece.text == kNullPiece && piece.type == PieceType::kUnused) return absl::OkStatus();
    TOKGRAFT_RETURN_IF_ERROR(CheckText(index));
    // Unigram (and WORD and CHAR) look reserved pieces up apart, so they may share a spelling.
    const bool apart = model_.trainer.model_type != ModelType::kBpe && IsReserved(piece.type);
    const auto [it, inserted] = (apart ? reserved_ : normal_).emplace(piece.text, index);
    if (!inserted) {
      return Error(index, Cat("the piece \"", piece.text, "\" is already defined at pieces[",
                              it->second, "], expected each piece once"));
    }
    if (piece.type == PieceType::kUnknown) {
      if (unk_.has_value()) {
        return Error(index,
                     Cat("a second piece of type UNKNOWN after pieces[", *unk_, "], expected one"));
      }
      unk_ = static_cast<TokenId>(index);
    }
    if (piece.type != PieceType::kByte) return absl::OkStatus();
    if (!model_.trainer.byte_fallback) {
      return Error(index, Cat("the byte piece ", piece.text,
                              " without byte_fallback; set "
                              "byte_fallback in trainer_spec or remove the byte pieces"));
    }
    const std::optional<unsigned char> byte = ByteOfSpelling(piece.text);
    if (!byte.has_value()) {
      return Error(index, Cat("the byte piece \"", piece.text, "\", expected <0x00> to <0xFF>"));
    }
    bytes_found_.set(*byte);
    return absl::OkStatus();
  }

  const ProtoModel& model_;
  const std::string& file_;
  std::unordered_map<std::string_view, std::size_t> normal_;
  std::unordered_map<std::string_view, std::size_t> reserved_;
  std::optional<TokenId> unk_;
  std::bitset<256> bytes_found_;
};

PieceKind KindOf(PieceType type) {
  switch (type) {
    case PieceType::kNormal:
      return PieceKind::kNormal;
    case PieceType::kUnknown:
      return PieceKind::kUnknown;
    case PieceType::kControl:
      return PieceKind::kControl;
    case PieceType::kUserDefined:
      return PieceKind::kUserDefined;
    case PieceType::kUnused:
      return PieceKind::kUnused;
    case PieceType::kByte:
      return PieceKind::kByte;
  }
  return PieceKind::kNormal;
}

std::string CanonicalBytes(const ProtoPiece& piece) {
  if (piece.type == PieceType::kByte) {
    return std::string(1, static_cast<char>(ByteOfSpelling(piece.text).value_or(0)));
  }
  std::string bytes(piece.text);
  if (piece.type == PieceType::kControl || piece.type == PieceType::kUnknown) return bytes;
  for (std::size_t at = bytes.find(kSpaceSymbol); at != std::string::npos;
       at = bytes.find(kSpaceSymbol, at + 1)) {
    bytes.replace(at, kSpaceSymbol.size(), 1, ' ');
  }
  return bytes;
}

// The id of the control piece that plays a role: found by name, as the reference does, the ids of
// the trainer_spec being only what the trainer was told.
std::optional<TokenId> RoleOf(const ProtoModel& model, std::string_view name,
                              std::string_view fallback) {
  if (name.empty()) name = fallback;
  for (std::size_t i = 0; i < model.pieces.size(); ++i) {
    if (model.pieces[i].type == PieceType::kControl && model.pieces[i].text == name) {
      return static_cast<TokenId>(i);
    }
  }
  return std::nullopt;
}

Model ModelOf(const ProtoTrainer& trainer, std::optional<TokenId> unk) {
  switch (trainer.model_type) {
    case ModelType::kBpe: {
      BpeModel bpe;
      bpe.order = BpeModel::Order::kScore;
      bpe.unk = unk;
      bpe.has_unk = unk.has_value();
      bpe.fuse_unk = true;
      bpe.byte_fallback = trainer.byte_fallback;
      return bpe;
    }
    case ModelType::kUnigram:
      return UnigramModel{.unk = unk, .byte_fallback = trainer.byte_fallback};
    case ModelType::kWord:
      return UnknownStage{.type = "sentencepiece WORD", .json = "{\"model_type\":\"WORD\"}"};
    case ModelType::kChar:
      return UnknownStage{.type = "sentencepiece CHAR", .json = "{\"model_type\":\"CHAR\"}"};
  }
  return UnknownStage{.type = "sentencepiece", .json = "{}"};
}

// As sentencepiece does: a raw U+0000 beside <0x00> is taken as unused.
void ReleaseNullPieces(ProtoModel* model) {
  if (!model->trainer.byte_fallback) return;
  for (ProtoPiece& piece : model->pieces) {
    if (piece.text == kNullPiece) piece.type = PieceType::kUnused;
  }
}

// What a writer needs beside the spec to give the file back, in base64.
void CarryRest(const ProtoModel& model, TokenizerSpec* spec) {
  const auto carry = [&](std::string key, std::string_view bytes) {
    spec->rest.insert_or_assign(std::move(key), Quoted(EncodeBase64(bytes)));
  };
  carry("trainer_spec", model.trainer_bytes);
  spec->rest.insert_or_assign("pieces", Cat(model.pieces.size()));
  if (!model.normalizer_bytes.empty()) carry("normalizer_spec", model.normalizer_bytes);
  if (!model.denormalizer_bytes.empty()) carry("denormalizer_spec", model.denormalizer_bytes);
  if (!model.other_fields.empty()) carry("other_fields", model.other_fields);
  for (std::size_t i = 0; i < model.pieces.size(); ++i) {
    if (!model.pieces[i].extra.empty()) carry(Cat("pieces[", i, "]"), model.pieces[i].extra);
  }
}

}  // namespace

bool LooksLikeSentencePiece(std::string_view bytes) {
  ProtobufReader reader(bytes, 0, "");
  ProtobufField first;
  const StatusOr<bool> read = reader.Next(&first);
  if (!read.ok() || !*read || !Is(first, 1, Type::kBytes)) return false;
  bool has_text = false;
  bool all_known = true;
  const Status parsed = ForEachField(first.bytes, 0, "", [&](const ProtobufField& field) {
    const bool is_text = Is(field, 1, Type::kBytes) && !field.bytes.empty();
    has_text = has_text || is_text;
    all_known = all_known && (is_text || Is(field, 2, Type::kFixed32) ||
                              Is(field, 3, Type::kVarint) || field.number >= 200);
    return absl::OkStatus();
  });
  return parsed.ok() && has_text && all_known;
}

StatusOr<TokenizerSpec> ReadSentencePiece(std::string_view bytes, const std::string& name) {
  TOKGRAFT_ASSIGN_OR_RETURN(ProtoModel model, ParseModel(bytes, name));
  if (model.pieces.empty()) {
    return InvalidArgumentError(Cat(name, ": byte 0: a sentencepiece model without pieces"));
  }
  ReleaseNullPieces(&model);
  PieceChecker checker(model, name);
  TOKGRAFT_RETURN_IF_ERROR(checker.Check());

  TokenizerSpec spec;
  spec.source = name;
  spec.format = Format::kSentencePiece;
  spec.reference = Reference::kSentencePiece;
  spec.spelling = Spelling::kMetaspace;
  spec.vocab.Reserve(model.pieces.size(), bytes.size());
  for (std::size_t i = 0; i < model.pieces.size(); ++i) {
    const ProtoPiece& piece = model.pieces[i];
    const std::string canonical = CanonicalBytes(piece);
    spec.vocab.Add({.id = static_cast<TokenId>(i),
                    .bytes = canonical,
                    .spelling = piece.text,
                    .kind = KindOf(piece.type),
                    .score = piece.score});
  }
  spec.model = ModelOf(model.trainer, checker.unk());
  model.normalizer.treat_whitespace_as_suffix = model.trainer.treat_whitespace_as_suffix;
  spec.normalizers = {std::move(model.normalizer)};
  decoder::SentencePiece decoder;
  if (model.trainer.unk_surface.has_value()) decoder.unk_surface = *model.trainer.unk_surface;
  if (model.denormalizer.has_value() && !model.denormalizer->charsmap.empty()) {
    decoder.denormalizer = std::move(model.denormalizer);
  }
  spec.decoders = {std::move(decoder)};

  spec.roles.unk = checker.unk();
  spec.roles.bos = RoleOf(model, model.trainer.bos_piece, "<s>");
  spec.roles.eos = RoleOf(model, model.trainer.eos_piece, "</s>");
  spec.roles.pad = RoleOf(model, model.trainer.pad_piece, "<pad>");
  // The file has no word on it; the models that have a <s> start their text with it.
  spec.add_bos = spec.roles.bos.has_value();
  CarryRest(model, &spec);
  return spec;
}

}  // namespace tokgraft
