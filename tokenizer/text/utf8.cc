#include "tokenizer/text/utf8.h"

#include <simdjson.h>

namespace tokgraft {

bool IsValidUtf8(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

void AppendUtf8(char32_t c, std::string* out) {
  const auto put = [&](char32_t byte) { out->push_back(static_cast<char>(byte)); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | (c >> 6));
    put(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    put(0xE0 | (c >> 12));
    put(0x80 | ((c >> 6) & 0x3F));
    put(0x80 | (c & 0x3F));
  } else {
    put(0xF0 | (c >> 18));
    put(0x80 | ((c >> 12) & 0x3F));
    put(0x80 | ((c >> 6) & 0x3F));
    put(0x80 | (c & 0x3F));
  }
}

std::size_t CheckCharacter(std::string_view text, std::size_t* bad) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = at(0);
  *bad = 1;
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  // The second byte has a narrower range after some leads: no overlong forms, no surrogates,
  // nothing above U+10FFFF.
  const unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  for (std::size_t i = 1; i < length; ++i) {
    const bool ok =
        i < text.size() && (i == 1 ? at(i) >= low && at(i) <= high : (at(i) & 0xC0) == 0x80);
    if (!ok) {
      *bad = i;
      return 0;
    }
  }
  return length;
}

std::uint64_t ReplaceInvalid(std::string_view text, std::string* out) {
  if (IsValidUtf8(text)) {
    out->append(text);
    return 0;
  }
  std::uint64_t count = 0;
  while (!text.empty()) {
    std::size_t bad = 0;
    const std::size_t length = CheckCharacter(text, &bad);
    if (length == 0) {
      out->append("\xEF\xBF\xBD");
      ++count;
      text.remove_prefix(bad);
    } else {
      out->append(text.substr(0, length));
      text.remove_prefix(length);
    }
  }
  return count;
}

std::uint64_t CountInvalid(std::string_view text) {
  if (IsValidUtf8(text)) return 0;
  std::uint64_t count = 0;
  while (!text.empty()) {
    std::size_t bad = 0;
    const std::size_t length = CheckCharacter(text, &bad);
    if (length == 0) ++count;
    text.remove_prefix(length == 0 ? bad : length);
  }
  return count;
}

std::size_t CountCharacters(std::string_view valid_text) {
  std::size_t count = 0;
  for (const char c : valid_text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return count;
}

}  // namespace tokgraft
