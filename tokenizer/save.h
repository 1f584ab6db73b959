// Save: a TokenizerSpec becomes the files of a format.
//
//   StatusOr<SaveReport> saved = Save(spec, "out/", {.format = Format::kTokenizerJson});
//   for (const std::string& note : saved->notes) std::cerr << note << "\n";
//
// tokenizer.json is written with its companions (tokenizer_config.json, special_tokens_map.json,
// added_tokens.json, chat_template.jinja) where the spec carries them, corrected: their ids and
// contents follow the spec, and a `tokenizer_class` that would make transformers rebuild another
// pipeline than the file's becomes PreTrainedTokenizerFast. Each correction is a note. Beside
// tiktoken ranks NAME stands NAME.json, with the regex and special tokens that ranks leave out.
// Before anything is written, the bytes are read again by the format's own reader and compared.
// Files are written to a temporary name, synced, renamed; an existing file is never replaced unless
// `force`. A spec of another format is converted first (convert.h); what the format cannot say is
// refused.
#ifndef TOKGRAFT_TOKENIZER_SAVE_H_
#define TOKGRAFT_TOKENIZER_SAVE_H_

#include <map>
#include <string>
#include <vector>

#include "tokenizer/spec.h"
#include "tokenizer/status.h"

namespace tokgraft {

struct SaveOptions {
  Format format = Format::kTokenizerJson;
  bool force = false;  // replace existing files
  bool lossy = false;  // convert although ids differ; a note says how much changes
};

struct SaveReport {
  std::vector<std::string> paths;  // what was written, the main file first
  std::vector<std::string> notes;  // what was corrected on the way, a sentence each
  friend bool operator==(const SaveReport&, const SaveReport&) = default;
};

// The files of a directory, in memory.
struct SerializedFiles {
  std::map<std::string, std::string> files;  // name -> bytes, the main file among them
  std::string main;                          // its name ("tokenizer.json")
  std::vector<std::string> notes;
};

// The bytes of the main file, checked. Errors: those of Convert and of the format's writer.
StatusOr<std::string> Serialize(const TokenizerSpec& spec, Format format);

// Whether it can be written, to be known before any work: the errors of Serialize, but those that
// only writing it, or reading it back, brings out.
Status CheckSavable(const TokenizerSpec& spec, Format format);

// The main file and its companions, for a caller that writes the directory itself.
StatusOr<SerializedFiles> SerializeFiles(const TokenizerSpec& spec, Format format);

// Writes `path`: an existing directory (then the format's usual names in it, companions too), or
// the name of the main file alone. Errors: FailedPrecondition (exists; nothing is written then),
// those of Serialize and Convert, Internal (the disk).
StatusOr<SaveReport> Save(const TokenizerSpec& spec, const std::string& path,
                          const SaveOptions& options = {});

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_SAVE_H_
