// Byte-level BPE from format to format.
#include <algorithm>
#include <array>
#include <bitset>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "tokenizer/base/json_write.h"
#include "tokenizer/convert/draft.h"
#include "tokenizer/convert/merge_order.h"
#include "tokenizer/formats/gguf_names.h"
#include "tokenizer/formats/tiktoken_patterns.h"
#include "tokenizer/text/byte_alphabet.h"

namespace tokgraft {
namespace {

// A splitter that several formats know: Hugging Face by a regex (none: that of ByteLevel itself,
// single digits before it or not), tiktoken by a name, llama.cpp by a name.
struct KnownSplitter {
  std::string_view regex;
  bool single_digits = false;
  std::string_view tiktoken;
  std::string_view llama_cpp;
};

constexpr std::string_view kCl100kRegex =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*)"
    R"(|\s*[\r\n]+|\s+(?!\S)|\s+)";

constexpr std::size_t kSuspects = 100000;

std::vector<KnownSplitter> KnownSplitters() {
  return {{.regex = "", .single_digits = false, .tiktoken = "r50k", .llama_cpp = "gpt-2"},
          {.regex = "", .single_digits = true, .tiktoken = "", .llama_cpp = "smollm"},
          {.regex = kCl100kRegex,
           .single_digits = false,
           .tiktoken = "cl100k",
           .llama_cpp = "llama-bpe"},
          {.regex = FindTiktokenPattern("qwen")->regex,
           .single_digits = false,
           .tiktoken = "qwen",
           .llama_cpp = "qwen2"},
          {.regex = FindTiktokenPattern("o200k")->regex,
           .single_digits = false,
           .tiktoken = "o200k",
           .llama_cpp = "gpt-4o"},
          {.regex = kTekkenRegex, .single_digits = false, .tiktoken = "", .llama_cpp = "tekken"}};
}

// ---- Splitters
// -----------------------------------------------------------------------------------

// What the pre-tokenizers of a tokenizer.json amount to.
struct Splitting {
  std::optional<KnownSplitter> known;
  std::string regex;  // of a lone Split
};

bool IsPlainByteLevel(const PreTokenizer& stage, bool use_regex) {
  const auto* byte_level = std::get_if<pre_tokenizer::ByteLevel>(&stage);
  return byte_level != nullptr && !byte_level->add_prefix_space &&
         byte_level->use_regex == use_regex;
}

// Is it a regex whose matches are the pre-tokens?
const std::string* RegexOf(const PreTokenizer& stage) {
  const auto* split = std::get_if<pre_tokenizer::Split>(&stage);
  if (split == nullptr || !split->pattern.is_regex) return nullptr;
  const bool isolates =
      split->behavior == pre_tokenizer::SplitBehavior::kIsolated && !split->invert;
  const bool keeps = split->behavior == pre_tokenizer::SplitBehavior::kRemoved && split->invert;
  return isolates || keeps ? &split->pattern.text : nullptr;
}

StatusOr<Splitting> SplittingOf(const TokenizerSpec& spec) {
  const std::vector<PreTokenizer>& stages = spec.pre_tokenizers;
  Splitting out;
  const auto find = [&](std::string_view regex, bool single_digits) {
    for (const KnownSplitter& known : KnownSplitters()) {
      if (known.regex == regex && known.single_digits == single_digits) out.known = known;
    }
  };
  if (stages.size() == 1 && IsPlainByteLevel(stages[0], true)) {
    find("", false);
    return out;
  }
  if (stages.size() == 2) {
    const auto* digits = std::get_if<pre_tokenizer::Digits>(&stages[0]);
    if (digits != nullptr && digits->individual_digits && IsPlainByteLevel(stages[1], true)) {
      find("", true);
      return out;
    }
    const std::string* regex = RegexOf(stages[0]);
    if (regex != nullptr && IsPlainByteLevel(stages[1], false)) {
      out.regex = *regex;
      find(out.regex, false);
      return out;
    }
  }
  return UnimplementedError(
      "pre_tokenizer: is no single regex before ByteLevel, and other formats have no words for it");
}

std::vector<PreTokenizer> StagesOf(const KnownSplitter& known) {
  std::vector<PreTokenizer> stages;
  if (known.single_digits) stages.emplace_back(pre_tokenizer::Digits{.individual_digits = true});
  if (!known.regex.empty()) {
    pre_tokenizer::Split split;
    split.pattern = {.text = std::string(known.regex), .is_regex = true};
    stages.emplace_back(std::move(split));
  }
  stages.emplace_back(pre_tokenizer::ByteLevel{
      .add_prefix_space = false, .trim_offsets = true, .use_regex = known.regex.empty()});
  return stages;
}

std::vector<PreTokenizer> RegexStages(std::string regex, bool published) {
  pre_tokenizer::Split split;
  split.pattern = {.text = std::move(regex), .is_regex = true};
  if (!published) {
    split.behavior = pre_tokenizer::SplitBehavior::kRemoved;
    split.invert = true;
  }
  return {std::move(split),
          pre_tokenizer::ByteLevel{
              .add_prefix_space = false, .trim_offsets = false, .use_regex = false}};
}

// ---- Parts of drafts
// -----------------------------------------------------------------------------

// A spec of another format with what every format carries.
TokenizerSpec Begin(const TokenizerSpec& from, Format format, Reference reference,
                    Spelling spelling) {
  TokenizerSpec to;
  to.source = from.source;
  to.format = format;
  to.reference = reference;
  to.spelling = spelling;
  to.roles = from.roles;
  to.companions = from.companions;
  CarryChatTemplate(from, &to);
  return to;
}

void TellLosses(const TokenizerSpec& from, std::string_view target, Draft* draft) {
  if (!from.normalizers.empty()) {
    draft->losses.push_back(Cat(target, " has no normalizer, and this tokenizer has one"));
  }
  if (from.rest.contains("truncation") && from.rest.at("truncation") != "null") {
    draft->notes.push_back(Cat("truncation is left out, ", target, " has none"));
  }
}

Status CheckAddedTokens(const TokenizerSpec& from, std::string_view target) {
  for (const AddedToken& token : from.added_tokens) {
    if (!token.lstrip && !token.rstrip && !token.single_word) continue;
    return UnimplementedError(Cat("added_tokens: \"", token.content,
                                  "\" takes spaces along or stands as a whole word only, and ",
                                  target, " has no such tokens"));
  }
  return absl::OkStatus();
}

// The pieces as bytes; added tokens stand apart.
Status RawPieces(const TokenizerSpec& from, Vocab* vocab) {
  std::unordered_set<TokenId> added;
  for (const AddedToken& token : from.added_tokens) added.insert(token.id);
  std::bitset<256> bytes_found;
  for (std::size_t i = 0; i < from.vocab.size(); ++i) {
    const Piece piece = from.vocab.entry(i);
    if (added.contains(piece.id)) continue;
    const std::optional<std::string> bytes = Unspell(Spelling::kByteLevel, piece.spelling);
    if (!bytes || bytes->empty()) {
      return UnimplementedError(Cat("model.vocab: \"", piece.spelling,
                                    "\" is not spelled in the alphabet of bytes, and ranks are "
                                    "bytes"));
    }
    vocab->Add({.id = piece.id, .bytes = *bytes, .spelling = *bytes});
    if (bytes->size() == 1) bytes_found.set(static_cast<unsigned char>((*bytes)[0]));
  }
  if (bytes_found.all()) return absl::OkStatus();
  return UnimplementedError(Cat("model.vocab: ", 256 - bytes_found.count(),
                                " of the 256 bytes have no piece, and ranks must have them all"));
}

// Turns the merge list into ranks, which are the ids: is that the same?
Status JudgeRanks(const TokenizerSpec& from, Draft* draft) {
  TOKGRAFT_ASSIGN_OR_RETURN(const MergeOrder order, FindMergeOrder(from));
  const auto& bpe = std::get<BpeModel>(from.model);
  const bool sorted = std::is_sorted(
      order.live.begin(), order.live.end(),
      [](const LiveJoin& a, const LiveJoin& b) { return a.merge.product < b.merge.product; });
  draft->model_proved = sorted && order.stuck.empty() && !order.lacks_characters && !bpe.fuse_unk &&
                        (order.dead.empty() || bpe.ignore_merges);
  if (!sorted) {
    draft->suspects = SuspectTexts(
        from, order, [](TokenId a, TokenId b) { return a < b; }, kSuspects);
  }
  return absl::OkStatus();
}

BpeModel RankModel() {
  BpeModel model;
  model.order = BpeModel::Order::kRank;
  model.ignore_merges = true;
  return model;
}

StatusOr<const BpeModel*> MergeListOf(const TokenizerSpec& from) {
  const auto* bpe = std::get_if<BpeModel>(&from.model);
  if (bpe == nullptr || bpe->order != BpeModel::Order::kMergeList || !bpe->broken_merges.empty()) {
    return UnimplementedError("model: is no BPE with a whole merge list");
  }
  return bpe;
}

// The merges without those that another of the same pair overrides.
std::vector<Merge> WithoutDuplicates(const std::vector<Merge>& merges, bool last_wins) {
  const auto key = [](const Merge& merge) {
    return (std::uint64_t{merge.left} << 32) | merge.right;
  };
  std::vector<Merge> out;
  std::unordered_set<std::uint64_t> seen;
  seen.reserve(merges.size());
  if (last_wins) {
    for (auto merge = merges.rbegin(); merge != merges.rend(); ++merge) {
      if (seen.insert(key(*merge)).second) out.push_back(*merge);
    }
    std::reverse(out.begin(), out.end());
    return out;
  }
  for (const Merge& merge : merges) {
    if (seen.insert(key(merge)).second) out.push_back(merge);
  }
  return out;
}

// The regexes to try for tiktoken and tekken: the published one, then the source's own.
std::vector<std::pair<std::string, const TiktokenPattern*>> RegexesOf(const Splitting& splitting) {
  std::vector<std::pair<std::string, const TiktokenPattern*>> out;
  if (splitting.known && !splitting.known->tiktoken.empty()) {
    const TiktokenPattern* pattern = FindTiktokenPattern(splitting.known->tiktoken);
    out.emplace_back(pattern->regex, pattern);
  }
  if (!splitting.regex.empty() && (out.empty() || out[0].first != splitting.regex)) {
    out.emplace_back(splitting.regex, nullptr);
  }
  return out;
}

}  // namespace

bool IsByteLevel(const TokenizerSpec& spec) {
  return std::holds_alternative<BpeModel>(spec.model) &&
         (spec.spelling == Spelling::kByteLevel || spec.spelling == Spelling::kRaw);
}

StatusOr<Drafts> TiktokenToTokenizerJson(const TokenizerSpec& spec) {
  Draft draft;
  draft.spec = Begin(spec, Format::kTokenizerJson, Reference::kHuggingFace, Spelling::kByteLevel);
  draft.spec.added_tokens = spec.added_tokens;
  for (std::size_t i = 0; i < spec.vocab.size(); ++i) {
    const Piece piece = spec.vocab.entry(i);
    if (piece.kind == PieceKind::kNormal) {
      draft.spec.vocab.Add(
          {.id = piece.id, .bytes = piece.bytes, .spelling = ToByteAlphabet(piece.bytes)});
      continue;
    }
    AddedToken token;  // tekken's special tokens
    token.id = piece.id;
    token.content = piece.bytes;
    token.special = true;
    draft.spec.added_tokens.push_back(std::move(token));
  }
  TOKGRAFT_ASSIGN_OR_RETURN(const MergeOrder order, FindMergeOrder(spec));
  BpeModel model;
  model.ignore_merges = !order.dead.empty() || !order.stuck.empty();
  draft.model_proved = !order.has_ties && !order.lacks_characters;
  for (const LiveJoin& join : order.live) model.merges.push_back(join.merge);
  draft.spec.model = std::move(model);
  draft.spec.decoders = {decoder::ByteLevel{}};
  FlagsToTemplate(spec, &draft.spec);
  if (spec.pre_tokenizers.empty() || RegexOf(spec.pre_tokenizers[0]) == nullptr) {
    return UnimplementedError("the splitter is no regex");
  }
  const std::string regex = *RegexOf(spec.pre_tokenizers[0]);
  Drafts out;
  const TiktokenPattern* published = FindTiktokenPatternByRegex(regex);
  for (const KnownSplitter& known : KnownSplitters()) {
    const TiktokenPattern* same =
        known.tiktoken.empty() ? nullptr : FindTiktokenPattern(known.tiktoken);
    if (known.regex != regex && (same == nullptr || same->regex != regex)) continue;
    draft.spec.pre_tokenizers = StagesOf(known);
    out.push_back(draft);
  }
  draft.spec.pre_tokenizers = RegexStages(regex, published != nullptr || regex == kTekkenRegex);
  if (out.empty()) out.push_back(std::move(draft));
  return out;
}

StatusOr<Drafts> GgufToTokenizerJson(const TokenizerSpec& spec) {
  TOKGRAFT_ASSIGN_OR_RETURN(const BpeModel* bpe, MergeListOf(spec));
  Draft draft;
  draft.spec = Begin(spec, Format::kTokenizerJson, Reference::kHuggingFace, Spelling::kByteLevel);
  draft.spec.vocab = spec.vocab;
  draft.spec.added_tokens = spec.added_tokens;
  BpeModel model = *bpe;
  model.merges = WithoutDuplicates(bpe->merges, false);
  model.merges_as_pairs = true;
  draft.spec.model = std::move(model);
  draft.model_proved = true;
  draft.spec.decoders = {decoder::ByteLevel{}};
  FlagsToTemplate(spec, &draft.spec);
  const auto* pre = spec.pre_tokenizers.empty()
                        ? nullptr
                        : std::get_if<pre_tokenizer::LlamaCpp>(&spec.pre_tokenizers[0]);
  for (const KnownSplitter& known : KnownSplitters()) {
    if (pre == nullptr || known.llama_cpp != pre->name) continue;
    draft.spec.pre_tokenizers = StagesOf(known);
    return Drafts{std::move(draft)};
  }
  return UnimplementedError(Cat("tokenizer.ggml.pre: \"", pre == nullptr ? "" : pre->name,
                                "\" has no known regex in Hugging Face's dialect"));
}

StatusOr<Drafts> TokenizerJsonToTiktoken(const TokenizerSpec& spec) {
  TOKGRAFT_RETURN_IF_ERROR(MergeListOf(spec).status());
  TOKGRAFT_RETURN_IF_ERROR(CheckAddedTokens(spec, "tiktoken"));
  TOKGRAFT_ASSIGN_OR_RETURN(const Splitting splitting, SplittingOf(spec));
  Draft draft;
  TellLosses(spec, "tiktoken", &draft);
  draft.spec = Begin(spec, Format::kTiktoken, Reference::kTiktoken, Spelling::kRaw);
  TOKGRAFT_RETURN_IF_ERROR(RawPieces(spec, &draft.spec.vocab));
  for (const AddedToken& token : spec.added_tokens) {
    draft.spec.added_tokens.push_back({.id = token.id, .content = token.content, .special = true});
    if (!token.special) {
      draft.notes.push_back(Cat("\"", token.content, "\" is no special token, in tiktoken it is"));
    }
  }
  TemplateToFlags(spec, &draft);
  if (draft.spec.add_bos || draft.spec.add_eos) {
    draft.notes.push_back("tiktoken adds no special tokens by itself: the template is left out");
  }
  draft.spec.model = RankModel();
  TOKGRAFT_RETURN_IF_ERROR(JudgeRanks(spec, &draft));
  draft.spec.decoders = {decoder::RawBytes{}};
  Drafts out;
  for (const auto& [regex, pattern] : RegexesOf(splitting)) {
    out.push_back(draft);
    out.back().spec.pre_tokenizers = RegexStages(regex, pattern != nullptr);
    if (pattern != nullptr) out.back().spec.rest["pattern"] = Quoted(pattern->name);
  }
  if (!out.empty()) return out;
  return UnimplementedError("pre_tokenizer: has no known regex in tiktoken's dialect");
}

StatusOr<Drafts> TokenizerJsonToTekken(const TokenizerSpec& spec) {
  TOKGRAFT_ASSIGN_OR_RETURN(Drafts drafts, TokenizerJsonToTiktoken(spec));
  for (Draft& draft : drafts) {
    TokenizerSpec& to = draft.spec;
    to.format = Format::kTekken;
    to.reference = Reference::kTekken;
    to.rest.erase("pattern");
    Vocab vocab;
    for (const AddedToken& token : to.added_tokens) {
      vocab.Add({.id = token.id,
                 .bytes = token.content,
                 .spelling = token.content,
                 .kind = PieceKind::kControl});
    }
    for (std::size_t i = 0; i < to.vocab.size(); ++i) vocab.Add(to.vocab.entry(i));
    to.vocab = std::move(vocab);
    to.added_tokens.clear();
  }
  return drafts;
}

namespace {

bool IsGgufEndName(std::string_view spelling) {
  const auto names = GgufEndNames();
  return std::find(names.begin(), names.end(), spelling) != names.end();
}

}  // namespace

StatusOr<Drafts> TokenizerJsonToGguf(const TokenizerSpec& spec) {
  TOKGRAFT_ASSIGN_OR_RETURN(const BpeModel* bpe, MergeListOf(spec));
  TOKGRAFT_RETURN_IF_ERROR(CheckAddedTokens(spec, "GGUF"));
  TOKGRAFT_ASSIGN_OR_RETURN(const Splitting splitting, SplittingOf(spec));
  Draft draft;
  TellLosses(spec, "llama.cpp", &draft);
  draft.spec = Begin(spec, Format::kGguf, Reference::kLlamaCpp, Spelling::kByteLevel);
  std::unordered_map<TokenId, const AddedToken*> added;
  for (const AddedToken& token : spec.added_tokens) added[token.id] = &token;
  std::size_t holes = 0;
  for (TokenId id = 0; id < spec.id_limit(); ++id) {
    const std::optional<Piece> piece = spec.vocab.Get(id);
    const auto special = added.find(id);
    if (special != added.end()) {
      const AddedToken& token = *special->second;
      const auto kind = token.special ? PieceKind::kControl : PieceKind::kUserDefined;
      draft.spec.vocab.Add(
          {.id = id, .bytes = token.content, .spelling = token.content, .kind = kind});
      AddedToken kept{.id = id, .content = token.content, .special = token.special};
      draft.spec.added_tokens.push_back(std::move(kept));
    } else if (piece && IsGgufEndName(piece->spelling)) {
      draft.spec.vocab.Add({.id = id,
                            .bytes = piece->spelling,
                            .spelling = piece->spelling,
                            .kind = PieceKind::kControl});
      draft.spec.added_tokens.push_back(
          {.id = id, .content = std::string(piece->spelling), .special = true});
      draft.losses.push_back(Cat("llama.cpp takes the piece \"", piece->spelling,
                                 "\" for a token that ends text, by its name"));
      draft.suspects.emplace_back(piece->spelling);
    } else if (piece) {
      draft.spec.vocab.Add({.id = id, .bytes = piece->bytes, .spelling = piece->spelling});
    } else {
      const std::string filler = Cat("[PAD", id, "]");
      draft.spec.vocab.Add(
          {.id = id, .bytes = filler, .spelling = filler, .kind = PieceKind::kUnused});
      ++holes;
    }
  }
  if (holes != 0)
    draft.notes.push_back(Cat(holes, " ids without a piece are filled with [PAD...]"));
  TemplateToFlags(spec, &draft);
  if (!splitting.known || FindGgufPre(splitting.known->llama_cpp) == nullptr) {
    return UnimplementedError(
        "pre_tokenizer: llama.cpp has no name for this splitter that we know");
  }
  const GgufPre& pre = *FindGgufPre(splitting.known->llama_cpp);
  BpeModel model;
  model.merges = WithoutDuplicates(bpe->merges, true);
  model.merges_as_pairs = false;
  model.ignore_merges = pre.ignore_merges;
  TOKGRAFT_ASSIGN_OR_RETURN(const MergeOrder order, FindMergeOrder(spec));
  draft.model_proved = !order.lacks_characters && (pre.ignore_merges == bpe->ignore_merges ||
                                                   (order.dead.empty() && order.stuck.empty()));
  draft.spec.model = std::move(model);
  draft.spec.pre_tokenizers = {
      pre_tokenizer::LlamaCpp{std::string(pre.name)},
      pre_tokenizer::ByteLevel{
          .add_prefix_space = false, .trim_offsets = false, .use_regex = false}};
  draft.spec.decoders = {
      decoder::LlamaCpp{.add_space_prefix = false, .clean_spaces = pre.clean_spaces}};
  if (pre.clean_spaces) {
    draft.notes.push_back("llama.cpp drops spaces before punctuation when it decodes");
  }
  return Drafts{std::move(draft)};
}

}  // namespace tokgraft
