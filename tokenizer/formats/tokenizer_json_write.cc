// The whole of tokenizer.json, laid out byte for byte as Hugging Face lays it out.
//
// The library numbers added tokens itself when it reads the file, so the numbering is run here
// first; where it would not give the ids of the spec, the added tokens are folded into the
// vocabulary, where their ids are written down.
#include <algorithm>
#include <utility>

#include "tokenizer/base/json_write.h"
#include "tokenizer/formats/tokenizer_json.h"
#include "tokenizer/formats/tokenizer_json_parts.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

// The pieces as they will stand in the file, in order of id.
struct Pieces {
  std::vector<RawPiece> list;
  std::vector<std::uint32_t> by_id;  // index + 1, 0 for a hole

  const RawPiece* Get(TokenId id) const {
    return id < by_id.size() && by_id[id] != 0 ? &list[by_id[id] - 1] : nullptr;
  }
};

// Ids beyond this are refused: a table of them would be gigabytes.
constexpr std::size_t kMaxIds = std::size_t{1} << 28;

Status IndexPieces(Pieces* pieces) {
  std::stable_sort(pieces->list.begin(), pieces->list.end(),
                   [](const RawPiece& a, const RawPiece& b) { return a.id < b.id; });
  const std::size_t limit = pieces->list.empty() ? 0 : std::size_t{pieces->list.back().id} + 1;
  if (limit > kMaxIds)
    return FailedPreconditionError(Cat("id ", limit - 1, " is too large to be saved"));
  pieces->by_id.assign(limit, 0);
  for (std::size_t i = 0; i < pieces->list.size(); ++i) {
    const RawPiece& piece = pieces->list[i];
    if (const RawPiece* held = pieces->Get(piece.id)) {
      return FailedPreconditionError(Cat("the pieces \"", held->spelling, "\" and \"",
                                         piece.spelling, "\" share the id ", piece.id,
                                         ", ids of their own were expected"));
    }
    pieces->by_id[piece.id] = static_cast<std::uint32_t>(i + 1);
    if (!IsValidUtf8(piece.spelling)) {
      return FailedPreconditionError(
          Cat("the piece with id ", piece.id, " is not UTF-8, which tokenizer.json cannot hold"));
    }
  }
  return absl::OkStatus();
}

StatusOr<Pieces> CollectPieces(const TokenizerSpec& spec) {
  Pieces pieces;
  pieces.list.reserve(spec.vocab.size());
  SpellingTable seen(spec.vocab.size());
  const bool may_repeat = std::holds_alternative<UnigramModel>(spec.model);
  for (std::size_t i = 0; i < spec.vocab.size(); ++i) {
    const Piece piece = spec.vocab.entry(i);
    if (!seen.Insert(piece.spelling, 0) && !may_repeat) {
      return FailedPreconditionError(Cat("the piece \"", piece.spelling,
                                         "\" stands in the vocabulary twice, once was expected"));
    }
    pieces.list.push_back({.spelling = piece.spelling, .id = piece.id, .score = piece.score});
  }
  TOKGRAFT_RETURN_IF_ERROR(IndexPieces(&pieces));
  return pieces;
}

// ---- Added tokens ------------------------------------------------------------------------------

// Could the model itself come upon a folded token, in text where the added token was not found?
bool MayBeFoundByModel(const TokenizerSpec& spec, const AddedToken& token) {
  const bool can_slip = token.single_word || !spec.normalizers.empty();
  const auto* bpe = std::get_if<BpeModel>(&spec.model);
  if (bpe == nullptr) return can_slip;
  return can_slip && (bpe->ignore_merges || CountCharacters(token.content) < 2);
}

Status Fold(const TokenizerSpec& spec, const std::vector<AddedToken>& tokens, Pieces* pieces) {
  for (const AddedToken& token : tokens) {
    const std::optional<TokenId> held = spec.vocab.FindSpelling(token.content);
    if (held == token.id) continue;
    if (held) {
      return FailedPreconditionError(Cat("the added token \"", token.content, "\" has the id ",
                                         token.id, ", but the vocabulary holds it as ", *held,
                                         ", which Hugging Face would use"));
    }
    if (!std::holds_alternative<BpeModel>(spec.model) &&
        !std::holds_alternative<WordPieceModel>(spec.model)) {
      return FailedPreconditionError(Cat("Hugging Face would not give the added token \"",
                                         token.content, "\" its id ", token.id,
                                         ", and the vocabulary of this model cannot hold it"));
    }
    if (MayBeFoundByModel(spec, token)) {
      return FailedPreconditionError(Cat(
          "Hugging Face would not give the added token \"", token.content, "\" its id ", token.id,
          ", and as a piece of the vocabulary the model could find it in other text"));
    }
    pieces->list.push_back({.spelling = token.content, .id = token.id, .score = 0});
  }
  return IndexPieces(pieces);
}

// Makes sure that reading the file gives each token its id; adds pieces where it takes that.
Status SettleAddedTokens(const TokenizerSpec& spec, const std::vector<AddedToken>& tokens,
                         Pieces* pieces) {
  std::vector<LoadNote> notes;
  const std::vector<AddedToken> numbered = NumberAddedTokens(
      tokens, pieces->list.size(),
      [&](std::string_view content) { return spec.vocab.FindSpelling(content); }, &notes);
  if (numbered == tokens) return absl::OkStatus();
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (!IsValidUtf8(tokens[i].content) || tokens[i].content.empty()) {
      return FailedPreconditionError(Cat("the added token with id ", tokens[i].id,
                                         " is empty or not UTF-8, tokenizer.json cannot hold it"));
    }
    if (i > 0 && tokens[i].id == tokens[i - 1].id) {
      return FailedPreconditionError(Cat("the added tokens \"", tokens[i - 1].content, "\" and \"",
                                         tokens[i].content, "\" share the id ", tokens[i].id));
    }
  }
  TOKGRAFT_RETURN_IF_ERROR(Fold(spec, tokens, pieces));
  SpellingTable folded(pieces->list.size());
  for (const RawPiece& piece : pieces->list) folded.Insert(piece.spelling, piece.id);
  const std::vector<AddedToken> settled = NumberAddedTokens(
      tokens, pieces->list.size(), [&](std::string_view content) { return folded.Find(content); },
      &notes);
  if (settled == tokens) return absl::OkStatus();
  return FailedPreconditionError(
      Cat("the ids of the added tokens cannot be kept: ", notes.back().message));
}

// ---- Text --------------------------------------------------------------------------------------

// Appends keys and values of one object, laid out.
class Layout {
 public:
  explicit Layout(std::string* out) : out_(out) {}
  void Open(char bracket) {
    out_->push_back(bracket);
    ++level_;
    is_first_ = true;
  }
  void Close(char bracket) {
    --level_;
    if (!is_first_) NewLine();
    out_->push_back(bracket);
    is_first_ = false;
  }
  void Item() {
    if (!is_first_) out_->push_back(',');
    NewLine();
    is_first_ = false;
  }
  void Key(std::string_view key) {
    Item();
    AppendQuoted(key, out_);
    out_->append(": ");
  }
  void Json(std::string_view text) { AppendPretty(text, level_, out_); }
  void Member(std::string_view key, std::string_view json) {
    Key(key);
    Json(json);
  }

 private:
  void NewLine() {
    out_->push_back('\n');
    out_->append(static_cast<std::size_t>(level_) * 2, ' ');
  }
  std::string* out_;
  int level_ = 0;
  bool is_first_ = true;
};

std::string_view FlagText(bool flag) { return flag ? "true" : "false"; }

std::string TextOrNull(const std::optional<std::string>& text) {
  return text ? Quoted(*text) : "null";
}

void AppendAddedTokens(const std::vector<AddedToken>& tokens, Layout* layout) {
  layout->Key("added_tokens");
  layout->Open('[');
  for (const AddedToken& token : tokens) {
    layout->Item();
    layout->Open('{');
    layout->Member("id", Cat(token.id));
    layout->Member("content", Quoted(token.content));
    layout->Member("single_word", FlagText(token.single_word));
    layout->Member("lstrip", FlagText(token.lstrip));
    layout->Member("rstrip", FlagText(token.rstrip));
    layout->Member("normalized", FlagText(token.normalized));
    layout->Member("special", FlagText(token.special));
    layout->Close('}');
  }
  layout->Close(']');
}

// null, the stage, or a Sequence of the stages.
template <typename Stage>
Status AppendStages(std::string_view key, std::string_view sequence_key,
                    const std::vector<Stage>& stages, bool empty_is_null, Layout* layout) {
  std::string list;
  for (const Stage& stage : stages) {
    TOKGRAFT_ASSIGN_OR_RETURN(const std::string json, StageJson(stage));
    list.append(list.empty() ? "" : ",").append(json);
  }
  if (stages.empty() && empty_is_null) {
    layout->Member(key, "null");
  } else if (stages.size() == 1) {
    layout->Member(key, list);
  } else {
    layout->Member(key, Cat("{\"type\":\"Sequence\",\"", sequence_key, "\":[", list, "]}"));
  }
  return absl::OkStatus();
}

void AppendVocab(const Pieces& pieces, std::string* out, Layout* layout) {
  layout->Key("vocab");
  layout->Open('{');
  for (const RawPiece& piece : pieces.list) {
    layout->Key(piece.spelling);
    out->append(Cat(piece.id));
  }
  layout->Close('}');
}

Status AppendMerges(const BpeModel& bpe, const Pieces& pieces, std::string* out, Layout* layout) {
  layout->Key("merges");
  layout->Open('[');
  const auto pair = [&](std::string_view left, std::string_view right) {
    layout->Item();
    layout->Open('[');
    layout->Item();
    AppendQuoted(left, out);
    layout->Item();
    AppendQuoted(right, out);
    layout->Close(']');
  };
  const std::size_t prefix_size = bpe.continuing_subword_prefix.value_or("").size();
  std::size_t broken = 0;
  std::uint64_t index = 0;
  std::string joined;
  for (const Merge& merge : bpe.merges) {
    for (; broken < bpe.broken_merges.size() && bpe.broken_merges[broken].index == index; ++index) {
      pair(bpe.broken_merges[broken].left, bpe.broken_merges[broken].right);
      ++broken;
    }
    const RawPiece* left = pieces.Get(merge.left);
    const RawPiece* right = pieces.Get(merge.right);
    const RawPiece* product = pieces.Get(merge.product);
    if (left == nullptr || right == nullptr || product == nullptr) {
      return FailedPreconditionError(Cat("merge ", index, " names an id without a piece"));
    }
    joined.assign(left->spelling)
        .append(right->spelling.substr(std::min(prefix_size, right->spelling.size())));
    if (joined != product->spelling) {
      return FailedPreconditionError(Cat("merge ", index, " of \"", left->spelling, "\" and \"",
                                         right->spelling, "\" makes \"", product->spelling,
                                         "\", their concatenation was expected"));
    }
    pair(left->spelling, right->spelling);
    ++index;
  }
  for (; broken < bpe.broken_merges.size(); ++broken) {
    pair(bpe.broken_merges[broken].left, bpe.broken_merges[broken].right);
  }
  layout->Close(']');
  return absl::OkStatus();
}

// What the file gave the model beside the fields we know.
void AppendExtraFields(const TokenizerSpec& spec, Layout* layout) {
  constexpr std::string_view kPrefix = "model.";
  for (const auto& [key, json] : spec.rest) {
    if (key.compare(0, kPrefix.size(), kPrefix) == 0) {
      layout->Member(std::string_view(key).substr(kPrefix.size()), json);
    }
  }
}

Status AppendBpe(const BpeModel& bpe, const TokenizerSpec& spec, const Pieces& pieces,
                 std::string* out, Layout* layout) {
  if (bpe.order != BpeModel::Order::kMergeList) {
    return UnimplementedError(
        "tokenizer.json cannot say a BPE without a list of merges; save in the format it came "
        "from");
  }
  layout->Member("type", "\"BPE\"");
  layout->Member("dropout", bpe.dropout ? FormatDouble(*bpe.dropout) : "null");
  layout->Member("unk_token", bpe.has_unk ? Quoted(bpe.unk_spelling) : "null");
  layout->Member("continuing_subword_prefix", TextOrNull(bpe.continuing_subword_prefix));
  layout->Member("end_of_word_suffix", TextOrNull(bpe.end_of_word_suffix));
  layout->Member("fuse_unk", FlagText(bpe.fuse_unk));
  layout->Member("byte_fallback", FlagText(bpe.byte_fallback));
  layout->Member("ignore_merges", FlagText(bpe.ignore_merges));
  AppendExtraFields(spec, layout);
  AppendVocab(pieces, out, layout);
  return AppendMerges(bpe, pieces, out, layout);
}

Status AppendUnigram(const UnigramModel& unigram, const TokenizerSpec& spec, const Pieces& pieces,
                     std::string* out, Layout* layout) {
  layout->Member("type", "\"Unigram\"");
  layout->Member("unk_id", unigram.unk ? Cat(*unigram.unk) : "null");
  layout->Key("vocab");
  layout->Open('[');
  for (std::size_t i = 0; i < pieces.list.size(); ++i) {
    const RawPiece& piece = pieces.list[i];
    if (piece.id != i) {
      return FailedPreconditionError(
          Cat("no piece has the id ", i, ", a Unigram without holes was expected"));
    }
    layout->Item();
    layout->Open('[');
    layout->Item();
    AppendQuoted(piece.spelling, out);
    layout->Item();
    out->append(FormatDouble(piece.score));
    layout->Close(']');
  }
  layout->Close(']');
  layout->Member("byte_fallback", FlagText(unigram.byte_fallback));
  AppendExtraFields(spec, layout);
  return absl::OkStatus();
}

Status AppendModel(const TokenizerSpec& spec, const Pieces& pieces, std::string* out,
                   Layout* layout) {
  layout->Key("model");
  if (const auto* unknown = std::get_if<UnknownStage>(&spec.model)) {
    layout->Json(unknown->json);
    return absl::OkStatus();
  }
  layout->Open('{');
  if (const auto* bpe = std::get_if<BpeModel>(&spec.model)) {
    TOKGRAFT_RETURN_IF_ERROR(AppendBpe(*bpe, spec, pieces, out, layout));
  } else if (const auto* unigram = std::get_if<UnigramModel>(&spec.model)) {
    TOKGRAFT_RETURN_IF_ERROR(AppendUnigram(*unigram, spec, pieces, out, layout));
  } else if (const auto* wordpiece = std::get_if<WordPieceModel>(&spec.model)) {
    layout->Member("type", "\"WordPiece\"");
    layout->Member("unk_token", Quoted(wordpiece->unk_spelling));
    layout->Member("continuing_subword_prefix", Quoted(wordpiece->continuing_subword_prefix));
    layout->Member("max_input_chars_per_word", Cat(wordpiece->max_input_chars_per_word));
    AppendExtraFields(spec, layout);
    AppendVocab(pieces, out, layout);
  }
  layout->Close('}');
  return absl::OkStatus();
}

struct Tokens {
  Pieces pieces;
  std::vector<AddedToken> added;
};

// The pieces and added tokens that the file will list, such that reading it gives their ids back.
StatusOr<Tokens> Settle(const TokenizerSpec& spec) {
  TOKGRAFT_ASSIGN_OR_RETURN(Pieces pieces, CollectPieces(spec));
  std::vector<AddedToken> added = spec.added_tokens;
  std::stable_sort(added.begin(), added.end(),
                   [](const AddedToken& a, const AddedToken& b) { return a.id < b.id; });
  TOKGRAFT_RETURN_IF_ERROR(SettleAddedTokens(spec, added, &pieces));
  return Tokens{std::move(pieces), std::move(added)};
}

StatusOr<std::string> Write(const TokenizerSpec& spec) {
  TOKGRAFT_ASSIGN_OR_RETURN(const Tokens tokens, Settle(spec));
  std::string out;
  Layout layout(&out);
  layout.Open('{');
  layout.Member("version", "\"1.0\"");
  for (const std::string key : {"truncation", "padding"}) {
    const auto held = spec.rest.find(key);
    layout.Member(key, held == spec.rest.end() ? "null" : held->second);
  }
  AppendAddedTokens(tokens.added, &layout);
  TOKGRAFT_RETURN_IF_ERROR(
      AppendStages("normalizer", "normalizers", spec.normalizers, true, &layout));
  TOKGRAFT_RETURN_IF_ERROR(
      AppendStages("pre_tokenizer", "pretokenizers", spec.pre_tokenizers, true, &layout));
  TOKGRAFT_RETURN_IF_ERROR(
      AppendStages("post_processor", "processors", spec.post_processors, true, &layout));
  TOKGRAFT_RETURN_IF_ERROR(AppendStages("decoder", "decoders",
                                        spec.decoders.value_or(std::vector<Decoder>{}),
                                        !spec.decoders.has_value(), &layout));
  TOKGRAFT_RETURN_IF_ERROR(AppendModel(spec, tokens.pieces, &out, &layout));
  layout.Close('}');
  return out;
}

template <typename Out>
StatusOr<Out> OfHuggingFace(const TokenizerSpec& spec,
                            StatusOr<Out> (*make)(const TokenizerSpec& spec)) {
  const std::string place = spec.source.empty() ? "tokenizer" : spec.source;
  if (spec.reference != Reference::kHuggingFace) {
    return UnimplementedError(Cat(place, ": a tokenizer of ", ReferenceName(spec.reference),
                                  " cannot be written as tokenizer.json; save in its own format"));
  }
  StatusOr<Out> out = make(spec);
  if (!out.ok()) return WithPlace(out.status(), place);
  return out;
}

}  // namespace

StatusOr<std::string> WriteTokenizerJson(const TokenizerSpec& spec) {
  return OfHuggingFace<std::string>(spec, &Write);
}

Status CheckTokenizerJson(const TokenizerSpec& spec) {
  return OfHuggingFace<Tokens>(spec, &Settle).status();
}

}  // namespace tokgraft
