// Reads and writes tokenizer.json of Hugging Face tokenizers 0.23.3.
//
// Reading gives what that library makes of the file, not what the file says: ids of added tokens
// are assigned as it assigns them, of a key given twice the last counts, older spellings of stages
// are understood. Each such difference is a LoadNote. What it refuses to load is an error here;
// what it loads and we cannot name (a new stage) is an UnknownStage.
// Pieces are held in order of their ids, added tokens likewise.
//
// Writing gives the library's own layout, byte for byte, except where that would not bring the spec
// back: an added token that the library would number otherwise is folded into the vocabulary.
#ifndef TOKGRAFT_TOKENIZER_FORMATS_TOKENIZER_JSON_H_
#define TOKGRAFT_TOKENIZER_FORMATS_TOKENIZER_JSON_H_

#include <string>
#include <string_view>

#include "tokenizer/base/json.h"
#include "tokenizer/spec.h"
#include "tokenizer/status.h"

namespace tokgraft {

// Does the object have a "model" that is an object?
bool LooksLikeTokenizerJson(const JsonValue& root);

// InvalidArgument: not a tokenizer.json, or Hugging Face would refuse it; DataLoss: truncated;
// Unimplemented: another version of the format.
StatusOr<TokenizerSpec> ReadTokenizerJson(std::string_view bytes, const std::string& name);
StatusOr<TokenizerSpec> ReadTokenizerJson(const JsonValue& root, const std::string& name);

// Unimplemented: the spec holds what only other formats can say; FailedPrecondition: an id cannot
// be kept, or a piece is not UTF-8.
StatusOr<std::string> WriteTokenizerJson(const TokenizerSpec& spec);
// The same errors, but those of a merge or a stage, without writing.
Status CheckTokenizerJson(const TokenizerSpec& spec);

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_FORMATS_TOKENIZER_JSON_H_
