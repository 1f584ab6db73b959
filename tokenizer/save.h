// Save: a TokenizerSpec becomes the files of a format.
//
//   Status saved = Save(spec, "out/", {.format = Format::kTokenizerJson});
//
// tokenizer.json is written with its companions (tokenizer_config.json, special_tokens_map.json,
// chat_template.jinja) where the spec carries them. Written to a temporary name, synced, renamed;
// an existing file is never replaced unless `force`. What the format cannot say is refused.
#ifndef TOKGRAFT_TOKENIZER_SAVE_H_
#define TOKGRAFT_TOKENIZER_SAVE_H_

#include <string>

#include "tokenizer/spec.h"
#include "tokenizer/status.h"

namespace tokgraft {

struct SaveOptions {
  Format format = Format::kTokenizerJson;
  bool force = false;  // replace existing files
};

// The bytes of the main file. Unimplemented: the format cannot hold this spec, or has no writer.
StatusOr<std::string> Serialize(const TokenizerSpec& spec, Format format);

// Writes `path`: a file name, or an existing directory (then tokenizer.json or the format's usual
// name in it). Errors: FailedPrecondition (exists), those of Serialize, Internal (the disk).
Status Save(const TokenizerSpec& spec, const std::string& path, const SaveOptions& options = {});

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_SAVE_H_
