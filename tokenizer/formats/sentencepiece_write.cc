// Writes a sentencepiece .model.
//
// The messages that the reader carried (trainer_spec and the rest, in spec.rest) are written again
// byte for byte; a field is replaced only where the spec says something else by now. So a loaded
// file comes back whole, and a spec made here gets just the fields that mean something.
#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "tokenizer/formats/base64.h"
#include "tokenizer/formats/piece_type.h"
#include "tokenizer/formats/protobuf_wire.h"
#include "tokenizer/formats/sentencepiece.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

using Type = ProtobufField::Type;

// A field that a message must say; `fallback` is what its absence means.
struct WantedField {
  std::uint32_t number = 0;
  Type type = Type::kVarint;
  std::uint64_t value = 0;
  std::string bytes;
  std::uint64_t fallback_value = 0;
  std::string fallback_bytes;
};

WantedField Number(std::uint32_t number, std::uint64_t value, std::uint64_t fallback) {
  return {.number = number,
          .type = Type::kVarint,
          .value = value,
          .bytes = {},
          .fallback_value = fallback,
          .fallback_bytes = {}};
}
WantedField Text(std::uint32_t number, std::string bytes, std::string fallback) {
  return {.number = number,
          .type = Type::kBytes,
          .value = 0,
          .bytes = std::move(bytes),
          .fallback_value = 0,
          .fallback_bytes = std::move(fallback)};
}

StatusOr<std::vector<ProtobufField>> FieldsOf(std::string_view message) {
  std::vector<ProtobufField> fields;
  ProtobufReader reader(message, 0, "spec.rest");
  ProtobufField field;
  while (true) {
    TOKGRAFT_ASSIGN_OR_RETURN(const bool more, reader.Next(&field));
    if (!more) return fields;
    fields.push_back(field);
  }
}

// `message` with the wanted fields, untouched where it says them already.
StatusOr<std::string> Patched(std::string message, const std::vector<WantedField>& wanted) {
  for (const WantedField& want : wanted) {
    TOKGRAFT_ASSIGN_OR_RETURN(const std::vector<ProtobufField> fields, FieldsOf(message));
    std::uint64_t value = want.fallback_value;
    std::string_view bytes = want.fallback_bytes;
    const auto is_it = [&](const ProtobufField& field) {
      return field.number == want.number && field.type == want.type;
    };
    for (const ProtobufField& field : fields) {
      if (!is_it(field)) continue;
      value = field.value;
      bytes = field.bytes;
    }
    if (want.type == Type::kVarint ? value == want.value : bytes == want.bytes) continue;
    std::string out;
    bool written = false;
    const auto write = [&] {
      ProtobufField field;
      field.number = want.number;
      field.type = want.type;
      field.value = want.value;
      field.bytes = want.bytes;
      AppendField(field, &out);
      written = true;
    };
    for (const ProtobufField& field : fields) {
      if (!written && (is_it(field) || field.number > want.number)) write();
      if (!is_it(field)) AppendField(field, &out);
    }
    if (!written) write();
    message = std::move(out);
  }
  return message;
}

StatusOr<std::string> Carried(const TokenizerSpec& spec, const std::string& key) {
  const auto held = spec.rest.find(key);
  if (held == spec.rest.end()) return std::string();
  const std::string_view text = held->second;
  std::string bytes;
  if (text.size() < 2 || !DecodeBase64(text.substr(1, text.size() - 2), &bytes)) {
    return InvalidArgumentError(Cat("rest[\"", key, "\"] is not base64"));
  }
  return bytes;
}

StatusOr<std::string> PieceMessage(const TokenizerSpec& spec, const Piece& piece) {
  if (!IsValidUtf8(piece.spelling)) {
    return FailedPreconditionError(
        Cat("the piece with id ", piece.id,
            " is not UTF-8, which a .model cannot hold; leave out pieces that end inside a "
            "character"));
  }
  const auto score = static_cast<float>(piece.score);
  if (static_cast<double>(score) != piece.score) {
    return FailedPreconditionError(Cat("the score of the piece \"", piece.spelling, "\", ",
                                       piece.score, ", is no float, which a .model holds"));
  }
  std::string message;
  AppendBytesField(1, piece.spelling, &message);
  AppendFixed32Field(2, std::bit_cast<std::uint32_t>(score), &message);
  if (piece.kind != PieceKind::kNormal) AppendVarintField(3, PieceTypeNumber(piece.kind), &message);
  TOKGRAFT_ASSIGN_OR_RETURN(const std::string extra, Carried(spec, Cat("pieces[", piece.id, "]")));
  return message + extra;
}

// The pieces in order of their ids, which are their places in the file.
StatusOr<std::string> AllPieces(const TokenizerSpec& spec) {
  std::string out;
  if (spec.vocab.size() != spec.vocab.id_limit()) {
    return UnimplementedError(Cat(spec.vocab.size(), " pieces on ids below ", spec.vocab.id_limit(),
                                  ", and a .model has one piece for each id; fill the holes"));
  }
  for (TokenId id = 0; id < spec.vocab.id_limit(); ++id) {
    const std::optional<Piece> piece = spec.vocab.Get(id);
    if (!piece) return UnimplementedError(Cat("no piece has the id ", id));
    TOKGRAFT_ASSIGN_OR_RETURN(const std::string message, PieceMessage(spec, *piece));
    AppendBytesField(1, message, &out);
  }
  return out;
}

// The name that finds a role: of the trainer_spec where it finds it, else that of its piece.
void WantRole(const TokenizerSpec& spec, std::optional<TokenId> role, std::uint32_t number,
              std::string_view usual, const std::vector<ProtobufField>& trainer,
              std::vector<WantedField>* wanted) {
  if (!role) return;
  const std::optional<Piece> piece = spec.vocab.Get(*role);
  if (!piece || piece->kind != PieceKind::kControl) return;
  std::string name(usual);
  for (const ProtobufField& field : trainer) {
    if (field.number == number && field.type == Type::kBytes && !field.bytes.empty()) {
      name = field.bytes;
    }
  }
  if (spec.vocab.FindSpelling(name) == *role) return;
  wanted->push_back(Text(number, std::string(piece->spelling), std::string(usual)));
  wanted->push_back(Number(number - 5, *role, 0));  // 46 bos_piece, 41 bos_id
}

StatusOr<std::string> TrainerSpec(const TokenizerSpec& spec,
                                  const normalizer::SentencePiece& normalizer,
                                  const decoder::SentencePiece& decoder) {
  TOKGRAFT_ASSIGN_OR_RETURN(std::string message, Carried(spec, "trainer_spec"));
  std::vector<WantedField> wanted;
  bool byte_fallback = false;
  if (const auto* bpe = std::get_if<BpeModel>(&spec.model)) {
    if (bpe->order != BpeModel::Order::kScore) {
      return UnimplementedError("a BPE that is not ordered by scores cannot be said in a .model");
    }
    wanted.push_back(Number(3, 2, 1));
    byte_fallback = bpe->byte_fallback;
  } else if (const auto* unigram = std::get_if<UnigramModel>(&spec.model)) {
    wanted.push_back(Number(3, 1, 1));
    byte_fallback = unigram->byte_fallback;
  } else {
    return UnimplementedError("only BPE and Unigram models can be written as a .model");
  }
  constexpr std::uint64_t kUsualSize = 8000;
  wanted.push_back(Number(4, spec.vocab.size(), kUsualSize));
  wanted.push_back(Number(24, normalizer.treat_whitespace_as_suffix ? 1 : 0, 0));
  wanted.push_back(Number(35, byte_fallback ? 1 : 0, 0));
  wanted.push_back(Text(44, decoder.unk_surface, decoder::SentencePiece().unk_surface));
  TOKGRAFT_ASSIGN_OR_RETURN(const std::vector<ProtobufField> trainer, FieldsOf(message));
  WantRole(spec, spec.roles.bos, 46, "<s>", trainer, &wanted);
  WantRole(spec, spec.roles.eos, 47, "</s>", trainer, &wanted);
  WantRole(spec, spec.roles.pad, 48, "<pad>", trainer, &wanted);
  // A file says how many pieces its trainer was asked for: kept where their number did not change.
  const auto size = spec.rest.find("pieces");
  if (size != spec.rest.end() && size->second == Cat(spec.vocab.size())) {
    wanted.erase(wanted.begin() + 1);
  }
  return Patched(std::move(message), wanted);
}

StatusOr<std::string> NormalizerSpec(const TokenizerSpec& spec, const std::string& key,
                                     const normalizer::SentencePiece& normalizer) {
  TOKGRAFT_ASSIGN_OR_RETURN(std::string message, Carried(spec, key));
  return Patched(std::move(message),
                 {Text(1, normalizer.name, ""), Text(2, normalizer.charsmap, ""),
                  Number(3, normalizer.add_dummy_prefix ? 1 : 0, 1),
                  Number(4, normalizer.remove_extra_whitespaces ? 1 : 0, 1),
                  Number(5, normalizer.escape_whitespaces ? 1 : 0, 1)});
}

Status CheckStages(const TokenizerSpec& spec) {
  if (!spec.added_tokens.empty()) {
    return UnimplementedError(Cat("the added token \"", spec.added_tokens[0].content,
                                  "\", which a .model can only hold as a piece"));
  }
  if (spec.normalizers.size() != 1 ||
      !std::holds_alternative<normalizer::SentencePiece>(spec.normalizers[0])) {
    return UnimplementedError("a normalizer that is not sentencepiece's");
  }
  if (!spec.pre_tokenizers.empty()) return UnimplementedError("a pre-tokenizer");
  if (!spec.post_processors.empty()) return UnimplementedError("a post-processor");
  if (!spec.decoders || spec.decoders->size() != 1 ||
      !std::holds_alternative<decoder::SentencePiece>(spec.decoders->front())) {
    return UnimplementedError("a decoder that is not sentencepiece's");
  }
  return absl::OkStatus();
}

StatusOr<std::string> Write(const TokenizerSpec& spec) {
  TOKGRAFT_RETURN_IF_ERROR(CheckStages(spec));
  const auto& normalizer = std::get<normalizer::SentencePiece>(spec.normalizers[0]);
  const auto& decoder = std::get<decoder::SentencePiece>(spec.decoders->front());
  TOKGRAFT_ASSIGN_OR_RETURN(std::string out, AllPieces(spec));
  TOKGRAFT_ASSIGN_OR_RETURN(const std::string trainer, TrainerSpec(spec, normalizer, decoder));
  AppendBytesField(2, trainer, &out);
  TOKGRAFT_ASSIGN_OR_RETURN(const std::string normalizer_spec,
                            NormalizerSpec(spec, "normalizer_spec", normalizer));
  AppendBytesField(3, normalizer_spec, &out);
  TOKGRAFT_ASSIGN_OR_RETURN(const std::string other, Carried(spec, "other_fields"));
  TOKGRAFT_ASSIGN_OR_RETURN(const std::vector<ProtobufField> fields, FieldsOf(other));
  const auto append = [&](bool before) {
    for (const ProtobufField& field : fields) {
      if ((field.number < 5) == before) AppendField(field, &out);
    }
  };
  append(true);
  if (decoder.denormalizer || spec.rest.contains("denormalizer_spec")) {
    std::string denormalizer;
    if (decoder.denormalizer) {
      TOKGRAFT_ASSIGN_OR_RETURN(denormalizer,
                                NormalizerSpec(spec, "denormalizer_spec", *decoder.denormalizer));
    } else {
      TOKGRAFT_ASSIGN_OR_RETURN(denormalizer, Carried(spec, "denormalizer_spec"));
    }
    AppendBytesField(5, denormalizer, &out);
  }
  append(false);
  return out;
}

}  // namespace

StatusOr<std::string> WriteSentencePiece(const TokenizerSpec& spec) {
  const std::string place = spec.source.empty() ? "tokenizer" : spec.source;
  if (spec.reference != Reference::kSentencePiece) {
    return UnimplementedError(Cat(place, ": a tokenizer of ", ReferenceName(spec.reference),
                                  " is no sentencepiece model; convert it first"));
  }
  StatusOr<std::string> out = Write(spec);
  if (!out.ok()) return WithPlace(out.status(), place);
  return out;
}

}  // namespace tokgraft
