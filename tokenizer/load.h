// Load: a file, or a directory that holds one, becomes a TokenizerSpec.
//
//   StatusOr<TokenizerSpec> spec = Load("model/tokenizer.json");
//   StatusOr<TokenizerSpec> qwen = Load("qwen.tiktoken", {.pattern = "qwen"});
//
// The format is recognised by content, not by name: tokenizer.json, sentencepiece .model, tiktoken
// ranks, tekken.json, GGUF. A directory is searched for tokenizer.json, tokenizer.model,
// tekken.json, *.tiktoken, *.gguf in this order, and its companions (tokenizer_config.json, ...)
// are read along. Nothing that comes with a tokenizer is executed. Thread-safe.
#ifndef TOKGRAFT_TOKENIZER_LOAD_H_
#define TOKGRAFT_TOKENIZER_LOAD_H_

#include <string>
#include <string_view>

#include "tokenizer/spec.h"
#include "tokenizer/status.h"

namespace tokgraft {

struct LoadOptions {
  // For bare tiktoken ranks: a name (r50k p50k cl100k o200k llama4 kimi_k2 qwen), a regex, or the
  // JSON that Save puts beside them. Empty: that JSON where it is there (NAME.json), else
  // recognised by the hash of the ranks, else an error that asks for it. Given for any other format
  // it is an error: it would be ignored.
  std::string pattern;
};

// Errors: NotFound (no such path, or a directory without a tokenizer), DataLoss (truncated),
// InvalidArgument (malformed: says where), Unimplemented (a format or version we know and lack).
StatusOr<TokenizerSpec> Load(const std::string& path, const LoadOptions& options = {});

// The same from memory; `name` stands in messages and helps nothing else.
StatusOr<TokenizerSpec> LoadBytes(std::string_view bytes, const std::string& name,
                                  const LoadOptions& options = {});

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_LOAD_H_
