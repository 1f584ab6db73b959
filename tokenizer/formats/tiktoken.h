// Reads and writes bare tiktoken ranks: one `base64-of-the-bytes rank` a line.
//
// Such a file holds neither its regex nor its special tokens. They come from a name (r50k p50k
// cl100k o200k llama4 kimi_k2 qwen), given or found by the SHA-256 of the ranks, or the regex is
// given itself, and then there are no special tokens. Special tokens are added tokens: they are
// found in text, as tiktoken does with allowed_special="all".
//
// What is written has all of it: beside NAME stands NAME.json with the other arguments of
// tiktoken.Encoding (name, pat_str, special_tokens), which is read along.
#ifndef TOKGRAFT_TOKENIZER_FORMATS_TIKTOKEN_H_
#define TOKGRAFT_TOKENIZER_FORMATS_TIKTOKEN_H_

#include <string>
#include <string_view>

#include "tokenizer/spec.h"
#include "tokenizer/status.h"

namespace tokgraft {

// Cheap: is the first line base64, a space and a number?
bool LooksLikeTiktoken(std::string_view bytes);

// `pattern`: a name, a regex, the text of such an encoding, or empty (recognise). InvalidArgument:
// a malformed line, a rank or a piece twice, a byte without a piece, or ranks that are not known
// while `pattern` is empty.
StatusOr<TokenizerSpec> ReadTiktoken(std::string_view bytes, const std::string& name,
                                     const std::string& pattern);

// The ranks, and the encoding beside them. Unimplemented: what tiktoken cannot hold (a normalizer,
// a second splitter, an added token that is no plain special token).
StatusOr<std::string> WriteTiktoken(const TokenizerSpec& spec);
StatusOr<std::string> WriteTiktokenEncoding(const TokenizerSpec& spec);

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_FORMATS_TIKTOKEN_H_
