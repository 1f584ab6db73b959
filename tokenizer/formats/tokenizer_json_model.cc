// The "model" of tokenizer.json: vocabulary and merges, straight from the parsed document.
//
// A merge is resolved to ids at once: both parts and their concatenation are looked up in one hash
// table of the spellings. What does not resolve is kept as a BrokenMerge.
#include <algorithm>
#include <cstring>
#include <utility>

#include "tokenizer/base/parallel.h"
#include "tokenizer/formats/json_fields.h"
#include "tokenizer/formats/tokenizer_json_parts.h"

namespace tokgraft {
namespace {

std::uint32_t HashOf(std::string_view text) {
  // Eight bytes a step; the multiplier is an odd number with well-mixed bits.
  constexpr std::uint64_t kMultiplier = 0x9E3779B97F4A7C15;
  std::uint64_t hash = text.size() * kMultiplier;
  const char* at = text.data();
  std::size_t left = text.size();
  const auto mix = [&](std::uint64_t word) {
    hash = (hash ^ word) * kMultiplier;
    hash ^= hash >> 29;
  };
  for (; left >= 8; at += 8, left -= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, 8);
    mix(word);
  }
  std::uint64_t word = 0;
  std::memcpy(&word, at, left);
  mix(word);
  return static_cast<std::uint32_t>(hash ^ (hash >> 32));
}

// Pieces of an object {"spelling": id}. Of a spelling given twice the last counts.
Status ReadVocabObject(const JsonValue& value, RawModel* out, std::vector<LoadNote>* notes) {
  TOKGRAFT_ASSIGN_OR_RETURN(const std::size_t size, value.Size());
  out->pieces.reserve(size);
  out->ids = SpellingTable(size);
  bool in_order = true;
  bool repeated = false;
  TOKGRAFT_RETURN_IF_ERROR(
      value.ForEachMember([&](std::string_view spelling, JsonValue element) -> Status {
        TOKGRAFT_ASSIGN_OR_RETURN(const TokenId id, ReadId(element));
        const bool is_new = out->ids.Insert(spelling, id);
        if (!is_new) {
          repeated = true;
          notes->push_back(
              {.kind = LoadNote::Kind::kRepeated,
               .place = Cat("model.vocab[\"", spelling, "\"]"),
               .message = Cat("the piece \"", spelling, "\" is given twice, the last counts"),
               .declared = std::nullopt,
               .actual = id});
        }
        in_order = in_order && (out->pieces.empty() || out->pieces.back().id < id);
        out->pieces.push_back({.spelling = spelling, .id = id, .score = 0});
        return absl::OkStatus();
      }));
  if (repeated) {
    // Only the last of each spelling stays; it may come more than once with one id.
    SpellingTable seen(out->pieces.size());
    std::vector<RawPiece> last;
    for (auto piece = out->pieces.rbegin(); piece != out->pieces.rend(); ++piece) {
      if (seen.Insert(piece->spelling, 0)) last.push_back(*piece);
    }
    out->pieces.assign(last.rbegin(), last.rend());
  }
  if (!in_order) {
    std::stable_sort(out->pieces.begin(), out->pieces.end(),
                     [](const RawPiece& a, const RawPiece& b) { return a.id < b.id; });
  }
  out->reference_size = out->pieces.size();
  return absl::OkStatus();
}

// Pieces of a list [["spelling", score], ...]; the place is the id.
Status ReadVocabList(const JsonValue& value, RawModel* out, std::vector<LoadNote>* notes) {
  TOKGRAFT_ASSIGN_OR_RETURN(const std::size_t size, value.Size());
  out->pieces.reserve(size);
  out->ids = SpellingTable(size);
  TOKGRAFT_RETURN_IF_ERROR(value.ForEachElement([&](std::size_t index, JsonValue pair) -> Status {
    RawPiece piece{.spelling = {}, .id = static_cast<TokenId>(index), .score = 0};
    std::size_t elements = 0;
    TOKGRAFT_RETURN_IF_ERROR(pair.ForEachElement([&](std::size_t at, JsonValue element) -> Status {
      elements = at + 1;
      if (at == 0) {
        TOKGRAFT_ASSIGN_OR_RETURN(piece.spelling, element.String());
      } else if (at == 1) {
        TOKGRAFT_ASSIGN_OR_RETURN(piece.score, element.Double());
      }
      return absl::OkStatus();
    }));
    if (elements != 2) {
      return pair.Error(Cat("has ", elements, " elements, a piece and its score were expected"));
    }
    if (!out->ids.Insert(piece.spelling, piece.id)) {
      notes->push_back(
          {.kind = LoadNote::Kind::kRepeated,
           .place = Cat("model.vocab[", index, "]"),
           .message = Cat("the piece \"", piece.spelling, "\" is given twice, the last counts"),
           .declared = std::nullopt,
           .actual = piece.id});
    }
    out->pieces.push_back(piece);
    return absl::OkStatus();
  }));
  out->reference_size = out->pieces.size();
  return absl::OkStatus();
}

// A merge as the file spells it.
struct RawMerge {
  std::string_view left;
  std::string_view right;
};

// Finds the products of merges that come in their order, as they do where both are sorted: the
// piece is the one of the merge before, or the next. Else by the table.
class ProductFinder {
 public:
  explicit ProductFinder(const RawModel& model) : model_(model) {}
  std::optional<TokenId> Find(std::string_view spelling) {
    const std::vector<RawPiece>& pieces = model_.pieces;
    for (std::size_t at = last_; at < std::min(last_ + 2, pieces.size()); ++at) {
      if (pieces[at].spelling != spelling) continue;
      last_ = at;
      return pieces[at].id;
    }
    const std::optional<TokenId> id = model_.ids.Find(spelling);
    if (id && *id < pieces.size() && pieces[*id].id == *id) last_ = *id;
    return id;
  }

 private:
  const RawModel& model_;
  std::size_t last_ = 0;
};

// Turns merges into ids, or broken ones.
void ResolveMerges(const std::vector<RawMerge>& raw, const RawModel& model, BpeModel* bpe) {
  constexpr std::size_t kMergesAtOnce = 16384;
  enum : std::uint8_t { kWhole, kNoLeft, kNoRight, kNoProduct };
  const std::size_t prefix_size = bpe->continuing_subword_prefix.value_or("").size();
  // The reference cuts as many bytes off the right part as the prefix has, whatever they are.
  const auto join = [&](const RawMerge& merge, std::string* out) {
    out->assign(merge.left).append(merge.right.substr(std::min(prefix_size, merge.right.size())));
  };
  std::vector<Merge> merges(raw.size());
  std::vector<std::uint8_t> states(raw.size(), kWhole);
  ParallelFor(raw.size(), kMergesAtOnce, 0, [&](std::size_t begin, std::size_t end) {
    ProductFinder products(model);
    std::string joined;
    for (std::size_t i = begin; i < end; ++i) {
      join(raw[i], &joined);
      const std::optional<TokenId> left = model.ids.Find(raw[i].left);
      const std::optional<TokenId> right = model.ids.Find(raw[i].right);
      const std::optional<TokenId> product = products.Find(joined);
      if (!left) {
        states[i] = kNoLeft;
      } else if (!right) {
        states[i] = kNoRight;
      } else if (!product || raw[i].right.size() < prefix_size) {
        states[i] = kNoProduct;
      } else {
        merges[i] = {.left = *left, .right = *right, .product = *product};
      }
    }
  });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < merges.size(); ++i) {
    if (states[i] == kWhole) {
      merges[kept++] = merges[i];
      continue;
    }
    std::string missing(states[i] == kNoLeft ? raw[i].left : raw[i].right);
    if (states[i] == kNoProduct) join(raw[i], &missing);
    bpe->broken_merges.push_back({.index = i,
                                  .left = std::string(raw[i].left),
                                  .right = std::string(raw[i].right),
                                  .missing = std::move(missing)});
  }
  merges.resize(kept);
  bpe->merges = std::move(merges);
}

Status ReadMergeText(const JsonValue& element, std::vector<RawMerge>* out) {
  TOKGRAFT_ASSIGN_OR_RETURN(const std::string_view text, element.String());
  if (text.substr(0, 8) == "#version") return absl::OkStatus();  // a header line of merges.txt
  const std::size_t space = text.find(' ');
  if (space == text.npos || text.find(' ', space + 1) != text.npos) {
    return element.Error(Cat("is \"", text,
                             "\", two pieces with one space between them were "
                             "expected; write the merge as a pair"));
  }
  out->push_back({text.substr(0, space), text.substr(space + 1)});
  return absl::OkStatus();
}

Status ReadMergePair(const JsonValue& element, std::vector<RawMerge>* out) {
  std::string_view parts[2];
  std::size_t count = 0;
  TOKGRAFT_RETURN_IF_ERROR(element.ForEachElement([&](std::size_t at, JsonValue part) -> Status {
    count = at + 1;
    if (at < 2) {
      TOKGRAFT_ASSIGN_OR_RETURN(parts[at], part.String());
    }
    return absl::OkStatus();
  }));
  if (count != 2) return element.Error(Cat("has ", count, " elements, two pieces were expected"));
  out->push_back({parts[0], parts[1]});
  return absl::OkStatus();
}

// Strings "a b" or pairs ["a", "b"], all of one sort.
Status ReadMerges(const JsonValue& value, const RawModel& raw, BpeModel* bpe) {
  TOKGRAFT_ASSIGN_OR_RETURN(const std::size_t size, value.Size());
  std::vector<RawMerge> merges;
  merges.reserve(size);
  TOKGRAFT_RETURN_IF_ERROR(
      value.ForEachElement([&](std::size_t index, JsonValue element) -> Status {
        const bool is_text = element.type() == JsonType::kString;
        if (index == 0) bpe->merges_as_pairs = !is_text;
        if (is_text == bpe->merges_as_pairs) {
          return element.Error(is_text ? "is a string, a pair was expected as before"
                                       : "is no string, a string was expected as before");
        }
        return is_text ? ReadMergeText(element, &merges) : ReadMergePair(element, &merges);
      }));
  ResolveMerges(merges, raw, bpe);
  return absl::OkStatus();
}

Status ReadBpe(JsonFields* fields, RawModel* out, std::vector<LoadNote>* notes) {
  BpeModel bpe;
  const std::optional<JsonValue> dropout = fields->Take("dropout");
  if (dropout && !dropout->is_null()) {
    TOKGRAFT_ASSIGN_OR_RETURN(bpe.dropout, dropout->Double());
    if (!(*bpe.dropout >= 0 && *bpe.dropout <= 1)) {
      return dropout->Error(Cat("is ", *bpe.dropout, ", a number from 0 to 1 was expected"));
    }
  }
  const std::optional<std::string> unk = fields->MaybeString("unk_token");
  bpe.has_unk = unk.has_value();
  bpe.unk_spelling = unk.value_or("");
  bpe.continuing_subword_prefix = fields->MaybeString("continuing_subword_prefix");
  bpe.end_of_word_suffix = fields->MaybeString("end_of_word_suffix");
  bpe.fuse_unk = fields->MaybeBool("fuse_unk").value_or(false);
  bpe.byte_fallback = fields->MaybeBool("byte_fallback").value_or(false);
  bpe.ignore_merges = fields->MaybeBool("ignore_merges").value_or(false);
  const std::optional<JsonValue> vocab = fields->Require("vocab");
  const std::optional<JsonValue> merges = fields->Require("merges");
  TOKGRAFT_RETURN_IF_ERROR(fields->status());
  TOKGRAFT_RETURN_IF_ERROR(ReadVocabObject(*vocab, out, notes));
  TOKGRAFT_RETURN_IF_ERROR(ReadMerges(*merges, *out, &bpe));
  if (bpe.has_unk) bpe.unk = out->ids.Find(bpe.unk_spelling);
  out->model = std::move(bpe);
  return absl::OkStatus();
}

Status ReadUnigram(JsonFields* fields, RawModel* out, std::vector<LoadNote>* notes) {
  UnigramModel unigram;
  unigram.byte_fallback = fields->BoolOr("byte_fallback", false);
  const std::optional<JsonValue> vocab = fields->Require("vocab");
  const std::optional<JsonValue> unk = fields->Take("unk_id");
  TOKGRAFT_RETURN_IF_ERROR(fields->status());
  TOKGRAFT_RETURN_IF_ERROR(ReadVocabList(*vocab, out, notes));
  if (unk && !unk->is_null()) {
    TOKGRAFT_ASSIGN_OR_RETURN(const std::uint64_t id, unk->Uint());
    if (id >= out->pieces.size()) {
      return unk->Error(Cat("is ", id, ", an id below the ", out->pieces.size(),
                            " pieces of the vocabulary was expected"));
    }
    unigram.unk = static_cast<TokenId>(id);
  }
  out->model = unigram;
  return absl::OkStatus();
}

Status ReadWordPiece(JsonFields* fields, RawModel* out, std::vector<LoadNote>* notes) {
  WordPieceModel wordpiece;
  wordpiece.unk_spelling = fields->String("unk_token");
  wordpiece.continuing_subword_prefix = fields->String("continuing_subword_prefix");
  wordpiece.max_input_chars_per_word = fields->Uint("max_input_chars_per_word");
  const std::optional<JsonValue> vocab = fields->Require("vocab");
  TOKGRAFT_RETURN_IF_ERROR(fields->status());
  TOKGRAFT_RETURN_IF_ERROR(ReadVocabObject(*vocab, out, notes));
  out->model = std::move(wordpiece);
  return absl::OkStatus();
}

// Kept as it stands; its pieces are read all the same, since added tokens are numbered after them.
Status ReadOtherModel(std::string_view type, JsonFields* fields, RawModel* out,
                      std::vector<LoadNote>* notes) {
  const std::optional<JsonValue> vocab = fields->Take("vocab");
  if (vocab && vocab->type() == JsonType::kObject) {
    TOKGRAFT_RETURN_IF_ERROR(ReadVocabObject(*vocab, out, notes));
  }
  out->model = UnknownStage{.type = std::string(type), .json = fields->object().Minified()};
  return absl::OkStatus();
}

// What the reference takes a model without "type" for: the first kind whose fields are all there.
std::string_view GuessModel(const JsonFields& fields) {
  if (fields.Has("vocab") && fields.Has("merges")) return "BPE";
  if (fields.Has("unk_token") && fields.Has("continuing_subword_prefix") &&
      fields.Has("max_input_chars_per_word") && fields.Has("vocab")) {
    return "WordPiece";
  }
  if (fields.Has("unk_token") && fields.Has("vocab")) return "WordLevel";
  return fields.Has("vocab") ? "Unigram" : "";
}

}  // namespace

SpellingTable::SpellingTable(std::size_t capacity) {
  std::size_t size = 64;
  while (size < capacity * 2) size *= 2;
  slots_.resize(size);
  entries_.reserve(capacity);
}

std::size_t SpellingTable::Locate(std::uint32_t hash, std::string_view spelling) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  while (slots_[at].entry != 0 &&
         (slots_[at].hash != hash || entries_[slots_[at].entry - 1].key != spelling)) {
    at = (at + 1) & mask;
  }
  return at;
}

bool SpellingTable::Insert(std::string_view spelling, std::uint32_t value) {
  const std::uint32_t hash = HashOf(spelling);
  Slot& slot = slots_[Locate(hash, spelling)];
  if (slot.entry != 0) {
    entries_[slot.entry - 1].value = value;
    return false;
  }
  entries_.push_back({.key = spelling, .value = value});
  slot = {.hash = hash, .entry = static_cast<std::uint32_t>(entries_.size())};
  return true;
}

std::optional<std::uint32_t> SpellingTable::Find(std::string_view spelling) const {
  const Slot& slot = slots_[Locate(HashOf(spelling), spelling)];
  if (slot.entry == 0) return std::nullopt;
  return entries_[slot.entry - 1].value;
}

StatusOr<RawModel> ReadModel(const JsonValue& value, std::vector<LoadNote>* notes) {
  RawModel out;
  JsonFields fields(value);
  TOKGRAFT_RETURN_IF_ERROR(fields.status());
  const std::string type =
      fields.Has("type") ? fields.String("type") : std::string(GuessModel(fields));
  TOKGRAFT_RETURN_IF_ERROR(fields.status());
  if (type.empty()) {
    return value.Error(
        "\"type\" is missing, and so is \"vocab\"; BPE, Unigram or WordPiece was expected");
  }
  if (type == "BPE") {
    TOKGRAFT_RETURN_IF_ERROR(ReadBpe(&fields, &out, notes));
  } else if (type == "Unigram") {
    TOKGRAFT_RETURN_IF_ERROR(ReadUnigram(&fields, &out, notes));
  } else if (type == "WordPiece") {
    TOKGRAFT_RETURN_IF_ERROR(ReadWordPiece(&fields, &out, notes));
  } else {
    TOKGRAFT_RETURN_IF_ERROR(ReadOtherModel(type, &fields, &out, notes));
    return out;
  }
  for (const auto& [key, field] : fields.AllUnread()) {
    out.extra[std::string(key)] = field.Minified();
    notes->push_back({.kind = LoadNote::Kind::kIgnored,
                      .place = Cat("model.", key),
                      .message = "the reference does not read this field; it is carried along",
                      .declared = std::nullopt,
                      .actual = std::nullopt});
  }
  return out;
}

}  // namespace tokgraft
