// The files beside a tokenizer: tokenizer_config.json, special_tokens_map.json, added_tokens.json,
// chat_template.jinja. Reading takes the roles of special tokens from them; writing makes them
// agree with the spec, so that transformers loads the very pipeline of tokenizer.json.
#ifndef TOKGRAFT_TOKENIZER_FORMATS_COMPANIONS_H_
#define TOKGRAFT_TOKENIZER_FORMATS_COMPANIONS_H_

#include <map>
#include <string>
#include <vector>

#include "tokenizer/spec.h"
#include "tokenizer/status.h"

namespace tokgraft {

// The names a directory is searched for.
std::vector<std::string> CompanionNames();

// Roles, and for a sentencepiece model add_bos and add_eos, from spec->companions. `directory`
// stands in messages.
Status ApplyCompanions(const std::string& directory, TokenizerSpec* spec);

// The companions of `spec` as they should be saved beside a file of `format`; each change adds a
// sentence to `notes`. Beside tokenizer.json a tokenizer_config.json is made where there is none,
// and names the class that runs the file as it is; elsewhere the class stays.
StatusOr<std::map<std::string, std::string>> CorrectedCompanions(const TokenizerSpec& spec,
                                                                 Format format,
                                                                 std::vector<std::string>* notes);

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_FORMATS_COMPANIONS_H_
