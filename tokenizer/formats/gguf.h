// Reads the tokenizer inside a GGUF file (versions 2 and 3, little-endian): the metadata keys
// tokenizer.ggml.*. The tensors are never touched, so the file may be cut off after its metadata.
//
// Exact means llama.cpp with parse_special: control and user-defined tokens are found in text.
// Models `gpt2` (for the names of tokenizer.ggml.pre that we know) and `llama`; others are refused
// by name, at Compile where the vocabulary itself can be told, else here.
#ifndef TOKGRAFT_TOKENIZER_FORMATS_GGUF_H_
#define TOKGRAFT_TOKENIZER_FORMATS_GGUF_H_

#include <string>
#include <string_view>

#include "tokenizer/spec.h"
#include "tokenizer/status.h"

namespace tokgraft {

// Cheap: the magic number.
bool LooksLikeGguf(std::string_view bytes);

// DataLoss: truncated; InvalidArgument: malformed, or no tokenizer in it; Unimplemented: a version
// or tokenizer model we lack.
StatusOr<TokenizerSpec> ReadGguf(std::string_view bytes, const std::string& name);

// A GGUF file with this vocabulary and no tensor. Unimplemented: what GGUF cannot hold (a hole
// among the ids, an added token that is no piece); FailedPrecondition: a piece that is not UTF-8.
StatusOr<std::string> WriteGguf(const TokenizerSpec& spec);

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_FORMATS_GGUF_H_
