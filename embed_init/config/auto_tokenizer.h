// What transformers' AutoTokenizer makes of a model directory, where that is not our tokenizer.
#ifndef TOKGRAFT_EMBED_INIT_CONFIG_AUTO_TOKENIZER_H_
#define TOKGRAFT_EMBED_INIT_CONFIG_AUTO_TOKENIZER_H_

#include <string>
#include <string_view>

#include "tokenizer/spec.h"

namespace tokgraft {

// For some model types transformers 5 builds a class of its own whatever tokenizer_config.json says
// (it holds that field to be wrong for them), and that class brings its own stages. Nothing that a
// directory can say changes it. Returns the warning for a tokenizer with other stages, else "".
std::string AutoTokenizerWarning(std::string_view model_type, const TokenizerSpec& spec);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_CONFIG_AUTO_TOKENIZER_H_
