#include "embed_init/checkpoint.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <map>
#include <set>
#include <system_error>

#include "embed_init/config/family.h"
#include "embed_init/config/model_config.h"
#include "embed_init/gguf/model.h"
#include "embed_init/pytorch/archive.h"
#include "embed_init/weights/weight_file.h"
#include "tokenizer/base/json.h"
#include "tokenizer/base/mapped_file.h"

namespace tokgraft {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSingle = "model.safetensors";
constexpr std::string_view kIndex = "model.safetensors.index.json";
constexpr std::string_view kPytorchSingle = "pytorch_model.bin";
constexpr std::string_view kPytorchIndex = "pytorch_model.bin.index.json";

bool IsFile(const std::string& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

// The name of a file inside the directory: no path that leads out of it.
bool IsPlainName(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string_view::npos;
}

Status AddFile(const std::string& file, Checkpoint* checkpoint) {
  TOKGRAFT_ASSIGN_OR_RETURN(WeightFile weights,
                            ReadWeightFile(Cat(checkpoint->directory, "/", file), file));
  checkpoint->files.push_back(file);
  for (TensorInfo& tensor : weights.tensors) checkpoint->tensors.push_back(std::move(tensor));
  return absl::OkStatus();
}

// tensor -> file, as the index says.
StatusOr<std::map<std::string, std::string>> ReadIndex(const std::string& path) {
  TOKGRAFT_ASSIGN_OR_RETURN(MappedFile file, MappedFile::Open(path));
  TOKGRAFT_ASSIGN_OR_RETURN(JsonDocument document, JsonDocument::Parse(file.bytes(), path));
  TOKGRAFT_ASSIGN_OR_RETURN(JsonValue weights, document.root().Get("weight_map"));
  std::map<std::string, std::string> map;
  TOKGRAFT_RETURN_IF_ERROR(
      weights.ForEachMember([&](std::string_view name, JsonValue value) -> Status {
        TOKGRAFT_ASSIGN_OR_RETURN(std::string_view shard, value.String());
        if (!IsPlainName(shard)) {
          return value.Error("is not the name of a file in this directory; restore the index");
        }
        map[std::string(name)] = std::string(shard);
        return absl::OkStatus();
      }));
  return map;
}

// Shards of PyTorch are written under new names, which must stay apart.
Status CheckWrittenNames(const std::set<std::string>& files, const std::string& index) {
  std::map<std::string, std::string> written;
  for (const std::string& file : files) {
    const auto [first, fresh] = written.emplace(WrittenName(file), file);
    if (fresh) continue;
    return InvalidArgumentError(Cat(index, ": weight_map: ", first->second, " and ", file,
                                    " would both be written as ", first->first,
                                    ", names that stay apart were expected; rename one"));
  }
  return absl::OkStatus();
}

Status ReadShards(std::string_view index, Checkpoint* checkpoint) {
  const std::string path = Cat(checkpoint->directory, "/", index);
  TOKGRAFT_ASSIGN_OR_RETURN(const auto map, ReadIndex(path));
  checkpoint->index = std::string(index);
  std::set<std::string> files;
  for (const auto& [name, file] : map) files.insert(file);
  TOKGRAFT_RETURN_IF_ERROR(CheckWrittenNames(files, path));
  for (const std::string& file : files) {
    const Status added = AddFile(file, checkpoint);
    if (absl::IsNotFound(added)) {
      return DataLossError(
          Cat(path, ": weight_map: names ", file, ", which is not there; fetch the missing file"));
    }
    TOKGRAFT_RETURN_IF_ERROR(added);
  }
  std::map<std::string_view, std::string_view> found;
  for (const TensorInfo& tensor : checkpoint->tensors) {
    const auto [first, fresh] = found.emplace(tensor.name, tensor.file);
    if (!fresh) {
      return InvalidArgumentError(Cat(path, ": tensor ", tensor.name, " stands in ", first->second,
                                      " and in ", tensor.file, ", one file was expected; ",
                                      "do not trust this model"));
    }
    const auto named = map.find(tensor.name);
    if (named == map.end() || named->second != tensor.file) {
      return InvalidArgumentError(Cat(path, ": weight_map: does not name ", tensor.name, " of ",
                                      tensor.file, "; restore the index"));
    }
  }
  for (const auto& [name, file] : map) {
    if (!found.contains(name)) {
      return DataLossError(
          Cat(path, ": weight_map.", name, ": is not in ", file, "; fetch that file again"));
    }
  }
  return absl::OkStatus();
}

Status ReadWeights(Checkpoint* checkpoint) {
  const std::string& directory = checkpoint->directory;
  if (IsFile(Cat(directory, "/", kIndex))) return ReadShards(kIndex, checkpoint);
  if (IsFile(Cat(directory, "/", kSingle))) return AddFile(std::string(kSingle), checkpoint);
  if (IsFile(Cat(directory, "/", kPytorchIndex))) return ReadShards(kPytorchIndex, checkpoint);
  if (IsFile(Cat(directory, "/", kPytorchSingle))) {
    return AddFile(std::string(kPytorchSingle), checkpoint);
  }
  return NotFoundError(Cat(directory, ": has no ", kSingle, ", no ", kPytorchSingle,
                           " and no index of shards; name the directory of a Hugging Face model"));
}

// A tied head that is stored too must be the embedding; a family that ties by default but stores
// something else has untied it.
Status SettleStoredTiedHead(const ModelConfig& config, Checkpoint* checkpoint) {
  if (checkpoint->head_kind != HeadKind::kTied || !checkpoint->head) return absl::OkStatus();
  const TensorInfo* embedding = checkpoint->Find(checkpoint->embedding.tensor);
  const TensorInfo* head = checkpoint->Find(checkpoint->head->tensor);
  TOKGRAFT_ASSIGN_OR_RETURN(MappedFile a,
                            MappedFile::Open(Cat(checkpoint->directory, "/", embedding->file)));
  TOKGRAFT_ASSIGN_OR_RETURN(MappedFile b,
                            MappedFile::Open(Cat(checkpoint->directory, "/", head->file)));
  const bool same = embedding->dtype == head->dtype &&
                    embedding->size_bytes() == head->size_bytes() &&
                    a.bytes().size() >= embedding->end && b.bytes().size() >= head->end &&
                    std::memcmp(a.bytes().data() + embedding->begin, b.bytes().data() + head->begin,
                                embedding->size_bytes()) == 0;
  if (same) return absl::OkStatus();
  if (!config.tied) {
    checkpoint->head_kind = HeadKind::kSeparate;
    return absl::OkStatus();
  }
  return FailedPreconditionError(Cat(checkpoint->directory,
                                     "/config.json: tie_word_embeddings: is "
                                     "true, but ",
                                     head->name, " differs from ", embedding->name,
                                     "; set it to false, or remove the stored head"));
}

void SortByName(std::vector<TensorInfo>* tensors) {
  std::sort(tensors->begin(), tensors->end(),
            [](const TensorInfo& a, const TensorInfo& b) { return a.name < b.name; });
}

// The one GGUF file at a path that is no Hugging Face model.
StatusOr<std::string> GgufFileAt(const std::string& path, bool is_directory) {
  if (!is_directory) {
    if (IsGgufName(path)) return path;
    return NotFoundError(Cat(path,
                             ": is a file, a Hugging Face model directory or a GGUF file (*.gguf) "
                             "was expected; check the path"));
  }
  std::vector<std::string> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(path, error)) {
    if (entry.is_regular_file(error) && IsGgufName(entry.path().string())) {
      found.push_back(entry.path().filename().string());
    }
  }
  if (found.size() == 1) return Cat(path, "/", found.front());
  if (found.empty()) {
    return NotFoundError(Cat(path,
                             "/config.json: no such file, a Hugging Face model directory was "
                             "expected; check the path"));
  }
  std::sort(found.begin(), found.end());
  return InvalidArgumentError(Cat(path, ": holds ", found.size(), " GGUF files (", found[0], ", ",
                                  found[1], ", ...), one was expected; name the file"));
}

StatusOr<Checkpoint> OpenGguf(const std::string& path, const CheckpointOptions& options) {
  const fs::path parts(path);
  Checkpoint checkpoint;
  checkpoint.directory = parts.has_parent_path() ? parts.parent_path().string() : ".";
  checkpoint.files.push_back(parts.filename().string());
  TOKGRAFT_ASSIGN_OR_RETURN(GgufModel model,
                            ReadGgufModel(GgufPathOf(checkpoint), checkpoint.files.front()));
  checkpoint.tensors = std::move(model.tensors);
  SortByName(&checkpoint.tensors);
  TOKGRAFT_RETURN_IF_ERROR(FindGgufRows(model.file, options, &checkpoint));
  return checkpoint;
}

}  // namespace

std::string_view HeadKindName(HeadKind kind) {
  switch (kind) {
    case HeadKind::kSeparate:
      return "separate";
    case HeadKind::kTied:
      return "tied";
    case HeadKind::kNone:
      return "none";
  }
  return "?";
}

const TensorInfo* Checkpoint::Find(std::string_view name) const {
  const auto at = std::lower_bound(
      tensors.begin(), tensors.end(), name,
      [](const TensorInfo& tensor, std::string_view wanted) { return tensor.name < wanted; });
  return at != tensors.end() && at->name == name ? &*at : nullptr;
}

std::string Checkpoint::DebugString() const {
  return Cat("Checkpoint{", directory, ", ", model_type, ", ", tensors.size(), " tensors in ",
             files.size(), " files, embedding ", embedding.tensor, " [", embedding.rows, ", ",
             embedding.columns, "] ", DTypeName(embedding.dtype), ", head ",
             HeadKindName(head_kind), head ? Cat(" ", head->tensor) : "", ", ", head_biases.size(),
             " biases}");
}

StatusOr<Checkpoint> OpenCheckpoint(const std::string& path, const CheckpointOptions& options) {
  std::error_code error;
  if (!fs::exists(path, error)) {
    return NotFoundError(Cat(path,
                             ": is not there, a Hugging Face model directory or a GGUF file was "
                             "expected; check the path"));
  }
  const bool is_directory = fs::is_directory(path, error);
  if (!is_directory || !fs::exists(Cat(path, "/config.json"), error)) {
    TOKGRAFT_ASSIGN_OR_RETURN(const std::string gguf, GgufFileAt(path, is_directory));
    return OpenGguf(gguf, options);
  }
  const std::string config_path = Cat(path, "/config.json");
  TOKGRAFT_ASSIGN_OR_RETURN(MappedFile config_file, MappedFile::Open(config_path));
  TOKGRAFT_ASSIGN_OR_RETURN(ModelConfig config, ParseModelConfig(config_file.bytes(), config_path));
  Checkpoint checkpoint;
  checkpoint.directory = path;
  checkpoint.model_type = config.model_type;
  TOKGRAFT_RETURN_IF_ERROR(ReadWeights(&checkpoint));
  SortByName(&checkpoint.tensors);
  TOKGRAFT_RETURN_IF_ERROR(FindRowTensors(config, options, &checkpoint));
  TOKGRAFT_RETURN_IF_ERROR(SettleStoredTiedHead(config, &checkpoint));
  return checkpoint;
}

}  // namespace tokgraft
