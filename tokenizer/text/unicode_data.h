// Properties of characters as each reference knows them: its Unicode version, not the newest.
//
// Swept from the references by generate_tables.py; canonical and compatibility mappings come from
// ICU, held to the characters that the reference's version has.
#ifndef TOKGRAFT_TOKENIZER_TEXT_UNICODE_DATA_H_
#define TOKGRAFT_TOKENIZER_TEXT_UNICODE_DATA_H_

#include <string>

namespace tokgraft {

// White_Space, the same in every version since Unicode 6.3.
inline bool IsWhitespace(char32_t c) {
  if (c < 0x80) return c == ' ' || (c >= 0x09 && c <= 0x0D);
  return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
         c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

// ---- HF normalizers (tokenizers 0.23.3) --------------------------------------------------------
void AppendLowercase(char32_t c, std::string* out);
bool IsCombiningMark(char32_t c);   // what StripAccents removes
bool IsBertNonspacing(char32_t c);  // what BertNormalizer's strip_accents removes
bool IsBertRemoved(char32_t c);     // what BertNormalizer's clean_text removes
bool IsBertIdeograph(char32_t c);   // what handle_chinese_chars surrounds with spaces

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_TEXT_UNICODE_DATA_H_
