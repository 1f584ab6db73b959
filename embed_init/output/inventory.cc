#include "embed_init/output/inventory.h"

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "embed_init/gguf/model.h"
#include "embed_init/pytorch/archive.h"
#include "tokenizer/base/system_error.h"

namespace tokgraft {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTokenizerFiles[] = {"tokenizer.json",
                                                "tokenizer.model",
                                                "tokenizer.model.v3",
                                                "tokenizer.model.v7",
                                                "tokenizer_config.json",
                                                "special_tokens_map.json",
                                                "added_tokens.json",
                                                "vocab.json",
                                                "vocab.txt",
                                                "merges.txt",
                                                "spiece.model",
                                                "sentencepiece.bpe.model",
                                                "tekken.json",
                                                "chat_template.jinja"};
// Weights in other formats, states of training, and what this program wrote for another vocabulary.
constexpr std::string_view kStaleEndings[] = {".safetensors", ".bin",     ".pt",    ".pth", ".ckpt",
                                              ".h5",          ".msgpack", ".onnx",  ".ot",  ".gguf",
                                              ".ggml",        ".npz",     ".tflite"};
constexpr std::string_view kOwnFiles[] = {
    "tokgraft.json",  "tokgraft_rows.json", "init_report.json", "id_map.json",
    "conflicts.json", "certificate.json",   "efficiency.json"};

template <std::size_t n>
bool IsAny(std::string_view name, const std::string_view (&list)[n]) {
  return std::find(std::begin(list), std::end(list), name) != std::end(list);
}

// "1_Pooling/config.json", "2_Dense/model.safetensors": layers after the model, with no rows.
bool IsModuleOfSentenceTransformers(std::string_view name) {
  const std::size_t digits = name.find_first_not_of("0123456789");
  return digits != 0 && digits != std::string_view::npos && name[digits] == '_' &&
         name.find('/') != std::string_view::npos;
}

void Classify(const Checkpoint& checkpoint, const std::vector<std::string>& changed,
              ModelFile* file) {
  const std::string& name = file->name;
  const auto in = [&](const std::vector<std::string>& list) {
    return std::find(list.begin(), list.end(), name) != list.end();
  };
  if (in(changed) || (in(checkpoint.files) && IsPytorchFile(name))) {
    file->fate = FileFate::kRewriteTensors;
  } else if (in(checkpoint.files)) {
    file->fate = FileFate::kKeep;
  } else if (name == "config.json" || name == "generation_config.json" ||
             (!checkpoint.index.empty() && name == checkpoint.index)) {
    file->fate = FileFate::kUpdate;
  } else if (IsAny(name, kTokenizerFiles) || name.ends_with(".tiktoken")) {
    file->fate = FileFate::kTokenizer;
  } else if (IsAny(name, kOwnFiles)) {
    file->fate = FileFate::kLeaveOut;
    file->why = "tells of the merge before";
  } else if (!IsModuleOfSentenceTransformers(name)) {
    for (const std::string_view end : kStaleEndings) {
      if (!name.ends_with(end) && name.find(Cat(end, ".index.")) == std::string::npos) continue;
      file->fate = FileFate::kLeaveOut;
      file->why = "weights of the old vocabulary";
    }
  }
}

}  // namespace

StatusOr<std::vector<ModelFile>> ListModelFiles(const Checkpoint& checkpoint,
                                                const std::vector<std::string>& changed) {
  std::vector<ModelFile> files;
  std::error_code error;
  if (IsGguf(checkpoint)) {  // a file of its own, whatever lies around it
    const std::uint64_t size_bytes = fs::file_size(GgufPathOf(checkpoint), error);
    if (error) return SystemError(GgufPathOf(checkpoint), "cannot be read", error.value());
    files.push_back({checkpoint.files.front(), FileFate::kRewriteTensors, size_bytes, ""});
    return files;
  }
  fs::recursive_directory_iterator at(checkpoint.directory, error);
  if (error) return SystemError(checkpoint.directory, "cannot be listed", error.value());
  for (const fs::recursive_directory_iterator end; at != end; at.increment(error)) {
    if (error) return SystemError(checkpoint.directory, "cannot be listed", error.value());
    const fs::path& path = at->path();
    if (path.filename().string().starts_with(".")) {
      at.disable_recursion_pending();
      continue;
    }
    std::error_code status_error;
    if (!at->is_regular_file(status_error)) continue;
    ModelFile file;
    file.name = path.lexically_relative(checkpoint.directory).string();
    file.size_bytes = at->file_size(status_error);
    if (status_error) return SystemError(path.string(), "cannot be read", status_error.value());
    Classify(checkpoint, changed, &file);
    files.push_back(std::move(file));
  }
  std::sort(files.begin(), files.end(),
            [](const ModelFile& a, const ModelFile& b) { return a.name < b.name; });
  return files;
}

StatusOr<std::vector<std::string>> FilesOfDonorModel(const std::string& directory) {
  TOKGRAFT_ASSIGN_OR_RETURN(const Checkpoint donor, OpenCheckpoint(directory));
  std::vector<std::string> paths = {Cat(directory, "/config.json")};
  for (const std::string& file : donor.files) paths.push_back(Cat(directory, "/", file));
  return paths;
}

}  // namespace tokgraft
