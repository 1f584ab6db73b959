#include "tokenizer/stages/normalizers/transform.h"

#include <algorithm>
#include <string>
#include <utility>

namespace tokgraft {
namespace {

// Steps over `count` characters from `position`, stopping at the end.
std::size_t Skip(std::string_view text, std::size_t position, std::int64_t count) {
  for (; count > 0 && position < text.size(); --count) position += Utf8Length(text[position]);
  return position;
}

}  // namespace

void Transform(const std::vector<CharChange>& changes, std::size_t removed, AlignedText* text) {
  const std::string_view old = text->text;
  std::size_t position = Skip(old, 0, static_cast<std::int64_t>(removed));
  const auto origin_at = [&](std::size_t i) {
    if (text->origin.empty()) return Span{text->source.begin, text->source.begin};
    return text->origin[std::min(i, text->origin.size() - 1)];
  };
  AlignedText out;
  out.source = text->source;
  out.text.reserve(old.size() + old.size() / 4);
  out.origin.reserve(out.text.capacity());
  for (const CharChange& change : changes) {
    Span origin;
    if (change.change > 0) {
      origin =
          position == 0 ? Span{text->source.begin, text->source.begin} : origin_at(position - 1);
    } else {
      origin = origin_at(position);
      position = Skip(old, position, 1 - static_cast<std::int64_t>(change.change));
    }
    const std::size_t start = out.text.size();
    AppendUtf8(change.c, &out.text);
    out.origin.insert(out.origin.end(), out.text.size() - start, origin);
  }
  *text = std::move(out);
}

}  // namespace tokgraft
