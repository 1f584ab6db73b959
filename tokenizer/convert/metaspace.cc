// Tokenizers whose pieces spell a space as ▁, from format to format.
#include <algorithm>
#include <array>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "tokenizer/convert/draft.h"
#include "tokenizer/convert/merge_order.h"

namespace tokgraft {
namespace {

constexpr std::size_t kSuspects = 100000;
constexpr std::string_view kSpaceSymbol = "\u2581";

TokenizerSpec Begin(const TokenizerSpec& from, Format format, Reference reference) {
  TokenizerSpec to;
  to.source = from.source;
  to.format = format;
  to.reference = reference;
  to.spelling = Spelling::kMetaspace;
  to.roles = from.roles;
  to.companions = from.companions;
  CarryChatTemplate(from, &to);
  return to;
}

// ---- tokenizer.json → .model
// ---------------------------------------------------------------------

// The stages of a tokenizer.json in sentencepiece's words. What they cannot say becomes a loss.
class StageReader {
 public:
  StageReader(const TokenizerSpec& from, Draft* draft) : from_(from), draft_(draft) {
    out_.name = "identity";
    out_.add_dummy_prefix = false;
    out_.remove_extra_whitespaces = false;
  }

  normalizer::SentencePiece Read() {
    for (const Normalizer& stage : from_.normalizers) ReadNormalizer(stage);
    for (const PreTokenizer& stage : from_.pre_tokenizers) ReadPreTokenizer(stage);
    return out_;
  }

 private:
  void Lose(std::string_view what) {
    draft_->losses.push_back(Cat("a .model has no words for ", what));
  }

  void ReadNormalizer(const Normalizer& stage) {
    if (const auto* prepend = std::get_if<normalizer::Prepend>(&stage)) {
      if (prepend->prepend != kSpaceSymbol) return Lose("a Prepend of another text than \u2581");
      out_.add_dummy_prefix = true;
    } else if (const auto* replace = std::get_if<normalizer::Replace>(&stage)) {
      ReadReplace(*replace);
    } else if (const auto* precompiled = std::get_if<normalizer::Precompiled>(&stage)) {
      if (!out_.charsmap.empty()) return Lose("a second Precompiled normalizer");
      out_.charsmap = precompiled->charsmap;
      out_.name = "user_defined";
    } else if (!std::holds_alternative<normalizer::Strip>(stage)) {
      Lose("a normalizer of this tokenizer");
    }
  }

  void ReadReplace(const normalizer::Replace& replace) {
    const bool to_space = replace.content == " " || replace.content == kSpaceSymbol;
    if (!replace.pattern.is_regex && replace.pattern.text == " " &&
        replace.content == kSpaceSymbol) {
      escapes_ = true;
    } else if (replace.pattern.is_regex && replace.pattern.text == " {2,}" && to_space) {
      out_.remove_extra_whitespaces = true;
    } else {
      Lose(Cat("a Replace of \"", replace.pattern.text, "\""));
    }
  }

  void ReadPreTokenizer(const PreTokenizer& stage) {
    if (const auto* metaspace = std::get_if<pre_tokenizer::Metaspace>(&stage)) {
      if (metaspace->replacement != kSpaceSymbol) return Lose("another space symbol than \u2581");
      escapes_ = true;
      if (metaspace->prepend_scheme != pre_tokenizer::PrependScheme::kNever) {
        out_.add_dummy_prefix = true;
      }
      return;
    }
    const auto* split = std::get_if<pre_tokenizer::Split>(&stage);
    const bool never_matches =
        split != nullptr && escapes_ && !split->pattern.is_regex && split->pattern.text == " ";
    if (!never_matches && !std::holds_alternative<pre_tokenizer::WhitespaceSplit>(stage)) {
      Lose("a pre-tokenizer of this tokenizer");
    }
  }

  const TokenizerSpec& from_;
  Draft* draft_;
  normalizer::SentencePiece out_;
  bool escapes_ = false;  // spaces are ▁ already
};

bool IsByteSpelling(std::string_view text) {
  return text.size() == 6 && text.starts_with("<0x") && text[5] == '>';
}

// By id: the score of each piece. Live joins in their order, everything else after them.
StatusOr<std::vector<double>> ScoresOf(const TokenizerSpec& from, Draft* draft) {
  std::vector<double> scores(from.id_limit(), 0);
  if (std::holds_alternative<UnigramModel>(from.model)) {
    for (std::size_t i = 0; i < from.vocab.size(); ++i) {
      const Piece piece = from.vocab.entry(i);
      const auto rounded = static_cast<double>(static_cast<float>(piece.score));
      if (rounded != piece.score && draft->notes.empty()) {
        draft->notes.push_back("scores are rounded to floats");
      }
      scores[piece.id] = rounded;
    }
    return scores;
  }
  TOKGRAFT_ASSIGN_OR_RETURN(const MergeOrder order, FindMergeOrder(from));
  const auto& bpe = std::get<BpeModel>(from.model);
  draft->model_proved = order.stuck.empty() && !order.lacks_characters && !order.has_ties &&
                        (order.dead.empty() || !bpe.ignore_merges) && bpe.fuse_unk;
  std::vector<bool> placed(scores.size(), false);
  double next = 0;
  const auto place = [&](TokenId id) {
    if (placed[id]) return;
    placed[id] = true;
    scores[id] = next;
    next -= 1;
  };
  for (const LiveJoin& join : order.live) place(join.merge.product);
  std::unordered_set<TokenId> added;
  for (const AddedToken& token : from.added_tokens) added.insert(token.id);
  for (TokenId id = 0; id < from.vocab.id_limit(); ++id) {
    const std::optional<Piece> piece = from.vocab.Get(id);
    if (!piece || added.contains(id) || (bpe.byte_fallback && IsByteSpelling(piece->spelling))) {
      continue;
    }
    place(id);
  }
  return scores;
}

struct ModelTraits {
  std::optional<TokenId> unk;
  bool byte_fallback = false;
};

StatusOr<ModelTraits> TraitsOf(const TokenizerSpec& spec) {
  if (const auto* bpe = std::get_if<BpeModel>(&spec.model)) {
    if (bpe->order == BpeModel::Order::kRank || !bpe->broken_merges.empty() ||
        bpe->dropout.value_or(0) != 0) {
      return UnimplementedError("model: dropout, or merges of pieces that are missing");
    }
    return ModelTraits{.unk = bpe->unk, .byte_fallback = bpe->byte_fallback};
  }
  if (const auto* unigram = std::get_if<UnigramModel>(&spec.model)) {
    return ModelTraits{.unk = unigram->unk, .byte_fallback = unigram->byte_fallback};
  }
  return UnimplementedError("model: is neither BPE nor Unigram");
}

Model ScoreModel(const TokenizerSpec& from, const ModelTraits& traits) {
  if (std::holds_alternative<UnigramModel>(from.model)) {
    return UnigramModel{.unk = traits.unk, .byte_fallback = traits.byte_fallback};
  }
  BpeModel bpe;
  bpe.order = BpeModel::Order::kScore;
  bpe.unk = traits.unk;
  bpe.has_unk = traits.unk.has_value();
  bpe.fuse_unk = true;
  bpe.byte_fallback = traits.byte_fallback;
  return bpe;
}

Status CheckAddedTokens(const TokenizerSpec& from) {
  for (const AddedToken& token : from.added_tokens) {
    if (!token.lstrip && !token.rstrip && !token.single_word) continue;
    return UnimplementedError(Cat("added_tokens: \"", token.content,
                                  "\" takes spaces along or stands as a whole word only, and a "
                                  ".model has no such tokens"));
  }
  return absl::OkStatus();
}

void AddScoredPieces(const TokenizerSpec& from, const ModelTraits& traits,
                     const std::vector<double>& scores, Draft* draft) {
  std::unordered_map<TokenId, const AddedToken*> added;
  for (const AddedToken& token : from.added_tokens) added[token.id] = &token;
  std::size_t holes = 0;
  for (TokenId id = 0; id < from.id_limit(); ++id) {
    const std::optional<Piece> piece = from.vocab.Get(id);
    const auto token = added.find(id);
    std::string spelling;
    PieceKind kind = PieceKind::kNormal;
    if (token != added.end()) {
      spelling = token->second->content;
      kind = token->second->special ? PieceKind::kControl : PieceKind::kUserDefined;
      if (kind == PieceKind::kUserDefined) {
        spelling = Spell(Spelling::kMetaspace, spelling).value_or(spelling);
      }
    } else if (piece) {
      spelling = piece->spelling;
      if (traits.byte_fallback && IsByteSpelling(spelling)) kind = PieceKind::kByte;
    } else {
      spelling = Cat("<unused_", id, ">");
      kind = PieceKind::kControl;
      ++holes;
    }
    if (traits.unk == id) kind = PieceKind::kUnknown;
    std::string bytes = spelling;
    if (kind == PieceKind::kByte && piece) bytes = piece->bytes;
    if (kind == PieceKind::kNormal || kind == PieceKind::kUserDefined) {
      bytes = Unspell(Spelling::kMetaspace, spelling).value_or(spelling);
    }
    draft->spec.vocab.Add({.id = id,
                           .bytes = bytes,
                           .spelling = spelling,
                           .kind = kind,
                           .score = id < scores.size() ? scores[id] : 0});
  }
  if (holes != 0) {
    draft->notes.push_back(Cat(holes, " ids without a piece are filled with control pieces"));
  }
}

// ---- .model → tokenizer.json
// ---------------------------------------------------------------------

Normalizer ReplaceText(std::string_view from, std::string_view to, bool is_regex) {
  return normalizer::Replace{.pattern = {.text = std::string(from), .is_regex = is_regex},
                             .content = std::string(to)};
}

// The two ways in which Hugging Face puts ▁ before a text: a normalizer, which does so after each
// added token too, or a pre-tokenizer.
void SetStages(const normalizer::SentencePiece& from, bool by_pre_tokenizer, bool split,
               TokenizerSpec* to) {
  to->normalizers.clear();
  to->pre_tokenizers.clear();
  if (!from.charsmap.empty()) {
    to->normalizers.emplace_back(normalizer::Precompiled{.charsmap = from.charsmap});
  }
  if (from.remove_extra_whitespaces) {
    to->normalizers.emplace_back(normalizer::Strip{.left = true, .right = true});
    to->normalizers.push_back(ReplaceText(" {2,}", " ", true));
  }
  if (by_pre_tokenizer) {
    to->pre_tokenizers.emplace_back(pre_tokenizer::Metaspace{
        .replacement = std::string(kSpaceSymbol),
        .prepend_scheme = from.add_dummy_prefix ? pre_tokenizer::PrependScheme::kFirst
                                                : pre_tokenizer::PrependScheme::kNever,
        .split = split});
    return;
  }
  if (from.add_dummy_prefix) {
    to->normalizers.emplace_back(normalizer::Prepend{.prepend = std::string(kSpaceSymbol)});
  }
  to->normalizers.push_back(ReplaceText(" ", kSpaceSymbol, false));
}

std::vector<Decoder> DecodersOf(const normalizer::SentencePiece& from) {
  std::vector<Decoder> out = {
      decoder::Replace{.pattern = {.text = std::string(kSpaceSymbol), .is_regex = false},
                       .content = std::string(1, ' ')},
      decoder::ByteFallback{}, decoder::Fuse{}};
  if (from.add_dummy_prefix) {
    out.emplace_back(decoder::Strip{.content = std::string(1, ' '), .start = 1, .stop = 0});
  }
  return out;
}

// The merge list of a model by scores.
StatusOr<BpeModel> ListModel(const TokenizerSpec& from, Draft* draft) {
  const auto& bpe = std::get<BpeModel>(from.model);
  TOKGRAFT_ASSIGN_OR_RETURN(const MergeOrder order, FindMergeOrder(from));
  BpeModel out;
  out.unk = bpe.unk;
  out.has_unk = bpe.unk.has_value();
  if (bpe.unk) out.unk_spelling = std::string(from.vocab.Get(*bpe.unk)->spelling);
  out.fuse_unk = true;
  out.byte_fallback = bpe.byte_fallback;
  bool plain = true;  // no piece that merges could meet, but those that they make
  for (std::size_t i = 0; i < from.vocab.size(); ++i) {
    plain = plain && from.vocab.entry(i).kind != PieceKind::kUnused;
  }
  draft->model_proved = plain && !order.has_ties && !order.lacks_characters;
  std::vector<TokenId> products;
  for (const LiveJoin& join : order.live) products.push_back(join.merge.product);
  if (draft->model_proved) {
    for (const LiveJoin& join : order.live) out.merges.push_back(join.merge);
  } else {
    out.merges = AllJoins(from, products);
    std::unordered_map<TokenId, std::size_t> places;
    for (const TokenId product : products) places.emplace(product, places.size());
    draft->suspects = SuspectTexts(
        from, order, [&](TokenId a, TokenId b) { return places[a] < places[b]; }, kSuspects);
  }
  return out;
}

void AddTokens(const TokenizerSpec& from, TokenizerSpec* to) {
  for (std::size_t i = 0; i < from.vocab.size(); ++i) {
    const Piece piece = from.vocab.entry(i);
    const bool special = piece.kind == PieceKind::kControl || piece.kind == PieceKind::kUnknown;
    if (!special && piece.kind != PieceKind::kUserDefined) continue;
    AddedToken token;
    token.id = piece.id;
    token.content = special ? std::string(piece.spelling) : std::string(piece.bytes);
    token.special = special;
    to->added_tokens.push_back(std::move(token));
  }
}

const normalizer::SentencePiece* NormalizerOf(const TokenizerSpec& spec) {
  return spec.normalizers.size() == 1 ? std::get_if<normalizer::SentencePiece>(&spec.normalizers[0])
                                      : nullptr;
}

}  // namespace

bool IsMetaspace(const TokenizerSpec& spec) {
  return spec.spelling == Spelling::kMetaspace &&
         !std::holds_alternative<WordPieceModel>(spec.model) &&
         !std::holds_alternative<UnknownStage>(spec.model);
}

StatusOr<Drafts> TokenizerJsonToSentencePiece(const TokenizerSpec& spec) {
  TOKGRAFT_ASSIGN_OR_RETURN(const ModelTraits traits, TraitsOf(spec));
  TOKGRAFT_RETURN_IF_ERROR(CheckAddedTokens(spec));
  Draft draft;
  draft.spec = Begin(spec, Format::kSentencePiece, Reference::kSentencePiece);
  draft.spec.normalizers = {StageReader(spec, &draft).Read()};
  TOKGRAFT_ASSIGN_OR_RETURN(const std::vector<double> scores, ScoresOf(spec, &draft));
  AddScoredPieces(spec, traits, scores, &draft);
  draft.spec.model = ScoreModel(spec, traits);
  draft.spec.decoders = {decoder::SentencePiece{}};
  draft.spec.roles.unk = traits.unk;
  TemplateToFlags(spec, &draft);
  return Drafts{std::move(draft)};
}

StatusOr<Drafts> SentencePieceToTokenizerJson(const TokenizerSpec& spec) {
  TOKGRAFT_ASSIGN_OR_RETURN(const ModelTraits traits, TraitsOf(spec));
  const normalizer::SentencePiece* normalizer = NormalizerOf(spec);
  if (normalizer == nullptr || normalizer->treat_whitespace_as_suffix ||
      !normalizer->escape_whitespaces) {
    return UnimplementedError(
        "normalizer_spec: \u2581 behind words, or spaces that stay spaces; tokenizer.json has no "
        "stage for it");
  }
  Draft draft;
  draft.spec = Begin(spec, Format::kTokenizerJson, Reference::kHuggingFace);
  draft.spec.vocab = spec.vocab;
  AddTokens(spec, &draft.spec);
  const bool is_bpe = std::holds_alternative<BpeModel>(spec.model);
  if (is_bpe) {
    TOKGRAFT_ASSIGN_OR_RETURN(BpeModel list, ListModel(spec, &draft));
    draft.spec.model = std::move(list);
  } else {
    draft.spec.model = UnigramModel{.unk = traits.unk, .byte_fallback = traits.byte_fallback};
  }
  draft.spec.decoders = DecodersOf(*normalizer);
  FlagsToTemplate(spec, &draft.spec);
  Drafts out;
  const bool has_symbols =
      std::any_of(draft.spec.added_tokens.begin(), draft.spec.added_tokens.end(),
                  [](const AddedToken& token) { return !token.special; });
  for (const bool by_pre_tokenizer : {!is_bpe || has_symbols, is_bpe && !has_symbols}) {
    out.push_back(draft);
    SetStages(*normalizer, by_pre_tokenizer, false, &out.back().spec);
  }
  return out;
}

StatusOr<Drafts> SentencePieceToGguf(const TokenizerSpec& spec) {
  const normalizer::SentencePiece* normalizer = NormalizerOf(spec);
  if (!std::holds_alternative<BpeModel>(spec.model) || normalizer == nullptr) {
    return UnimplementedError("model: GGUF's llama is a BPE by score, and nothing else");
  }
  Draft draft;
  draft.spec = Begin(spec, Format::kGguf, Reference::kLlamaCpp);
  draft.spec.vocab = spec.vocab;
  for (std::size_t i = 0; i < spec.vocab.size(); ++i) {
    const Piece piece = spec.vocab.entry(i);
    const bool special = piece.kind == PieceKind::kControl || piece.kind == PieceKind::kUnknown;
    if (!special && piece.kind != PieceKind::kUserDefined) continue;
    AddedToken token{.id = piece.id, .content = std::string(piece.spelling), .special = special};
    draft.spec.added_tokens.push_back(std::move(token));
  }
  if (!normalizer->charsmap.empty() || normalizer->remove_extra_whitespaces) {
    draft.losses.push_back("llama.cpp has no normalizer, and this tokenizer has one");
  }
  BpeModel bpe;
  bpe.order = BpeModel::Order::kScore;
  bpe.byte_fallback = true;
  draft.spec.model = std::move(bpe);
  TOKGRAFT_ASSIGN_OR_RETURN(const MergeOrder order, FindMergeOrder(spec));
  draft.model_proved = !order.lacks_characters && std::get<BpeModel>(spec.model).byte_fallback;
  normalizer::SentencePiece kept;
  kept.name = "llama.cpp";
  kept.add_dummy_prefix = normalizer->add_dummy_prefix;
  kept.remove_extra_whitespaces = false;
  draft.spec.normalizers = {kept};
  draft.spec.decoders = {
      decoder::LlamaCpp{.add_space_prefix = normalizer->add_dummy_prefix, .clean_spaces = false}};
  draft.spec.add_bos = spec.add_bos;
  draft.spec.add_eos = spec.add_eos;
  return Drafts{std::move(draft)};
}

StatusOr<Drafts> GgufToSentencePiece(const TokenizerSpec& spec) {
  const normalizer::SentencePiece* normalizer = NormalizerOf(spec);
  if (!std::holds_alternative<BpeModel>(spec.model) || normalizer == nullptr) {
    return UnimplementedError("model: is no llama vocabulary");
  }
  Draft draft;
  draft.spec = Begin(spec, Format::kSentencePiece, Reference::kSentencePiece);
  draft.spec.vocab = spec.vocab;
  std::optional<TokenId> unk;
  for (std::size_t i = 0; i < spec.vocab.size(); ++i) {
    const Piece piece = spec.vocab.entry(i);
    if (piece.kind == PieceKind::kUnknown) unk = piece.id;
  }
  draft.spec.model = ScoreModel(spec, {.unk = unk, .byte_fallback = true});
  draft.spec.roles.unk = unk;
  TOKGRAFT_ASSIGN_OR_RETURN(const MergeOrder order, FindMergeOrder(draft.spec));
  draft.model_proved = !order.lacks_characters;
  normalizer::SentencePiece kept = *normalizer;
  kept.name = "identity";
  draft.spec.normalizers = {std::move(kept)};
  draft.spec.decoders = {decoder::SentencePiece{}};
  draft.spec.add_bos = spec.add_bos;
  draft.spec.add_eos = spec.add_eos;
  return Drafts{std::move(draft)};
}

}  // namespace tokgraft
