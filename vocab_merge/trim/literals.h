// The literal texts of a chat template: what stands outside its tags, and the string constants
// inside them. Enough of Jinja to find these, nothing is evaluated.
#ifndef TOKGRAFT_VOCAB_MERGE_TRIM_LITERALS_H_
#define TOKGRAFT_VOCAB_MERGE_TRIM_LITERALS_H_

#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/spec.h"

namespace tokgraft {

// In order, empty ones left out; escapes (\n, \t, \\, \', \") are resolved, comments skipped.
std::vector<std::string> TemplateLiterals(std::string_view chat_template);

// The chat templates that a tokenizer carries: chat_template.jinja, the member of
// tokenizer_config.json (one text, or a list of named ones), a GGUF's key.
std::vector<std::string> ChatTemplates(const TokenizerSpec& spec);

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_TRIM_LITERALS_H_
