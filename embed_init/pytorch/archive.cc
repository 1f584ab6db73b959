#include "embed_init/pytorch/archive.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "embed_init/pytorch/pickle.h"
#include "embed_init/pytorch/zip.h"
#include "embed_init/safetensors/header.h"
#include "tokenizer/base/mapped_file.h"

namespace tokgraft {
namespace {

constexpr std::string_view kEnding = ".bin";
constexpr std::string_view kIndexEnding = ".bin.index.json";
constexpr std::string_view kPickle = "/data.pkl";

const ZipEntry* Find(const std::vector<ZipEntry>& entries, std::string_view name) {
  const auto at = std::lower_bound(
      entries.begin(), entries.end(), name,
      [](const ZipEntry& entry, std::string_view wanted) { return entry.name < wanted; });
  return at != entries.end() && at->name == name ? &*at : nullptr;
}

std::string_view BytesOf(std::string_view file, const ZipEntry& entry) {
  return file.substr(static_cast<std::size_t>(entry.begin),
                     static_cast<std::size_t>(entry.end - entry.begin));
}

// The folder of the archive that holds all of it: "archive", "pytorch_model", ...
StatusOr<std::string> FolderOf(const std::vector<ZipEntry>& entries, const std::string& path) {
  std::string folder;
  for (const ZipEntry& entry : entries) {
    const std::string_view name = entry.name;
    if (!name.ends_with(kPickle) || name.find('/') != name.size() - kPickle.size()) continue;
    if (!folder.empty()) {
      return InvalidArgumentError(Cat(path, ": byte ", entry.begin, ": a second data.pkl, one was ",
                                      "expected; do not trust this file"));
    }
    folder = std::string(name.substr(0, name.size() - kPickle.size()));
  }
  if (!folder.empty()) return folder;
  return InvalidArgumentError(Cat(path,
                                  ": the zip archive has no data.pkl, which torch.save writes; "
                                  "this is not a checkpoint of PyTorch"));
}

std::string Renamed(std::string_view stem, std::string_view ending) {
  constexpr std::string_view kPrefix = "pytorch_model";
  if (stem.starts_with(kPrefix)) stem.remove_prefix(std::string_view("pytorch_").size());
  return Cat(stem, ending);
}

}  // namespace

bool IsPytorchFile(std::string_view file) { return file.ends_with(kEnding); }

std::string WrittenName(std::string_view file) {
  if (file.ends_with(kIndexEnding)) {
    return Renamed(file.substr(0, file.size() - kIndexEnding.size()), ".safetensors.index.json");
  }
  if (!IsPytorchFile(file)) return std::string(file);
  return Renamed(file.substr(0, file.size() - kEnding.size()), ".safetensors");
}

StatusOr<std::vector<TensorInfo>> ReadPytorchTensors(const std::string& path,
                                                     const std::string& file) {
  TOKGRAFT_ASSIGN_OR_RETURN(MappedFile mapped, MappedFile::Open(path));
  const std::string_view bytes = mapped.bytes();
  if (bytes.empty()) {
    return DataLossError(Cat(path, ": byte 0: the file is empty; download it again"));
  }
  if (!LooksLikeZip(bytes)) {
    return UnimplementedError(Cat(
        path,
        ": byte 0: is no zip archive, which torch.save has written since version 1.6; load it with "
        "torch.load(path, weights_only=True) and save it again with torch.save"));
  }
  TOKGRAFT_ASSIGN_OR_RETURN(const std::vector<ZipEntry> entries, ReadZipDirectory(bytes, path));
  TOKGRAFT_ASSIGN_OR_RETURN(const std::string folder, FolderOf(entries, path));
  if (const ZipEntry* order = Find(entries, folder + "/byteorder")) {
    if (BytesOf(bytes, *order) != "little") {
      return UnimplementedError(Cat(path, ": byte ", order->begin,
                                    ": byteorder is not little; save it on another machine"));
    }
  }
  TOKGRAFT_ASSIGN_OR_RETURN(
      const std::vector<PickledTensor> pickled,
      ReadPickledTensors(BytesOf(bytes, *Find(entries, folder + std::string(kPickle))),
                         Cat(path, ": data.pkl")));
  std::vector<TensorInfo> tensors;
  for (const PickledTensor& tensor : pickled) {
    const ZipEntry* storage = Find(entries, Cat(folder, "/data/", tensor.storage));
    if (storage == nullptr || storage->end - storage->begin != tensor.storage_bytes) {
      return DataLossError(Cat(path, ": data/", tensor.storage, ": ",
                               storage == nullptr
                                   ? std::string("is missing")
                                   : Cat("has ", storage->end - storage->begin, " bytes"),
                               ", ", tensor.storage_bytes, " were expected for ", tensor.name,
                               "; the file is damaged, download it again"));
    }
    const std::uint64_t begin = storage->begin + tensor.begin;
    tensors.push_back({.name = tensor.name,
                       .dtype = tensor.dtype,
                       .shape = tensor.shape,
                       .file = file,
                       .begin = begin,
                       .end = begin + TensorBytes(tensor.dtype, tensor.shape).value_or(0)});
  }
  const auto place = [](const TensorInfo& tensor) {
    return std::tuple(-static_cast<int>(DTypeBlockOf(tensor.dtype).bytes), tensor.begin,
                      std::string_view(tensor.name));
  };
  std::sort(tensors.begin(), tensors.end(),
            [&](const TensorInfo& a, const TensorInfo& b) { return place(a) < place(b); });
  return tensors;
}

}  // namespace tokgraft
