// Reads and writes tekken.json of mistral-common: ranks and a regex for tiktoken, and special
// tokens that take the first ids. The id of a piece is its rank plus the number of special tokens;
// pieces beyond `default_vocab_size` are cut off, as the reference does. Special tokens are control
// pieces: the reference never finds them in text.
#ifndef TOKGRAFT_TOKENIZER_FORMATS_TEKKEN_H_
#define TOKGRAFT_TOKENIZER_FORMATS_TEKKEN_H_

#include <string>
#include <string_view>

#include "tokenizer/spec.h"
#include "tokenizer/status.h"

namespace tokgraft {

// Cheap: is it a JSON object whose text has the keys of tekken.json near an end of the file?
bool LooksLikeTekken(std::string_view bytes);

// InvalidArgument: malformed, or mistral-common would refuse it; Unimplemented: an unknown version.
StatusOr<TokenizerSpec> ReadTekken(std::string_view bytes, const std::string& name);

// Unimplemented: what tekken.json cannot hold (holes, special tokens after others, a second regex).
StatusOr<std::string> WriteTekken(const TokenizerSpec& spec);

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_FORMATS_TEKKEN_H_
