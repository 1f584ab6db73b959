// The decoders of tokenizer.json as functions on the list of tokens.
#ifndef TOKGRAFT_TOKENIZER_STAGES_DECODE_STEPS_H_
#define TOKGRAFT_TOKENIZER_STAGES_DECODE_STEPS_H_

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/spec.h"
#include "tokenizer/status.h"

namespace tokgraft {

using TokenStrings = std::vector<std::string>;
using DecodeStep = std::function<void(TokenStrings*)>;

// Unimplemented: not a decoder of tokenizer.json, or a regex that cannot be reproduced.
StatusOr<DecodeStep> MakeDecodeStep(const Decoder& decoder, Reference reference);

// The bytes that ByteLevel makes of one token: its characters as bytes, or, where one of them is
// outside the alphabet, its UTF-8.
std::string ByteLevelBytes(std::string_view token);

std::string ReplaceAll(std::string_view text, std::string_view from, std::string_view to);

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_STAGES_DECODE_STEPS_H_
