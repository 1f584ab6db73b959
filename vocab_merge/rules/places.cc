#include "vocab_merge/rules/places.h"

#include <optional>

#include "tokenizer/status.h"
#include "vocab_merge/rules/detect.h"

namespace tokgraft {

Places::Places(const TokenizerSpec& spec) : spec_(&spec) {
  entries_.reserve(spec.vocab.size());
  for (std::size_t i = 0; i < spec.vocab.size(); ++i) entries_[spec.vocab.entry(i).id] = i;
  for (std::size_t i = 0; i < spec.added_tokens.size(); ++i) {
    added_.emplace(spec.added_tokens[i].id, i);
  }
}

std::string_view Places::vocabulary() const {
  switch (spec_->format) {
    case Format::kTokenizerJson:
      return "model.vocab";
    case Format::kSentencePiece:
      return "pieces";
    case Format::kTiktoken:
      return "lines";
    case Format::kTekken:
      return "vocab";
    case Format::kGguf:
      return "tokenizer.ggml.tokens";
  }
  return "";
}

std::string Places::Of(TokenId id) const {
  const auto added = added_.find(id);
  const auto held = entries_.find(id);
  const bool in_vocab = held != entries_.end();
  if (added != added_.end()) {
    if (spec_->format == Format::kTokenizerJson) return Cat("added_tokens[", added->second, "]");
    if (!in_vocab) return Cat("special token ", added->second);
  }
  if (!in_vocab) return {};
  const std::size_t entry = held->second;
  switch (spec_->format) {
    case Format::kTokenizerJson:
      if (std::holds_alternative<UnigramModel>(spec_->model)) return Cat("model.vocab[", id, "]");
      return Cat("model.vocab[", ShowPiece(spec_->vocab.entry(entry).spelling), "]");
    case Format::kTiktoken:
      return Cat("line ", entry + 1);
    case Format::kSentencePiece:
    case Format::kTekken:
    case Format::kGguf:
      return Cat(vocabulary(), "[", spec_->format == Format::kTekken ? entry : id, "]");
  }
  return {};
}

}  // namespace tokgraft
