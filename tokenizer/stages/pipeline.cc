#include "tokenizer/stages/pipeline.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <utility>

#include "tokenizer/stages/bpe_offsets.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft::internal {
namespace {

// After a text of more bytes than this the thread's buffers are given back.
constexpr std::size_t kKeepBuffersBelow = std::size_t{4} << 20;
// So many tokenizers keep scratch memory on one thread; the one unused longest makes room.
constexpr std::size_t kTokenizersPerThread = 4;

// Calls on_text(part) and on_bad(part) for the well-formed runs of `text` and what lies between.
template <typename OnText, typename OnBad>
void ForEachRun(std::string_view text, OnText on_text, OnBad on_bad) {
  std::size_t run = 0;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t bad = 1;
    const std::size_t size = CheckCharacter(text.substr(at), &bad);
    if (size > 0) {
      at += size;
      continue;
    }
    if (run < at) on_text(run, at);
    on_bad(at, at + bad);
    at += bad;
    run = at;
  }
  if (run < text.size()) on_text(run, text.size());
}

// How a Metaspace of scheme `first` can tell where a piece stood in the text. It prepends to every
// piece whose first character came from the text's first byte: more than one where an earlier step
// made several characters of the first and another cut between them.
enum class FirstScheme { kNone, kByStart, kByOrigin };
FirstScheme FirstSchemeOf(const TokenizerSpec& spec, bool normalizes) {
  FirstScheme found = FirstScheme::kNone;
  bool rewritten = normalizes;
  for (std::size_t i = 0; i < spec.pre_tokenizers.size(); ++i) {
    const auto* metaspace = std::get_if<pre_tokenizer::Metaspace>(&spec.pre_tokenizers[i]);
    if (metaspace == nullptr) continue;
    if (metaspace->prepend_scheme == pre_tokenizer::PrependScheme::kFirst) {
      if (i > 0 && rewritten) return FirstScheme::kByOrigin;
      found = FirstScheme::kByStart;
    }
    rewritten = true;
  }
  return found;
}

AlignedText Slice(const AlignedText& text, std::size_t begin, std::size_t end) {
  AlignedText slice;
  slice.text = text.text.substr(begin, end - begin);
  slice.origin.assign(text.origin.begin() + static_cast<std::ptrdiff_t>(begin),
                      text.origin.begin() + static_cast<std::ptrdiff_t>(end));
  if (begin < end) slice.source = {slice.origin.front().begin, slice.origin.back().end};
  return slice;
}

void Append(AlignedText part, AlignedText* text) {
  text->text += part.text;
  text->origin.insert(text->origin.end(), part.origin.begin(), part.origin.end());
}

}  // namespace

struct Pipeline::Scratch {
  ModelScratch model;
  const WordVisitor* visitor = nullptr;  // set: words are shown to it instead of encoded
  PreTokenizeScratch pre_tokens;
  std::string repaired;
  std::string normalized;
  std::vector<TextSegment> segments;
  std::vector<TextSegment> inner_segments;
  std::vector<TokenRange> ranges;

  void GiveBackBuffers() {
    pre_tokens = PreTokenizeScratch();
    std::string().swap(repaired);
    std::string().swap(normalized);
    std::vector<TextSegment>().swap(segments);
    std::vector<TextSegment>().swap(inner_segments);
    std::vector<TokenRange>().swap(ranges);
    model.bpe.word = BpeWord();
    std::vector<TokenRange>().swap(model.bpe.ranges);
    std::vector<UnigramScratch::Node>().swap(model.unigram.nodes);
    std::vector<TokenRange>().swap(model.unigram.path);
    std::vector<TokenRange>().swap(model.unigram.ranges);
  }
};

struct Pipeline::Aligned {
  std::vector<TokenId> ids;
  std::vector<Span> offsets;
  std::vector<SpaceCounts> spaces;  // filled where the post-processor trims
};

Pipeline::Pipeline(TokenizerSpec spec) : spec_(std::move(spec)) {
  static std::atomic<std::uint64_t> last_number = 0;
  number_ = ++last_number;
}

StatusOr<std::shared_ptr<const Pipeline>> Pipeline::Compile(TokenizerSpec spec) {
  std::shared_ptr<Pipeline> pipeline(new Pipeline(std::move(spec)));
  if (Status status = pipeline->CompileStages(); !status.ok()) {
    return pipeline->spec_.source.empty() ? status : WithPlace(status, pipeline->spec_.source);
  }
  return std::shared_ptr<const Pipeline>(std::move(pipeline));
}

Status Pipeline::CompileStages() {
  TOKGRAFT_ASSIGN_OR_RETURN(normalizer_,
                            CompiledNormalizer::Compile(spec_, /*skip_trailing_byte_level=*/false));
  TOKGRAFT_ASSIGN_OR_RETURN(pre_tokenizer_, CompiledPreTokenizer::Compile(spec_));
  normalizes_ = !normalizer_->is_identity();
  splits_ = !pre_tokenizer_->is_identity();
  byte_domain_ = pre_tokenizer_->yields_bytes();
  const FirstScheme first_scheme = FirstSchemeOf(spec_, normalizes_);
  asks_origin_ = normalizes_ && first_scheme != FirstScheme::kNone;
  asks_origins_ = first_scheme == FirstScheme::kByOrigin;
  TOKGRAFT_RETURN_IF_ERROR(CompileMatchers());
  TOKGRAFT_ASSIGN_OR_RETURN(model_, CompiledModel::Compile(spec_, byte_domain_));
  TOKGRAFT_ASSIGN_OR_RETURN(post_processor_, CompiledPostProcessor::Compile(spec_));
  TOKGRAFT_ASSIGN_OR_RETURN(decoder_, CompiledDecoder::Compile(spec_, *normalizer_));
  return absl::OkStatus();
}

Status Pipeline::CompileMatchers() {
  for (std::size_t i = 0; i < spec_.added_tokens.size(); ++i) {
    if (!spec_.added_tokens[i].content.empty()) added_by_id_[spec_.added_tokens[i].id] = i;
  }
  // Tekken never finds its special tokens in text.
  if (spec_.reference == Reference::kTekken) return absl::OkStatus();
  std::vector<AddedTokenMatcher::Pattern> raw;
  std::vector<AddedTokenMatcher::Pattern> normalized;
  for (std::size_t i = 0; i < spec_.added_tokens.size(); ++i) {
    const AddedToken& token = spec_.added_tokens[i];
    if (token.content.empty() || added_by_id_[token.id] != i) continue;
    if (!token.normalized) {
      raw.push_back({token.content, token});
      continue;
    }
    std::string text;
    normalizer_->Normalize(token.content, &text);
    normalized.push_back({std::move(text), token});
  }
  TOKGRAFT_ASSIGN_OR_RETURN(raw_added_,
                            AddedTokenMatcher::Compile(std::move(raw), spec_.reference));
  TOKGRAFT_ASSIGN_OR_RETURN(normalized_added_,
                            AddedTokenMatcher::Compile(std::move(normalized), spec_.reference));
  return absl::OkStatus();
}

const AddedToken* Pipeline::Added(TokenId id) const {
  const auto found = added_by_id_.find(id);
  return found == added_by_id_.end() ? nullptr : &spec_.added_tokens[found->second];
}

Pipeline::Scratch& Pipeline::ThreadScratch() const {
  struct Slot {
    std::uint64_t number = 0;
    std::uint64_t last_used = 0;
    std::unique_ptr<Scratch> scratch;
  };
  thread_local std::array<Slot, kTokenizersPerThread> slots;
  thread_local std::uint64_t clock = 0;
  Slot* oldest = &slots[0];
  for (Slot& slot : slots) {
    if (slot.number == number_) {
      slot.last_used = ++clock;
      return *slot.scratch;
    }
    if (slot.last_used < oldest->last_used) oldest = &slot;
  }
  *oldest = {number_, ++clock, std::make_unique<Scratch>()};
  return *oldest->scratch;
}

// What the stages see of `text`: as it is, or repaired into `repaired`.
std::string_view Pipeline::Repair(std::string_view text, std::string* repaired,
                                  std::uint64_t* invalid) const {
  if (IsValidUtf8(text)) return text;
  if (byte_domain_) {
    *invalid = CountInvalid(text);
    return text;
  }
  repaired->clear();
  *invalid = ReplaceInvalid(text, repaired);
  return *repaired;
}

// ---- words -------------------------------------------------------------------------------------

void Pipeline::ForEachWord(std::string_view text, const WordVisitor& f) const {
  Scratch& scratch = ThreadScratch();
  std::uint64_t invalid = 0;
  const std::string_view valid = Repair(text, &scratch.repaired, &invalid);
  std::vector<TokenId> added;  // the added tokens between the words
  scratch.visitor = &f;
  EncodeText(valid, &scratch, &added);
  scratch.visitor = nullptr;
  if (text.size() > kKeepBuffersBelow) scratch.GiveBackBuffers();
}

Encoding Pipeline::EncodeWord(std::string_view word) const {
  Scratch& scratch = ThreadScratch();
  scratch.ranges.clear();
  if (!word.empty()) model_->EncodeRanges(word, &scratch.model, &scratch.ranges);
  Encoding encoding;
  for (const TokenRange& range : scratch.ranges) {
    encoding.ids.push_back(range.id);
    encoding.offsets.push_back({range.begin, range.end});
  }
  return encoding;
}

// ---- ids alone ---------------------------------------------------------------------------------

std::uint64_t Pipeline::EncodeIds(std::string_view text, bool add_special_tokens,
                                  std::vector<TokenId>* ids) const {
  Scratch& scratch = ThreadScratch();
  std::uint64_t invalid = 0;
  const std::string_view valid = Repair(text, &scratch.repaired, &invalid);
  const auto& before = post_processor_->before();
  if (add_special_tokens) ids->insert(ids->end(), before.begin(), before.end());
  EncodeText(valid, &scratch, ids);
  const auto& after = post_processor_->after();
  if (add_special_tokens) ids->insert(ids->end(), after.begin(), after.end());
  if (text.size() > kKeepBuffersBelow) scratch.GiveBackBuffers();
  return invalid;
}

void Pipeline::EncodeText(std::string_view text, Scratch* scratch,
                          std::vector<TokenId>* ids) const {
  if (text.empty()) return;
  if (raw_added_.empty()) return EncodeSection(text, true, scratch, ids);
  scratch->segments.clear();
  raw_added_.Split(text, &scratch->segments);
  for (const TextSegment& segment : scratch->segments) {
    if (segment.token) {
      ids->push_back(*segment.token);
    } else {
      EncodeSection(text.substr(segment.begin, segment.end - segment.begin), segment.begin == 0,
                    scratch, ids);
    }
  }
}

void Pipeline::EncodeSection(std::string_view section, bool at_start, Scratch* scratch,
                             std::vector<TokenId>* ids) const {
  if (asks_origins_ && at_start) {
    Aligned found;
    EncodeAlignedSection(Align(section, nullptr), scratch, &found);
    ids->insert(ids->end(), found.ids.begin(), found.ids.end());
    return;
  }
  AlignedText aligned;  // only where the origin of the first characters matters
  const bool ask = asks_origin_ && at_start;
  if (ask) {
    aligned = NormalizeAligned(Align(section, nullptr));
    section = aligned.text;
  } else if (normalizes_) {
    scratch->normalized.clear();
    Normalize(section, &scratch->normalized);
    section = scratch->normalized;
  }
  if (section.empty()) return;
  const auto starts = [&](std::size_t begin) {
    return ask ? aligned.origin[begin].begin == 0 : at_start && begin == 0;
  };
  if (normalized_added_.empty()) return EncodeNormalized(section, starts(0), scratch, ids);
  scratch->inner_segments.clear();
  normalized_added_.Split(section, &scratch->inner_segments);
  for (const TextSegment& segment : scratch->inner_segments) {
    if (segment.token) {
      ids->push_back(*segment.token);
    } else {
      EncodeNormalized(section.substr(segment.begin, segment.end - segment.begin),
                       starts(segment.begin), scratch, ids);
    }
  }
}

void Pipeline::EncodeNormalized(std::string_view text, bool at_start, Scratch* scratch,
                                std::vector<TokenId>* ids) const {
  if (!splits_) {
    if (scratch->visitor != nullptr) return model_->ForEachUnit(text, *scratch->visitor);
    model_->Encode(std::array<std::string_view, 1>{text}, &scratch->model, ids);
    return;
  }
  scratch->pre_tokens.pieces.clear();
  pre_tokenizer_->Split(text, at_start, &scratch->pre_tokens);
  if (scratch->visitor != nullptr) {
    for (const std::string_view word : scratch->pre_tokens.pieces) {
      model_->ForEachUnit(word, *scratch->visitor);
    }
    return;
  }
  model_->Encode(scratch->pre_tokens.pieces, &scratch->model, ids);
}

// In the byte domain text may be no UTF-8: then its well-formed runs are normalized, and the bytes
// between them stay.
void Pipeline::Normalize(std::string_view text, std::string* out) const {
  if (!byte_domain_ || IsValidUtf8(text)) return normalizer_->Normalize(text, out);
  ForEachRun(
      text,
      [&](std::size_t begin, std::size_t end) {
        normalizer_->Normalize(text.substr(begin, end - begin), out);
      },
      [&](std::size_t begin, std::size_t end) { out->append(text.substr(begin, end - begin)); });
}

// ---- ids with offsets --------------------------------------------------------------------------

Encoding Pipeline::Encode(std::string_view text, bool add_special_tokens) const {
  Scratch& scratch = ThreadScratch();
  Encoding encoding;
  Aligned aligned;
  EncodeAligned(Align(text, &encoding.invalid_utf8), &scratch, &aligned);
  if (post_processor_->trims()) {
    post_processor_->Trim(text, add_special_tokens, aligned.spaces, &aligned.offsets);
  }
  encoding.ids = std::move(aligned.ids);
  encoding.offsets = std::move(aligned.offsets);
  if (add_special_tokens) {
    const auto& before = post_processor_->before();
    const auto& after = post_processor_->after();
    encoding.ids.insert(encoding.ids.begin(), before.begin(), before.end());
    encoding.ids.insert(encoding.ids.end(), after.begin(), after.end());
    encoding.offsets.insert(encoding.offsets.begin(), before.size(), Span{});
    encoding.offsets.insert(encoding.offsets.end(), after.size(), Span{});
  }
  if (text.size() > kKeepBuffersBelow) scratch.GiveBackBuffers();
  return encoding;
}

// The text with the span of each byte: for tokenizers that of its character, else its own. What is
// no UTF-8 is repaired here, except in the byte domain.
AlignedText Pipeline::Align(std::string_view text, std::uint64_t* invalid) const {
  const bool by_character = spec_.reference == Reference::kHuggingFace;
  AlignedText aligned;
  aligned.text.reserve(text.size());
  aligned.origin.reserve(text.size());
  aligned.source = {0, static_cast<std::int64_t>(text.size())};
  const auto span = [](std::size_t begin, std::size_t end) {
    return Span{static_cast<std::int64_t>(begin), static_cast<std::int64_t>(end)};
  };
  for (std::size_t at = 0; at < text.size();) {
    std::size_t bad = 1;
    const std::size_t size = CheckCharacter(text.substr(at), &bad);
    const std::size_t next = at + (size > 0 ? size : bad);
    if (size == 0 && invalid != nullptr) ++*invalid;
    if (size == 0 && !byte_domain_) {
      AppendUtf8(U'\uFFFD', &aligned.text);
      aligned.origin.insert(aligned.origin.end(), 3, span(at, next));
    } else {
      aligned.text.append(text.substr(at, next - at));
      for (std::size_t i = at; i < next; ++i) {
        aligned.origin.push_back(by_character && size > 0 ? span(at, next) : span(i, i + 1));
      }
    }
    at = next;
  }
  return aligned;
}

void Pipeline::EncodeAligned(const AlignedText& text, Scratch* scratch, Aligned* out) const {
  if (text.text.empty()) return;
  if (raw_added_.empty()) return EncodeAlignedSection(text, scratch, out);
  std::vector<TextSegment> segments;
  raw_added_.Split(text.text, &segments);
  for (const TextSegment& segment : segments) {
    if (segment.token) {
      AddAlignedToken(text, segment, out);
    } else {
      EncodeAlignedSection(Slice(text, segment.begin, segment.end), scratch, out);
    }
  }
}

void Pipeline::EncodeAlignedSection(AlignedText section, Scratch* scratch, Aligned* out) const {
  if (normalizes_) section = NormalizeAligned(std::move(section));
  if (section.text.empty()) return;
  std::vector<TextSegment> segments;
  normalized_added_.Split(section.text, &segments);
  if (normalized_added_.empty()) segments = {{0, section.text.size(), std::nullopt}};
  for (const TextSegment& segment : segments) {
    if (segment.token) {
      AddAlignedToken(section, segment, out);
      continue;
    }
    AlignedText part = Slice(section, segment.begin, segment.end);
    if (!splits_) {
      EncodeAlignedWord(part, scratch, out);
      continue;
    }
    const bool at_start = part.origin.front().begin == 0;
    for (const AlignedText& word : pre_tokenizer_->Split(std::move(part), at_start)) {
      EncodeAlignedWord(word, scratch, out);
    }
  }
}

void Pipeline::AddAlignedToken(const AlignedText& text, const TextSegment& segment,
                               Aligned* out) const {
  out->ids.push_back(*segment.token);
  out->offsets.push_back({text.origin[segment.begin].begin, text.origin[segment.end - 1].end});
  if (!post_processor_->trims()) return;
  out->spaces.push_back(
      CountSpaces(std::string_view(text.text).substr(segment.begin, segment.end - segment.begin)));
}

void Pipeline::EncodeAlignedWord(const AlignedText& word, Scratch* scratch, Aligned* out) const {
  if (scratch->visitor != nullptr) return model_->ForEachUnit(word.text, *scratch->visitor);
  scratch->ranges.clear();
  model_->EncodeRanges(word.text, &scratch->model, &scratch->ranges);
  const bool shows_text = std::holds_alternative<UnigramModel>(spec_.model);
  LayEndToEnd(word.text, byte_domain_, spec_, &scratch->ranges);
  for (const TokenRange& range : scratch->ranges) {
    out->ids.push_back(range.id);
    out->offsets.push_back({word.origin[range.begin].begin, word.origin[range.end - 1].end});
    if (!post_processor_->trims()) continue;
    const std::optional<Piece> piece = spec_.vocab.Get(range.id);
    std::string_view spelled = piece ? piece->spelling : std::string_view();
    std::string shown;
    // A Unigram token is the text it covers, also where the text is unknown; its bytes are not. In
    // the byte domain the text is spelled in the byte alphabet, where a space alone looks like one.
    if (shows_text && (!piece || piece->kind != PieceKind::kByte)) {
      spelled = std::string_view(word.text).substr(range.begin, range.end - range.begin);
      if (byte_domain_) {
        for (const char c : spelled) shown += c == ' ' ? ' ' : 'x';
        spelled = shown;
      }
    }
    out->spaces.push_back(CountSpaces(spelled));
  }
}

AlignedText Pipeline::NormalizeAligned(AlignedText text) const {
  if (!byte_domain_ || IsValidUtf8(text.text)) {
    normalizer_->Normalize(&text);
    return text;
  }
  AlignedText out;
  out.source = text.source;
  ForEachRun(
      text.text,
      [&](std::size_t begin, std::size_t end) {
        AlignedText run = Slice(text, begin, end);
        normalizer_->Normalize(&run);
        Append(std::move(run), &out);
      },
      [&](std::size_t begin, std::size_t end) { Append(Slice(text, begin, end), &out); });
  return out;
}

}  // namespace tokgraft::internal
