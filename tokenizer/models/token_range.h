// A token and the bytes of its word that it covers.
#ifndef TOKGRAFT_TOKENIZER_MODELS_TOKEN_RANGE_H_
#define TOKGRAFT_TOKENIZER_MODELS_TOKEN_RANGE_H_

#include <cstdint>

#include "tokenizer/token.h"

namespace tokgraft {

struct TokenRange {
  TokenId id = 0;
  std::uint32_t begin = 0;  // half-open, bytes of the word
  std::uint32_t end = 0;
  friend bool operator==(const TokenRange&, const TokenRange&) = default;
};

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_MODELS_TOKEN_RANGE_H_
