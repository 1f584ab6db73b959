// Base64 (RFC 4648, with padding), as tiktoken ranks and tekken.json spell the bytes of a piece.
#ifndef TOKGRAFT_TOKENIZER_FORMATS_BASE64_H_
#define TOKGRAFT_TOKENIZER_FORMATS_BASE64_H_

#include <string>
#include <string_view>

namespace tokgraft {

// Sets `bytes`; false where `text` is not strict base64: a character outside the alphabet, a length
// that is no multiple of four, padding elsewhere than at the end.
bool DecodeBase64(std::string_view text, std::string* bytes);
std::string EncodeBase64(std::string_view bytes);

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_FORMATS_BASE64_H_
