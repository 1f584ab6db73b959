// How many digits in a row a splitter leaves together, found where splitters say it: in the
// alternative `\p{N}`, `\p{N}{1,3}` or `\p{N}+` of a regex, in a Digits stage, in the splitter that
// is built into ByteLevel.
#ifndef TOKGRAFT_VOCAB_MERGE_POLICIES_DIGITS_H_
#define TOKGRAFT_VOCAB_MERGE_POLICIES_DIGITS_H_

#include <cstddef>
#include <optional>

#include "tokenizer/spec.h"
#include "tokenizer/status.h"

namespace tokgraft {

inline constexpr std::size_t kAnyRun = ~std::size_t{0};

// 1, 3, kAnyRun, ...; nullopt: no rule was recognised. The shortest where several stages have one.
std::optional<std::size_t> LongestDigitRun(const TokenizerSpec& spec);

// The pre-tokenizers with runs of up to `run` digits. Errors: Unimplemented where no rule was
// recognised.
StatusOr<std::vector<PreTokenizer>> WithDigitRun(const TokenizerSpec& spec, std::size_t run);

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_POLICIES_DIGITS_H_
