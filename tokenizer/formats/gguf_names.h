// Names that llama.cpp knows by heart: pre-tokenizers with what comes with them, and tokens whose
// name alone gives them a role. Facts from its src/llama-vocab.cpp.
#ifndef TOKGRAFT_TOKENIZER_FORMATS_GGUF_NAMES_H_
#define TOKGRAFT_TOKENIZER_FORMATS_GGUF_NAMES_H_

#include <span>
#include <string_view>
#include <vector>

namespace tokgraft {

// A value of tokenizer.ggml.pre. Known here means that its flags are; whether its splitting can be
// reproduced is decided by Compile.
struct GgufPre {
  std::string_view name;
  bool ignore_merges = false;
  bool add_bos = false;      // where the file does not say
  bool clean_spaces = true;  // on decoding
  bool no_default_bos = false;
};
const GgufPre* FindGgufPre(std::string_view name);  // nullptr: llama.cpp refuses it, or we do

// A role that is given by a key, else to a token of one of these names, which becomes a control
// token.
struct GgufRoleNames {
  std::vector<std::string_view> keys;
  std::vector<std::string_view> names;
};
std::vector<GgufRoleNames> GgufRolesByName();

// Tokens that end a generation, and so are control tokens whatever their type.
std::span<const std::string_view> GgufEndNames();

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_FORMATS_GGUF_NAMES_H_
