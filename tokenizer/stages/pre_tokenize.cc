#include "tokenizer/stages/pre_tokenize.h"

#include <algorithm>
#include <utility>

#include "tokenizer/stages/pre_tokenizers/step.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft {

struct CompiledPreTokenizer::Steps {
  std::vector<PreTokenizeStep> steps;
  bool yields_bytes = false;
  bool takes_any_bytes = false;  // no step needs valid UTF-8
};

namespace {

bool YieldsBytes(const TokenizerSpec& spec) {
  switch (spec.reference) {
    case Reference::kTiktoken:
    case Reference::kTekken:
      return true;
    case Reference::kHuggingFace:
    case Reference::kSentencePiece:
    case Reference::kLlamaCpp:
      break;
  }
  if (spec.pre_tokenizers.empty()) return false;
  return std::holds_alternative<pre_tokenizer::ByteLevel>(spec.pre_tokenizers.back()) ||
         std::holds_alternative<pre_tokenizer::LlamaCpp>(spec.pre_tokenizers.back());
}

// Writes all pieces anew, each rewritten; `begin`: where the input starts.
void RewritePieces(const Rewrite& rewrite, const char* begin, bool at_start,
                   PreTokenizeScratch* scratch) {
  scratch->next_text.clear();
  std::size_t size = 0;
  for (const std::string_view piece : scratch->pieces) {
    size += piece.size() + rewrite.mark.size();
    if (rewrite.replaces_spaces) {
      size += rewrite.mark.size() *
              static_cast<std::size_t>(std::count(piece.begin(), piece.end(), ' '));
    }
  }
  // So that no view moves: neither by growing nor, for a short string, by the swap.
  scratch->next_text.reserve(std::max<std::size_t>(size, 64));
  for (std::string_view& piece : scratch->pieces) {
    const std::size_t from = scratch->next_text.size();
    rewrite.Append(piece, at_start && piece.data() == begin, &scratch->next_text);
    piece = std::string_view(scratch->next_text).substr(from);
  }
  scratch->text.swap(scratch->next_text);
}

AlignedText Slice(const AlignedText& text, std::size_t begin, std::size_t end) {
  AlignedText out;
  out.text = text.text.substr(begin, end - begin);
  out.origin.assign(text.origin.begin() + static_cast<std::ptrdiff_t>(begin),
                    text.origin.begin() + static_cast<std::ptrdiff_t>(end));
  out.source = {out.origin.front().begin, out.origin.back().end};
  return out;
}

// `text` with each maximal bad subsequence as one U+FFFD that stands for its bytes.
AlignedText ReadAsUtf8(std::string_view text) {
  AlignedText out;
  out.source = {0, static_cast<std::int64_t>(text.size())};
  for (std::size_t position = 0; position < text.size();) {
    std::size_t bad = 0;
    const std::size_t length = CheckCharacter(text.substr(position), &bad);
    const std::size_t size = length == 0 ? bad : length;
    if (length == 0) {
      AppendUtf8(0xFFFD, &out.text);
    } else {
      out.text.append(text.substr(position, length));
    }
    const auto begin = static_cast<std::int64_t>(position);
    out.origin.resize(out.text.size(), {begin, begin + static_cast<std::int64_t>(size)});
    position += size;
  }
  return out;
}

// A piece of ReadAsUtf8(whole.text), with the bytes back in the place of each U+FFFD and the
// origins of `whole`.
AlignedText RestoreBytes(const AlignedText& piece, const AlignedText& whole) {
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
  AlignedText out;
  for (std::size_t i = 0; i < piece.text.size();) {
    const auto begin = static_cast<std::size_t>(piece.origin[i].begin);
    const auto end = static_cast<std::size_t>(piece.origin[i].end);
    if (std::string_view(piece.text).substr(i).starts_with(kReplacement)) {
      out.text.append(whole.text, begin, end - begin);
      out.origin.insert(out.origin.end(), whole.origin.begin() + piece.origin[i].begin,
                        whole.origin.begin() + piece.origin[i].end);
      i += kReplacement.size();
    } else {
      out.text.push_back(piece.text[i++]);
      const std::size_t last = end > begin ? end - 1 : begin;
      out.origin.push_back({whole.origin[begin].begin, whole.origin[last].end});
    }
  }
  out.source = {out.origin.front().begin, out.origin.back().end};
  return out;
}

}  // namespace

StatusOr<CompiledPreTokenizer> CompiledPreTokenizer::Compile(const TokenizerSpec& spec) {
  auto steps = std::make_shared<Steps>();
  TOKGRAFT_ASSIGN_OR_RETURN(steps->steps, CompileSteps(spec));
  steps->yields_bytes = YieldsBytes(spec);
  steps->takes_any_bytes =
      std::all_of(steps->steps.begin(), steps->steps.end(), [](const PreTokenizeStep& step) {
        return step.splitter == nullptr || step.splitter->takes_any_bytes();
      });
  CompiledPreTokenizer out;
  out.steps_ = std::move(steps);
  return out;
}

bool CompiledPreTokenizer::is_identity() const { return steps_->steps.empty(); }
bool CompiledPreTokenizer::yields_bytes() const { return steps_->yields_bytes; }

void CompiledPreTokenizer::Split(std::string_view text, bool at_start,
                                 PreTokenizeScratch* scratch) const {
  scratch->pieces.clear();
  if (text.empty()) return;
  if (steps_->yields_bytes && !steps_->takes_any_bytes && !IsValidUtf8(text)) {
    return SplitInvalid(text, at_start, scratch);
  }
  scratch->pieces.push_back(text);
  const char* begin = text.data();
  for (const PreTokenizeStep& step : steps_->steps) {
    if (step.rewrite) {
      RewritePieces(*step.rewrite, begin, at_start, scratch);
      begin = scratch->text.data();
    }
    if (step.splitter == nullptr) continue;
    scratch->next_pieces.clear();
    for (const std::string_view piece : scratch->pieces) {
      step.splitter->Split(piece, &scratch->buffers, &scratch->next_pieces);
    }
    scratch->pieces.swap(scratch->next_pieces);
  }
}

void CompiledPreTokenizer::SplitInvalid(std::string_view text, bool at_start,
                                        PreTokenizeScratch* scratch) const {
  // As aligned text, and back: every U+FFFD is the bytes it stands for.
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
  const std::vector<AlignedText> pieces = Split(ReadAsUtf8(text), at_start);
  scratch->text.clear();
  std::vector<std::size_t> ends;
  for (const AlignedText& piece : pieces) {
    const std::string_view read = piece.text;
    for (std::size_t i = 0; i < read.size();) {
      if (read.substr(i).starts_with(kReplacement)) {
        const Span& origin = piece.origin[i];
        scratch->text.append(text.substr(static_cast<std::size_t>(origin.begin),
                                         static_cast<std::size_t>(origin.end - origin.begin)));
        i += kReplacement.size();
      } else {
        scratch->text.push_back(read[i++]);
      }
    }
    ends.push_back(scratch->text.size());
  }
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    scratch->pieces.push_back(std::string_view(scratch->text).substr(begin, end - begin));
    begin = end;
  }
}

std::vector<AlignedText> CompiledPreTokenizer::Split(AlignedText text, bool at_start) const {
  std::vector<AlignedText> pieces;
  if (text.text.empty()) return pieces;
  if (steps_->yields_bytes && !steps_->takes_any_bytes && !IsValidUtf8(text.text)) {
    for (const AlignedText& piece : Split(ReadAsUtf8(text.text), at_start)) {
      pieces.push_back(RestoreBytes(piece, text));
    }
    return pieces;
  }
  const std::int64_t start = text.source.begin;
  pieces.push_back(std::move(text));
  SplitBuffers buffers;
  std::vector<std::string_view> views;
  for (const PreTokenizeStep& step : steps_->steps) {
    if (step.rewrite) {
      for (AlignedText& piece : pieces) {
        step.rewrite->Apply(&piece, at_start && piece.source.begin == start);
      }
    }
    if (step.splitter == nullptr) continue;
    std::vector<AlignedText> next;
    for (const AlignedText& piece : pieces) {
      views.clear();
      step.splitter->Split(piece.text, &buffers, &views);
      for (const std::string_view view : views) {
        const auto begin = static_cast<std::size_t>(view.data() - piece.text.data());
        next.push_back(Slice(piece, begin, begin + view.size()));
      }
    }
    pieces = std::move(next);
  }
  return pieces;
}

}  // namespace tokgraft
