// What was written is read again and held against what was meant, before it gets its name.
#ifndef TOKGRAFT_TOKENIZER_CONVERT_READ_BACK_H_
#define TOKGRAFT_TOKENIZER_CONVERT_READ_BACK_H_

#include <string_view>

#include "tokenizer/load.h"
#include "tokenizer/spec.h"
#include "tokenizer/status.h"

namespace tokgraft {

// Reads `bytes` as its format does and compares with `spec`: part by part where they are the same,
// else by the ids of texts. Internal: they differ; FailedPrecondition: the file cannot be read.
Status CheckReadBack(const TokenizerSpec& spec, std::string_view bytes, const LoadOptions& options);

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_CONVERT_READ_BACK_H_
