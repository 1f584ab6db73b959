#include "vocab_merge/same/piece_classes.h"

#include <unicode/uchar.h>
#include <unicode/uscript.h>

#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

std::string_view LetterClass(UChar32 c) {
  UErrorCode status = U_ZERO_ERROR;
  switch (uscript_getScript(c, &status)) {
    case USCRIPT_HAN:
      return "han";
    case USCRIPT_HIRAGANA:
    case USCRIPT_KATAKANA:
      return "kana";
    case USCRIPT_HANGUL:
      return "hangul";
    case USCRIPT_LATIN:
      return "latin";
    case USCRIPT_CYRILLIC:
      return "cyrillic";
    default:
      return "other_letters";
  }
}

// "" for what takes the class of its neighbours.
std::string_view CharacterClass(UChar32 c) {
  const std::uint32_t mask = U_GET_GC_MASK(c);
  if ((mask & U_GC_Z_MASK) != 0 || (c >= 9 && c <= 13)) return "spaces";
  if ((mask & U_GC_N_MASK) != 0) return "digits";
  if ((mask & U_GC_P_MASK) != 0) return "punctuation";
  if ((mask & U_GC_M_MASK) != 0) return "";
  return (mask & U_GC_L_MASK) != 0 ? LetterClass(c) : "symbols";
}

}  // namespace

std::string_view ClassOfPiece(const ListedToken& token) {
  if (token.token_class == TokenClass::kSpecial) return "special";
  if (token.token_class == TokenClass::kUnused) return "unused";
  if (token.token_class == TokenClass::kByte) return "bytes";
  if (!IsValidUtf8(token.bytes)) return "parts_of_characters";
  std::string_view out;
  for (std::size_t at = 0; at < token.bytes.size();) {
    const std::string_view next =
        CharacterClass(static_cast<UChar32>(DecodeValid(token.bytes, &at)));
    if (next.empty() || next == out || (next == "spaces" && !out.empty())) continue;
    if (!out.empty() && out != "spaces") return "mixed";
    out = next;
  }
  return out.empty() ? "other_letters" : out;
}

}  // namespace tokgraft
