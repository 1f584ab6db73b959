// The number that a sentencepiece .model gives each kind of piece; a GGUF file uses the same.
#ifndef TOKGRAFT_TOKENIZER_FORMATS_PIECE_TYPE_H_
#define TOKGRAFT_TOKENIZER_FORMATS_PIECE_TYPE_H_

#include <cstdint>

#include "tokenizer/token.h"

namespace tokgraft {

inline std::uint32_t PieceTypeNumber(PieceKind kind) {
  switch (kind) {
    case PieceKind::kNormal:
      return 1;
    case PieceKind::kUnknown:
      return 2;
    case PieceKind::kControl:
      return 3;
    case PieceKind::kUserDefined:
      return 4;
    case PieceKind::kUnused:
      return 5;
    case PieceKind::kByte:
      return 6;
  }
  return 1;
}

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_FORMATS_PIECE_TYPE_H_
