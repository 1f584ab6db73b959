// Recognises the format of a tokenizer file by its first bytes and hands it to the reader; reads a
// directory's companions along.
#include "tokenizer/load.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "tokenizer/base/json.h"
#include "tokenizer/base/mapped_file.h"
#include "tokenizer/formats/companions.h"
#include "tokenizer/formats/gguf.h"
#include "tokenizer/formats/sentencepiece.h"
#include "tokenizer/formats/tekken.h"
#include "tokenizer/formats/tiktoken.h"
#include "tokenizer/formats/tokenizer_json.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kExpected =
    "tokenizer.json, a sentencepiece .model, tiktoken ranks, tekken.json or GGUF was expected";

bool StartsWith(std::string_view bytes, std::string_view prefix) {
  return bytes.substr(0, prefix.size()) == prefix;
}

// The first byte that is neither white space nor part of a byte order mark.
char FirstCharacter(std::string_view bytes) {
  if (StartsWith(bytes, "\xEF\xBB\xBF")) bytes.remove_prefix(3);
  const std::size_t at = bytes.find_first_not_of(" \t\r\n");
  return at == std::string_view::npos ? '\0' : bytes[at];
}

Status PatternIsIgnored(const std::string& name, std::string_view format) {
  return InvalidArgumentError(
      Cat(name, ": a pattern was given, but ", format, " holds its own; leave the pattern out"));
}

// What a JSON file that is no tokenizer is, as far as its keys tell.
Status TellOtherJson(const JsonValue& root, const std::string& name) {
  std::string what = "JSON without a \"model\"";
  if (root.type() != JsonType::kObject) {
    what = "JSON that is no object";
  } else if (root.Find("tokenizer_class") || root.Find("added_tokens_decoder")) {
    what = "a tokenizer_config.json, which only accompanies a tokenizer";
  } else if (root.Find("architectures") || root.Find("model_type")) {
    what = "the config of a model";
  } else if (root.Find("weight_map")) {
    what = "the index of a model's weights";
  } else if (root.Find("<|endoftext|>") || root.Find("a")) {
    what = "a vocabulary without its merges (vocab.json)";
  }
  return InvalidArgumentError(Cat(name, ": is ", what, ", ", kExpected,
                                  "; give the file tokenizer.json or the directory that holds it"));
}

StatusOr<TokenizerSpec> LoadJson(std::string_view bytes, const std::string& name,
                                 const LoadOptions& options) {
  const bool is_tekken = LooksLikeTekken(bytes);
  if (!options.pattern.empty()) {
    return PatternIsIgnored(name, is_tekken ? "tekken.json" : "tokenizer.json");
  }
  if (is_tekken) return ReadTekken(bytes, name);
  TOKGRAFT_ASSIGN_OR_RETURN(const JsonDocument document, JsonDocument::Parse(bytes, name));
  if (!LooksLikeTokenizerJson(document.root())) return TellOtherJson(document.root(), name);
  return ReadTokenizerJson(document.root(), name);
}

// Files that are often given by mistake.
Status TellOtherFile(std::string_view bytes, const std::string& name) {
  std::string what;
  const bool is_pickle = bytes.size() > 2 && bytes[0] == '\x80' && bytes[1] >= 2 && bytes[1] <= 5;
  if (is_pickle || StartsWith(bytes, "PK\x03\x04")) {
    return InvalidArgumentError(
        Cat(name, ": is a pickle or an archive, ", kExpected, "; what it holds is never executed"));
  }
  if (StartsWith(bytes, "#version")) {
    what = "a list of merges without its vocabulary (merges.txt)";
  } else if (bytes.size() > 9 && bytes[8] == '{' &&
             bytes.substr(5, 3) == std::string_view("\0\0\0", 3)) {
    what = "a safetensors file";
  } else if (StartsWith(bytes, "version https://git-lfs")) {
    return DataLossError(Cat(name, ": is a pointer of Git LFS, ", kExpected,
                             "; fetch the file itself (git lfs pull)"));
  } else {
    const std::string_view head = bytes.substr(0, 4096);
    const bool is_text = head.find('\0') == std::string_view::npos && CountInvalid(head) <= 1;
    what = is_text ? "plain text" : "no tokenizer that is known";
  }
  return InvalidArgumentError(Cat(name, ": byte 0: is ", what, ", ", kExpected));
}

// ---- Directories -------------------------------------------------------------------------------

// The tokenizer of a directory, or an empty path.
fs::path FindMainFile(const fs::path& directory) {
  std::error_code error;
  for (const char* name : {"tokenizer.json", "tokenizer.model", "tekken.json"}) {
    if (fs::is_regular_file(directory / name, error)) return directory / name;
  }
  std::vector<fs::path> entries;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    entries.push_back(entry->path());
  }
  std::sort(entries.begin(), entries.end());
  for (const char* extension : {".tiktoken", ".gguf"}) {
    for (const fs::path& entry : entries) {
      if (entry.extension() == extension && fs::is_regular_file(entry, error)) return entry;
    }
  }
  return {};
}

Status NoTokenizerIn(const fs::path& directory) {
  std::error_code error;
  const bool slow_files = fs::exists(directory / "vocab.json", error) ||
                          fs::exists(directory / "vocab.txt", error) ||
                          fs::exists(directory / "spiece.model", error);
  return NotFoundError(
      Cat(directory.string(),
          ": no tokenizer in this directory, one of tokenizer.json, tokenizer.model, tekken.json, "
          "*.tiktoken, *.gguf was expected",
          slow_files ? "; its older files (vocab.json, vocab.txt, spiece.model) become a "
                       "tokenizer.json by AutoTokenizer.from_pretrained(...).save_pretrained(...)"
                     : ""));
}

Status ReadCompanions(const fs::path& directory, TokenizerSpec* spec) {
  for (const std::string& name : CompanionNames()) {
    const fs::path path = directory / name;
    std::error_code error;
    if (!fs::is_regular_file(path, error)) continue;
    TOKGRAFT_ASSIGN_OR_RETURN(const MappedFile file, MappedFile::Open(path.string()));
    spec->companions[name] = std::string(file.bytes());
  }
  return absl::OkStatus();
}

StatusOr<TokenizerSpec> LoadFile(const std::string& path, const LoadOptions& options) {
  TOKGRAFT_ASSIGN_OR_RETURN(const MappedFile file, MappedFile::Open(path));
  // Ranks may have beside them what they leave out.
  const std::string encoding = path + ".json";
  std::error_code error;
  if (options.pattern.empty() && LooksLikeTiktoken(file.bytes()) &&
      fs::is_regular_file(encoding, error)) {
    TOKGRAFT_ASSIGN_OR_RETURN(const MappedFile beside, MappedFile::Open(encoding));
    return LoadBytes(file.bytes(), path, {.pattern = std::string(beside.bytes())});
  }
  return LoadBytes(file.bytes(), path, options);
}

StatusOr<TokenizerSpec> LoadDirectory(const fs::path& directory, const LoadOptions& options) {
  const fs::path main = FindMainFile(directory);
  if (main.empty()) return NoTokenizerIn(directory);
  TOKGRAFT_ASSIGN_OR_RETURN(TokenizerSpec spec, LoadFile(main.string(), options));
  TOKGRAFT_RETURN_IF_ERROR(ReadCompanions(directory, &spec));
  TOKGRAFT_RETURN_IF_ERROR(ApplyCompanions(directory.string(), &spec));
  return spec;
}

}  // namespace

StatusOr<TokenizerSpec> LoadBytes(std::string_view bytes, const std::string& name,
                                  const LoadOptions& options) {
  if (bytes.empty()) return DataLossError(Cat(name, ": is empty, ", kExpected));
  const char first = FirstCharacter(bytes);
  if (first == '{' || first == '[') return LoadJson(bytes, name, options);
  if (LooksLikeTiktoken(bytes)) return ReadTiktoken(bytes, name, options.pattern);
  const bool is_gguf = LooksLikeGguf(bytes);
  if (is_gguf || LooksLikeSentencePiece(bytes)) {
    if (!options.pattern.empty()) {
      return PatternIsIgnored(name, is_gguf ? "GGUF" : "a sentencepiece model");
    }
    return is_gguf ? ReadGguf(bytes, name) : ReadSentencePiece(bytes, name);
  }
  return TellOtherFile(bytes, name);
}

StatusOr<TokenizerSpec> Load(const std::string& path, const LoadOptions& options) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) {
    return NotFoundError(Cat(path, ": no such file or directory; check the path"));
  }
  if (fs::is_directory(status)) return LoadDirectory(path, options);
  return LoadFile(path, options);
}

}  // namespace tokgraft
