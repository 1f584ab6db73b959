#include "embed_init/alignment/letter_case.h"

#include <unordered_map>

#include "tokenizer/text/unicode_data.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

// Capitals by the one character that is their lower case; of several the first.
const std::unordered_map<std::string, char32_t>& Capitals() {
  static const std::unordered_map<std::string, char32_t> capitals = [] {
    constexpr char32_t kBeyondCase = 0x20000;
    std::unordered_map<std::string, char32_t> found;
    for (char32_t c = 0; c < kBeyondCase; ++c) {
      if (c >= 0xD800 && c < 0xE000) continue;
      std::string self;
      std::string lower;
      AppendUtf8(c, &self);
      AppendLowercase(c, &lower);
      if (lower != self && CountCharacters(lower) == 1) found.emplace(lower, c);
    }
    return found;
  }();
  return capitals;
}

}  // namespace

std::string ToLowercase(std::string_view word) {
  std::string lower;
  for (std::size_t at = 0; at < word.size();) AppendLowercase(DecodeValid(word, &at), &lower);
  return lower;
}

std::string ToTitlecase(std::string_view word) {
  const std::string lower = ToLowercase(word);
  if (lower.empty()) return lower;
  const std::size_t first = Utf8Length(lower.front());
  const auto capital = Capitals().find(lower.substr(0, first));
  if (capital == Capitals().end()) return lower;
  std::string title;
  AppendUtf8(capital->second, &title);
  return title + lower.substr(first);
}

}  // namespace tokgraft
