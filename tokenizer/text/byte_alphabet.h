// The 256-character alphabet of GPT-2: each byte has one printable character (a space is Ġ).
// Source: the bytes_to_unicode table of GPT-2's encoder; HF's ByteLevel uses the same.
#ifndef TOKGRAFT_TOKENIZER_TEXT_BYTE_ALPHABET_H_
#define TOKGRAFT_TOKENIZER_TEXT_BYTE_ALPHABET_H_

#include <optional>
#include <string>
#include <string_view>

namespace tokgraft {

char32_t ByteToAlphabet(unsigned char byte);
std::optional<unsigned char> AlphabetToByte(char32_t c);

std::string ToByteAlphabet(std::string_view bytes);
// nullopt: a character outside the alphabet, or not UTF-8.
std::optional<std::string> FromByteAlphabet(std::string_view text);
// The same into a buffer that is used again; false: nullopt, and the buffer holds anything.
bool FromByteAlphabet(std::string_view text, std::string* bytes);

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_TEXT_BYTE_ALPHABET_H_
