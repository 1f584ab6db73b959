// What one token is: an id, the bytes it stands for, and its kind.
//
// A TokenId is a row of the embedding matrix. "No token" is std::optional<TokenId>, never 0 or -1.
// A piece is bytes: the spellings of the formats (Ġ, ▁, <0x41>, ##ing) are restored on output only,
// since comparing raw spellings across tokenizers is wrong by a factor of three to four.
//
//   std::optional<TokenId> id = tokenizer.token_id(" Hello");  // bytes, however the file spells it
//   if (id && tokenizer.token_kind(*id) == PieceKind::kNormal) std::cout << *id << "\n";
#ifndef TOKGRAFT_TOKENIZER_TOKEN_H_
#define TOKGRAFT_TOKENIZER_TOKEN_H_

#include <cstdint>
#include <string_view>

namespace tokgraft {

using TokenId = std::uint32_t;

enum class PieceKind : std::uint8_t {
  kNormal,       // found in text by the model
  kByte,         // one byte, emitted only when the model has nothing better (<0x41>)
  kControl,      // special: never ordinary text (<s>, <|endoftext|>)
  kUserDefined,  // always one token, wherever it stands in the text
  kUnused,       // holds an id, is never emitted
  kUnknown,      // stands for what the vocabulary cannot spell
};

// "normal", "byte", "control", "user_defined", "unused", "unknown".
std::string_view PieceKindName(PieceKind kind);

// Half-open range [begin, end) of bytes, always of the text the caller gave.
struct Span {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  friend bool operator==(const Span&, const Span&) = default;
};

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_TOKEN_H_
