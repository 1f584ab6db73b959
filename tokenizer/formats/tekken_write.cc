// Writes tekken.json: config, pieces and special tokens, and whatever else the file held.
//
// The counts of the config follow the pieces. Pieces that a file held beyond its
// default_vocab_size, which mistral-common never uses, do not come back.
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "tokenizer/base/json_write.h"
#include "tokenizer/formats/base64.h"
#include "tokenizer/formats/tekken.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

// The special tokens come first, the 256 bytes after them, then the rest, without a hole.
struct Layout {
  std::size_t num_specials = 0;
  std::size_t num_pieces = 0;
};

StatusOr<Layout> LayoutOf(const TokenizerSpec& spec) {
  Layout layout;
  const std::size_t size = spec.vocab.id_limit();
  if (spec.vocab.size() != size) {
    return UnimplementedError(
        Cat(spec.vocab.size(), " pieces on ids below ", size, ", and tekken.json has no holes"));
  }
  for (TokenId id = 0; id < size; ++id) {
    const std::optional<Piece> piece = spec.vocab.Get(id);
    if (!piece) return UnimplementedError(Cat("no piece has the id ", id));
    if (piece->kind == PieceKind::kControl && layout.num_pieces == 0) {
      ++layout.num_specials;
      continue;
    }
    if (piece->kind != PieceKind::kNormal) {
      return UnimplementedError(Cat("the piece with id ", id, " is of kind ",
                                    PieceKindName(piece->kind),
                                    ", and in tekken.json special tokens have the lowest ids and "
                                    "all others are ordinary"));
    }
    const std::size_t rank = layout.num_pieces++;
    if (rank < 256 &&
        (piece->bytes.size() != 1 || static_cast<unsigned char>(piece->bytes[0]) != rank)) {
      return UnimplementedError(Cat("the piece with id ", id, " is not the byte ", rank,
                                    ", and tekken.json has the 256 bytes first, in order"));
    }
  }
  return layout;
}

StatusOr<std::string> Config(const TokenizerSpec& spec, const Layout& layout) {
  std::vector<JsonMember> config = {{"pattern", "\"\""},
                                    {"num_vocab_tokens", ""},
                                    {"default_vocab_size", ""},
                                    {"default_num_special_tokens", ""},
                                    {"version", "\"v3\""}};
  const auto held = spec.rest.find("config");
  if (held != spec.rest.end()) {
    TOKGRAFT_ASSIGN_OR_RETURN(config, SplitMembers(held->second, "config"));
  }
  const auto* split = spec.pre_tokenizers.empty()
                          ? nullptr
                          : std::get_if<pre_tokenizer::Split>(&spec.pre_tokenizers[0]);
  if (split == nullptr || spec.pre_tokenizers.size() != 2 || !split->pattern.is_regex) {
    return UnimplementedError("tekken.json splits text by one regex, and by nothing else");
  }
  SetMember(&config, "pattern", Quoted(split->pattern.text));
  SetMember(&config, "num_vocab_tokens", Cat(layout.num_pieces));
  SetMember(&config, "default_vocab_size", Cat(layout.num_specials + layout.num_pieces));
  SetMember(&config, "default_num_special_tokens", Cat(layout.num_specials));
  return JoinMembers(config);
}

void AppendPieces(const TokenizerSpec& spec, const Layout& layout, std::string* out) {
  for (std::size_t rank = 0; rank < layout.num_pieces; ++rank) {
    const std::optional<Piece> piece =
        spec.vocab.Get(static_cast<TokenId>(layout.num_specials + rank));
    *out += Cat(
        rank == 0 ? "" : ",", "{\"rank\":", rank, ",\"token_bytes\":\"", EncodeBase64(piece->bytes),
        "\",\"token_str\":", IsValidUtf8(piece->bytes) ? Quoted(piece->bytes) : "null", "}");
  }
}

// The block of the file where its names are still those; else one made here. A file of an old
// version may have none, and then its names are the usual ones.
StatusOr<std::string> Specials(const TokenizerSpec& spec, const Layout& layout) {
  std::string out = "[";
  for (TokenId id = 0; id < layout.num_specials; ++id) {
    const std::optional<Piece> piece = spec.vocab.Get(id);
    if (!IsValidUtf8(piece->bytes)) {
      return FailedPreconditionError(Cat("the special token with id ", id, " is not UTF-8"));
    }
    out += Cat(id == 0 ? "" : ",", "{\"rank\":", id, ",\"token_str\":", Quoted(piece->bytes),
               ",\"is_control\":true}");
  }
  return out + "]";
}

StatusOr<std::string> Write(const TokenizerSpec& spec) {
  const auto* bpe = std::get_if<BpeModel>(&spec.model);
  if (bpe == nullptr || bpe->order != BpeModel::Order::kRank || !spec.normalizers.empty() ||
      !spec.post_processors.empty() || !spec.added_tokens.empty()) {
    return UnimplementedError(
        "tekken.json holds a BPE ordered by rank without normalizer, post-processor or added "
        "tokens, and nothing else");
  }
  TOKGRAFT_ASSIGN_OR_RETURN(const Layout layout, LayoutOf(spec));
  TOKGRAFT_ASSIGN_OR_RETURN(std::string config, Config(spec, layout));
  std::string vocab = "[";
  AppendPieces(spec, layout, &vocab);
  vocab += "]";
  std::vector<JsonMember> members = {{"config", std::move(config)}, {"vocab", std::move(vocab)}};
  // The version decides whether a file may leave its special tokens out: kept as it was.
  const auto held = spec.rest.find("special_tokens");
  if (held != spec.rest.end() || !spec.rest.contains("config")) {
    std::string specials;
    if (held != spec.rest.end()) {
      specials = held->second;
    } else {
      TOKGRAFT_ASSIGN_OR_RETURN(specials, Specials(spec, layout));
    }
    members.push_back({"special_tokens", std::move(specials)});
  }
  for (const char* key : {"image", "multimodal", "audio", "model_settings_builder"}) {
    const auto other = spec.rest.find(key);
    if (other != spec.rest.end()) members.push_back({key, other->second});
  }
  return JoinMembers(members);
}

}  // namespace

StatusOr<std::string> WriteTekken(const TokenizerSpec& spec) {
  const std::string place = spec.source.empty() ? "tokenizer" : spec.source;
  StatusOr<std::string> out =
      spec.reference == Reference::kTekken
          ? Write(spec)
          : UnimplementedError(Cat("a tokenizer of ", ReferenceName(spec.reference),
                                   " is no tekken.json; convert it first"));
  if (!out.ok()) return WithPlace(out.status(), place);
  return out;
}

}  // namespace tokgraft
