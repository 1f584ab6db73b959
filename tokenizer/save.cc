// Turns a spec into files: the main one by the writer of its format, the companions corrected.
#include "tokenizer/save.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "tokenizer/base/atomic_file.h"
#include "tokenizer/base/report_text.h"
#include "tokenizer/convert.h"
#include "tokenizer/convert/compare_ids.h"
#include "tokenizer/convert/read_back.h"
#include "tokenizer/formats/companions.h"
#include "tokenizer/formats/gguf.h"
#include "tokenizer/formats/sentencepiece.h"
#include "tokenizer/formats/tekken.h"
#include "tokenizer/formats/tiktoken.h"
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

StatusOr<std::string> Write(const TokenizerSpec& spec, Format format) {
  switch (format) {
    case Format::kTokenizerJson:
      return WriteTokenizerJson(spec);
    case Format::kSentencePiece:
      return WriteSentencePiece(spec);
    case Format::kTiktoken:
      return WriteTiktoken(spec);
    case Format::kTekken:
      return WriteTekken(spec);
    case Format::kGguf:
      return WriteGguf(spec);
  }
  return InternalError("no such format");
}

// The name under which a directory's reader finds the format; a file of that format keeps its own.
std::string MainName(const TokenizerSpec& spec, Format format) {
  const fs::path source(spec.source);
  const bool keeps = spec.format == format;
  switch (format) {
    case Format::kTokenizerJson:
      return "tokenizer.json";
    case Format::kSentencePiece:
      return "tokenizer.model";
    case Format::kTiktoken:
      return keeps && source.extension() == ".tiktoken" ? source.filename().string()
                                                        : "tokenizer.tiktoken";
    case Format::kTekken:
      return "tekken.json";
    case Format::kGguf:
      return keeps && source.extension() == ".gguf" ? source.filename().string() : "tokenizer.gguf";
  }
  return "tokenizer";
}

// The main file under this name, checked, and what its format keeps beside it.
StatusOr<SerializedFiles> MainFiles(const TokenizerSpec& spec, Format format, std::string name) {
  SerializedFiles out;
  LoadOptions options;
  out.main = std::move(name);
  TOKGRAFT_ASSIGN_OR_RETURN(std::string bytes, Write(spec, format));
  if (format == Format::kTiktoken) {
    TOKGRAFT_ASSIGN_OR_RETURN(options.pattern, WriteTiktokenEncoding(spec));
    out.files[out.main + ".json"] = options.pattern;
  }
  TOKGRAFT_RETURN_IF_ERROR(CheckReadBack(spec, bytes, options));
  if (format == Format::kTokenizerJson) NoteUnsavedKeys(spec, &out.notes);
  out.files[out.main] = std::move(bytes);
  return out;
}

// The main file and companions of a spec in its own format.
StatusOr<SerializedFiles> AllFiles(const TokenizerSpec& spec) {
  const Format format = spec.format;
  TOKGRAFT_ASSIGN_OR_RETURN(SerializedFiles out, MainFiles(spec, format, MainName(spec, format)));
  TOKGRAFT_ASSIGN_OR_RETURN(const auto companions, CorrectedCompanions(spec, format, &out.notes));
  out.files.insert(companions.begin(), companions.end());
  return out;
}

// The spec in another format; what is to be said about it comes before `notes`.
StatusOr<TokenizerSpec> Converted(const TokenizerSpec& spec, Format format, bool lossy,
                                  std::vector<std::string>* notes) {
  TOKGRAFT_ASSIGN_OR_RETURN(Conversion made, Convert(spec, format, {.lossy = lossy, .texts = {}}));
  if (made.counterexample) {
    made.notes.insert(made.notes.begin(),
                      Cat(Fixed(100 * made.changed_bytes, 4), " % of ", made.measured_bytes,
                          " bytes are in texts whose ids change, such as ",
                          QuotedForMessage(*made.counterexample)));
  } else if (!made.model_proved) {
    made.notes.push_back(Cat("not proved to give the same ids; ", made.checked_bytes,
                             " bytes of text were checked, and none changed"));
  }
  *notes = std::move(made.notes);
  return std::move(made.spec);
}

StatusOr<SaveReport> SaveAsItIs(const TokenizerSpec& spec, const std::string& path,
                                const SaveOptions& options) {
  std::error_code error;
  if (fs::is_directory(path, error)) {
    TOKGRAFT_ASSIGN_OR_RETURN(const SerializedFiles files, AllFiles(spec));
    return WriteAll(path, files, options.force);
  }
  const fs::path target(path);
  TOKGRAFT_ASSIGN_OR_RETURN(const SerializedFiles files,
                            MainFiles(spec, options.format, target.filename().string()));
  return WriteAll(target.parent_path(), files, options.force);
}

}  // namespace

StatusOr<std::string> Serialize(const TokenizerSpec& spec, Format format) {
  if (spec.format != format) {
    std::vector<std::string> notes;
    TOKGRAFT_ASSIGN_OR_RETURN(const TokenizerSpec made, Converted(spec, format, false, &notes));
    return Serialize(made, format);
  }
  TOKGRAFT_ASSIGN_OR_RETURN(SerializedFiles files, MainFiles(spec, format, "main"));
  return std::move(files.files[files.main]);
}

Status CheckSavable(const TokenizerSpec& spec, Format format) {
  if (spec.format != format) return Serialize(spec, format).status();
  if (format == Format::kTokenizerJson) return CheckTokenizerJson(spec);
  TOKGRAFT_RETURN_IF_ERROR(Write(spec, format).status());
  return format == Format::kTiktoken ? WriteTiktokenEncoding(spec).status() : Status();
}

StatusOr<SerializedFiles> SerializeFiles(const TokenizerSpec& spec, Format format) {
  if (spec.format == format) return AllFiles(spec);
  std::vector<std::string> notes;
  TOKGRAFT_ASSIGN_OR_RETURN(const TokenizerSpec made, Converted(spec, format, false, &notes));
  TOKGRAFT_ASSIGN_OR_RETURN(SerializedFiles out, AllFiles(made));
  out.notes.insert(out.notes.begin(), notes.begin(), notes.end());
  return out;
}

StatusOr<SaveReport> Save(const TokenizerSpec& spec, const std::string& path,
                          const SaveOptions& options) {
  if (spec.format == options.format) return SaveAsItIs(spec, path, options);
  std::vector<std::string> notes;
  TOKGRAFT_ASSIGN_OR_RETURN(const TokenizerSpec made,
                            Converted(spec, options.format, options.lossy, &notes));
  TOKGRAFT_ASSIGN_OR_RETURN(SaveReport report, SaveAsItIs(made, path, options));
  report.notes.insert(report.notes.begin(), notes.begin(), notes.end());
  return report;
}

}  // namespace tokgraft
