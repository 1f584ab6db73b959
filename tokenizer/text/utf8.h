// UTF-8: validation, decoding, and the replacement of what is not UTF-8.
#ifndef TOKGRAFT_TOKENIZER_TEXT_UTF8_H_
#define TOKGRAFT_TOKENIZER_TEXT_UTF8_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tokgraft {

bool IsValidUtf8(std::string_view text);

// The code point at `position` of valid UTF-8; advances `position` past it.
inline char32_t DecodeValid(std::string_view text, std::size_t* position) {
  const auto byte = [&](std::size_t i) {
    return static_cast<char32_t>(static_cast<unsigned char>(text[*position + i]));
  };
  const char32_t lead = byte(0);
  if (lead < 0x80) {
    *position += 1;
    return lead;
  }
  if (lead < 0xE0) {
    const char32_t c = ((lead & 0x1F) << 6) | (byte(1) & 0x3F);
    *position += 2;
    return c;
  }
  if (lead < 0xF0) {
    const char32_t c = ((lead & 0x0F) << 12) | ((byte(1) & 0x3F) << 6) | (byte(2) & 0x3F);
    *position += 3;
    return c;
  }
  const char32_t c =
      ((lead & 0x07) << 18) | ((byte(1) & 0x3F) << 12) | ((byte(2) & 0x3F) << 6) | (byte(3) & 0x3F);
  *position += 4;
  return c;
}

// Bytes of the character that starts with `lead`, in valid UTF-8.
inline std::size_t Utf8Length(char lead) {
  const auto b = static_cast<unsigned char>(lead);
  return b < 0x80 ? 1 : b < 0xE0 ? 2 : b < 0xF0 ? 3 : 4;
}

void AppendUtf8(char32_t c, std::string* out);

// Bytes of the well-formed character at the start of `text` (which is not empty), or 0 if there is
// none; then *bad is the length of the maximal bad subsequence (Unicode 16, section 3.9, D93b).
std::size_t CheckCharacter(std::string_view text, std::size_t* bad);

// Appends `text` with each maximal bad subsequence replaced by U+FFFD; returns how many there were.
std::uint64_t ReplaceInvalid(std::string_view text, std::string* out);
// How many there are.
std::uint64_t CountInvalid(std::string_view text);

std::size_t CountCharacters(std::string_view valid_text);

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_TEXT_UTF8_H_
