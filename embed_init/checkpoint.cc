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
#include "embed_init/safetensors/header.h"
#include "tokenizer/base/json.h"
#include "tokenizer/base/mapped_file.h"

namespace tokgraft {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSingle = "model.safetensors";
constexpr std::string_view kIndex = "model.safetensors.index.json";

bool IsFile(const std::string& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

// The name of a file inside the directory: no path that leads out of it.
bool IsPlainName(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string_view::npos;
}

Status AddFile(const std::string& file, Checkpoint* checkpoint) {
  TOKGRAFT_ASSIGN_OR_RETURN(SafetensorsHeader header,
                            ReadSafetensorsHeader(Cat(checkpoint->directory, "/", file), file));
  checkpoint->files.push_back(file);
  for (TensorInfo& tensor : header.tensors) checkpoint->tensors.push_back(std::move(tensor));
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

Status ReadShards(Checkpoint* checkpoint) {
  const std::string path = Cat(checkpoint->directory, "/", kIndex);
  TOKGRAFT_ASSIGN_OR_RETURN(const auto map, ReadIndex(path));
  checkpoint->index = std::string(kIndex);
  std::set<std::string> files;
  for (const auto& [name, file] : map) files.insert(file);
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
  if (IsFile(Cat(directory, "/", kIndex))) return ReadShards(checkpoint);
  if (IsFile(Cat(directory, "/", kSingle))) return AddFile(std::string(kSingle), checkpoint);
  for (const std::string_view name : {"pytorch_model.bin", "pytorch_model.bin.index.json"}) {
    if (!IsFile(Cat(directory, "/", name))) continue;
    return UnimplementedError(Cat(directory, "/", name, ": the weights are only there as pickle, ",
                                  kSingle, " was expected; ",
                                  "convert them with transformers (save_pretrained)"));
  }
  return NotFoundError(Cat(directory, ": has no ", kSingle, " and no ", kIndex,
                           "; name the directory of a Hugging Face model"));
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

StatusOr<Checkpoint> OpenCheckpoint(const std::string& directory,
                                    const CheckpointOptions& options) {
  std::error_code error;
  if (!fs::is_directory(directory, error)) {
    return NotFoundError(Cat(directory,
                             fs::exists(directory, error) ? ": is a file" : ": is not there",
                             ", a Hugging Face model directory was expected; check the path"));
  }
  const std::string config_path = Cat(directory, "/config.json");
  if (!fs::exists(config_path, error)) {
    return NotFoundError(Cat(config_path,
                             ": no such file, a Hugging Face model directory was "
                             "expected; check the path"));
  }
  TOKGRAFT_ASSIGN_OR_RETURN(MappedFile config_file, MappedFile::Open(config_path));
  TOKGRAFT_ASSIGN_OR_RETURN(ModelConfig config, ParseModelConfig(config_file.bytes(), config_path));
  Checkpoint checkpoint;
  checkpoint.directory = directory;
  checkpoint.model_type = config.model_type;
  TOKGRAFT_RETURN_IF_ERROR(ReadWeights(&checkpoint));
  std::sort(checkpoint.tensors.begin(), checkpoint.tensors.end(),
            [](const TensorInfo& a, const TensorInfo& b) { return a.name < b.name; });
  TOKGRAFT_RETURN_IF_ERROR(FindRowTensors(config, options, &checkpoint));
  TOKGRAFT_RETURN_IF_ERROR(SettleStoredTiedHead(config, &checkpoint));
  return checkpoint;
}

}  // namespace tokgraft
