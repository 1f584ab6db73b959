#include "vocab_merge/extend/cuts.h"

#include <algorithm>

namespace tokgraft {
namespace {

// Ends of the tokens, in bytes of what they spell.
std::vector<std::uint64_t> EndsByBytes(const Tokenizer& tokenizer, std::span<const TokenId> ids) {
  std::vector<std::uint64_t> ends;
  ends.reserve(ids.size());
  std::uint64_t at = 0;
  for (const TokenId id : ids) {
    at += tokenizer.token_bytes(id).value_or("").size();
    ends.push_back(at);
  }
  return ends;
}

// In bytes of the text; never falling, as the ends of a character's several tokens may.
std::vector<std::uint64_t> EndsByOffsets(const Tokenizer& tokenizer, std::string_view text) {
  std::vector<std::uint64_t> ends;
  std::uint64_t at = 0;
  for (const Span& span : tokenizer.Encode(text).offsets) {
    at = std::max(at, static_cast<std::uint64_t>(span.end));
    ends.push_back(at);
  }
  return ends;
}

}  // namespace

std::optional<TokenId> UnknownOf(const TokenizerSpec& spec) {
  if (const auto* unigram = std::get_if<UnigramModel>(&spec.model)) return unigram->unk;
  if (const auto* bpe = std::get_if<BpeModel>(&spec.model)) return bpe->unk;
  if (const auto* wordpiece = std::get_if<WordPieceModel>(&spec.model)) {
    return spec.vocab.FindSpelling(wordpiece->unk_spelling);
  }
  return std::nullopt;
}

CutText CutsOf(const Tokenizer& before, std::span<const TokenId> before_ids, const Tokenizer& after,
               std::span<const TokenId> after_ids, std::optional<TokenId> unknown,
               std::string_view text) {
  CutText out{.before = before_ids, .after = after_ids, .unknown = unknown};
  const auto has = [&](std::span<const TokenId> ids) {
    return unknown && std::find(ids.begin(), ids.end(), *unknown) != ids.end();
  };
  const bool has_unknown = has(before_ids) || has(after_ids);
  if (!has_unknown) {
    out.before_ends = EndsByBytes(before, before_ids);
    out.after_ends = EndsByBytes(after, after_ids);
    const std::uint64_t before_size = out.before_ends.empty() ? 0 : out.before_ends.back();
    const std::uint64_t after_size = out.after_ends.empty() ? 0 : out.after_ends.back();
    if (before_size == after_size) return out;
  }
  out.before_ends = EndsByOffsets(before, text);
  out.after_ends = EndsByOffsets(after, text);
  return out;
}

void FindNewlyUnknown(const CutText& cuts, Stretch* stretch) {
  for (std::size_t a = stretch->after_begin; a < stretch->after_end; ++a) {
    if (cuts.after[a] != *cuts.unknown) continue;
    bool was_unknown = false;
    for (std::size_t b = stretch->before_begin; b < stretch->before_end && !was_unknown; ++b) {
      was_unknown = cuts.IsUnknown(b) && cuts.BeforeBegin(b) <= cuts.AfterBegin(a) &&
                    cuts.before_ends[b] >= cuts.after_ends[a];
    }
    if (!was_unknown) stretch->newly_unknown.push_back(a);
  }
}

}  // namespace tokgraft
