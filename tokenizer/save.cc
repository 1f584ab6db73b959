// Turns a spec into files: the main one by the writer of its format, the companions corrected.
#include "tokenizer/save.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "tokenizer/base/atomic_file.h"
#include "tokenizer/formats/companions.h"
#include "tokenizer/formats/tokenizer_json.h"

namespace tokgraft {
namespace {

namespace fs = std::filesystem;

// Keys that tokenizer.json cannot hold: Hugging Face refuses a file with a key it does not know.
void NoteUnsavedKeys(const TokenizerSpec& spec, std::vector<std::string>* notes) {
  for (const auto& [key, json] : spec.rest) {
    if (key == "truncation" || key == "padding" || key.compare(0, 6, "model.") == 0) continue;
    notes->push_back(Cat("tokenizer.json: the key \"", key,
                         "\" is left out, since Hugging Face refuses a file that has it"));
  }
}

StatusOr<SaveReport> WriteAll(const fs::path& directory, const SerializedFiles& serialized,
                              bool force) {
  SaveReport report{.paths = {}, .notes = serialized.notes};
  std::vector<std::pair<std::string, const std::string*>> order;
  for (const auto& [name, bytes] : serialized.files) {
    const std::string path = (directory / name).string();
    const auto place = name == serialized.main ? order.begin() : order.end();
    order.insert(place, {path, &bytes});
    std::error_code error;
    if (!force && fs::exists(fs::symlink_status(path, error))) {
      return FailedPreconditionError(
          Cat(path,
              ": exists already; choose another name, or force replacement (--force, force=True)"));
    }
  }
  for (const auto& [path, bytes] : order) {
    TOKGRAFT_RETURN_IF_ERROR(WriteFileAtomically(path, *bytes, force));
    report.paths.push_back(path);
  }
  return report;
}

}  // namespace

StatusOr<std::string> Serialize(const TokenizerSpec& spec, Format format) {
  if (format == Format::kTokenizerJson) return WriteTokenizerJson(spec);
  return UnimplementedError(
      Cat("tokenizers cannot be written as ", FormatName(format), ", only as tokenizer.json"));
}

StatusOr<SerializedFiles> SerializeFiles(const TokenizerSpec& spec, Format format) {
  SerializedFiles out;
  out.main = "tokenizer.json";
  TOKGRAFT_ASSIGN_OR_RETURN(std::string main, Serialize(spec, format));
  NoteUnsavedKeys(spec, &out.notes);
  TOKGRAFT_ASSIGN_OR_RETURN(out.files, CorrectedCompanions(spec, &out.notes));
  out.files[out.main] = std::move(main);
  return out;
}

StatusOr<SaveReport> Save(const TokenizerSpec& spec, const std::string& path,
                          const SaveOptions& options) {
  std::error_code error;
  if (fs::is_directory(path, error)) {
    TOKGRAFT_ASSIGN_OR_RETURN(const SerializedFiles files, SerializeFiles(spec, options.format));
    return WriteAll(path, files, options.force);
  }
  SaveReport report;
  TOKGRAFT_ASSIGN_OR_RETURN(const std::string bytes, Serialize(spec, options.format));
  NoteUnsavedKeys(spec, &report.notes);
  TOKGRAFT_RETURN_IF_ERROR(WriteFileAtomically(path, bytes, options.force));
  report.paths.push_back(path);
  return report;
}

}  // namespace tokgraft
