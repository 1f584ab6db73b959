#include "tokenizer/text/byte_alphabet.h"

#include <array>
#include <cstddef>

#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

// Printable Latin-1 stands for itself; the other 68 bytes, in order, are U+0100 onwards.
constexpr bool StandsForItself(unsigned byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

constexpr std::array<char32_t, 256> MakeAlphabet() {
  std::array<char32_t, 256> table{};
  char32_t next = 0x100;
  for (unsigned byte = 0; byte < 256; ++byte) {
    table[byte] = StandsForItself(byte) ? static_cast<char32_t>(byte) : next++;
  }
  return table;
}
constexpr std::array<char32_t, 256> kAlphabet = MakeAlphabet();

constexpr std::array<std::int16_t, 0x180> MakeInverse() {
  std::array<std::int16_t, 0x180> table{};
  for (auto& entry : table) entry = -1;
  for (unsigned byte = 0; byte < 256; ++byte) {
    table[kAlphabet[byte]] = static_cast<std::int16_t>(byte);
  }
  return table;
}
constexpr std::array<std::int16_t, 0x180> kInverse = MakeInverse();

}  // namespace

char32_t ByteToAlphabet(unsigned char byte) { return kAlphabet[byte]; }

std::optional<unsigned char> AlphabetToByte(char32_t c) {
  if (c >= kInverse.size() || kInverse[c] < 0) return std::nullopt;
  return static_cast<unsigned char>(kInverse[c]);
}

std::string ToByteAlphabet(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) AppendUtf8(ByteToAlphabet(static_cast<unsigned char>(c)), &out);
  return out;
}

bool FromByteAlphabet(std::string_view text, std::string* bytes) {
  bytes->clear();
  // The alphabet ends at U+0143: each of its characters has one byte in UTF-8, or two.
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at++]);
    std::size_t c = lead;
    if (lead >= 0x80) {
      if (lead < 0xC2 || lead > 0xC5 || at == text.size()) return false;
      const auto next = static_cast<unsigned char>(text[at++]);
      if ((next & 0xC0) != 0x80) return false;
      c = (lead & 0x1FU) << 6 | (next & 0x3FU);
    }
    const std::int16_t byte = kInverse[c];  // two bytes with such a lead end at U+017F
    if (byte < 0) return false;
    bytes->push_back(static_cast<char>(byte));
  }
  return true;
}

std::optional<std::string> FromByteAlphabet(std::string_view text) {
  std::optional<std::string> out(std::in_place);
  if (!FromByteAlphabet(text, &*out)) out.reset();
  return out;
}

}  // namespace tokgraft
