#include "tokenizer/stages/pre_tokenizers/step.h"

namespace tokgraft {
namespace {

bool Prepends(const Rewrite& rewrite, std::string_view text, bool is_first) {
  if (text.empty() || text.starts_with(rewrite.mark)) return false;
  if (rewrite.replaces_spaces && text.front() == ' ') return false;
  switch (rewrite.prepend) {
    case pre_tokenizer::PrependScheme::kAlways:
      return true;
    case pre_tokenizer::PrependScheme::kFirst:
      return is_first;
    case pre_tokenizer::PrependScheme::kNever:
      return false;
  }
  return false;
}

}  // namespace

void Rewrite::Append(std::string_view text, bool is_first, std::string* out) const {
  if (Prepends(*this, text, is_first)) out->append(mark);
  if (!replaces_spaces) {
    out->append(text);
    return;
  }
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t space = std::min(text.find(' ', begin), text.size());
    out->append(text, begin, space - begin);
    if (space != text.size()) out->append(mark);
    begin = space + 1;
  }
}

void Rewrite::Apply(AlignedText* text, bool is_first) const {
  if (text->text.empty()) return;
  AlignedText out;
  out.source = text->source;
  if (Prepends(*this, text->text, is_first)) {
    // The prefix stands for the first character, as that character still does.
    out.text = mark;
    out.origin.assign(mark.size(), text->origin.front());
  }
  for (std::size_t i = 0; i < text->text.size(); ++i) {
    if (replaces_spaces && text->text[i] == ' ') {
      out.text += mark;
      out.origin.insert(out.origin.end(), mark.size(), text->origin[i]);
    } else {
      out.text += text->text[i];
      out.origin.push_back(text->origin[i]);
    }
  }
  *text = std::move(out);
}

}  // namespace tokgraft
