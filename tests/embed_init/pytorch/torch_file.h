// Files as torch.save writes them, and others that it never would.
#ifndef TOKGRAFT_TESTS_EMBED_INIT_PYTORCH_TORCH_FILE_H_
#define TOKGRAFT_TESTS_EMBED_INIT_PYTORCH_TORCH_FILE_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tests/embed_init/random_model.h"

namespace tokgraft::testing {

inline std::string LittleEndian(std::uint64_t value, std::size_t bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
  return out;
}

// Operations of a pickle.
inline std::string PickleText(const std::string& text) {
  return "X" + LittleEndian(text.size(), 4) + text;
}
inline std::string PickleInt(std::int64_t number) {
  return "J" + LittleEndian(static_cast<std::uint64_t>(number), 4);
}
inline std::string PickleTuple(const std::vector<std::uint64_t>& numbers) {
  std::string out = "(";
  for (const std::uint64_t number : numbers) {
    out += std::string("\x8a\x08") + LittleEndian(number, 8);
  }
  return out + "t";
}
inline std::string PickleGlobal(const std::string& module, const std::string& name) {
  return "c" + module + "\n" + name + "\n";
}

struct TorchTensor {
  std::string name;
  std::string storage_type = "FloatStorage";
  std::string key = "0";
  std::uint64_t elements = 0;  // of the storage
  std::uint64_t offset = 0;
  std::vector<std::uint64_t> shape = {};
  std::vector<std::uint64_t> strides = {};
};

inline std::string PickleTensor(const TorchTensor& tensor) {
  return PickleGlobal("torch._utils", "_rebuild_tensor_v2") + "((" + PickleText("storage") +
         PickleGlobal("torch", tensor.storage_type) + PickleText(tensor.key) + PickleText("cpu") +
         "\x8a\x08" + LittleEndian(tensor.elements, 8) + "tQ" + "\x8a\x08" +
         LittleEndian(tensor.offset, 8) + PickleTuple(tensor.shape) + PickleTuple(tensor.strides) +
         "\x89" + PickleGlobal("collections", "OrderedDict") + ")RtR";
}

inline std::string PickleOf(const std::vector<TorchTensor>& tensors) {
  std::string out =
      "\x80\x02" + PickleGlobal("collections", "OrderedDict") + ")Rq" + std::string(1, '\0') + "(";
  for (const TorchTensor& tensor : tensors) out += PickleText(tensor.name) + PickleTensor(tensor);
  return out + "u}" + PickleText("_metadata") + "}sb.";
}

struct ZipFileEntry {
  std::string name;
  std::string bytes;
  std::uint16_t method = 0;
  std::uint16_t flags = 0;
};

// A zip archive; as zip64 every size and place stands in the 64-bit fields.
inline std::string ZipBytes(const std::vector<ZipFileEntry>& entries, bool zip64 = false) {
  std::string out;
  std::string list;
  for (const ZipFileEntry& entry : entries) {
    const std::uint64_t local = out.size();
    const std::string sizes =
        LittleEndian(entry.bytes.size(), 4) + LittleEndian(entry.bytes.size(), 4);
    const std::string sizes64 = LittleEndian(entry.bytes.size(), 8) +
                                LittleEndian(entry.bytes.size(), 8) + LittleEndian(local, 8);
    const std::string unknown(8, '\xFF');
    out += "PK\x03\x04" + LittleEndian(20, 2) + LittleEndian(entry.flags, 2) +
           LittleEndian(entry.method, 2) + LittleEndian(0, 8) + sizes +
           LittleEndian(entry.name.size(), 2) + LittleEndian(5, 2) + entry.name + "FB" +
           LittleEndian(1, 2) + "Z" + entry.bytes;
    list += "PK\x01\x02" + LittleEndian(20, 2) + LittleEndian(20, 2) +
            LittleEndian(entry.flags, 2) + LittleEndian(entry.method, 2) + LittleEndian(0, 8) +
            (zip64 ? unknown : sizes) + LittleEndian(entry.name.size(), 2) +
            LittleEndian(zip64 ? 28 : 0, 2) + LittleEndian(0, 10) +
            (zip64 ? std::string(4, '\xFF') : LittleEndian(local, 4)) + entry.name;
    if (zip64) list += LittleEndian(1, 2) + LittleEndian(24, 2) + sizes64;
  }
  const std::uint64_t begin = out.size();
  const std::uint64_t end = begin + list.size();
  out += list;
  if (zip64) {
    out += "PK\x06\x06" + LittleEndian(44, 8) + LittleEndian(0, 4) + LittleEndian(0, 8) +
           LittleEndian(entries.size(), 8) + LittleEndian(entries.size(), 8) +
           LittleEndian(list.size(), 8) + LittleEndian(begin, 8);
    out += "PK\x06\x07" + LittleEndian(0, 4) + LittleEndian(end, 8) + LittleEndian(1, 4);
  }
  return out + "PK\x05\x06" + LittleEndian(0, 4) + LittleEndian(entries.size(), 2) +
         LittleEndian(entries.size(), 2) + LittleEndian(list.size(), 4) +
         (zip64 ? std::string(4, '\xFF') : LittleEndian(begin, 4)) + LittleEndian(0, 2);
}

// As WriteRandomModel does, in the format of torch.save; of two tensors with the same bytes there
// is one storage.
inline void WriteRandomTorchModel(const std::string& directory, const nlohmann::json& config,
                                  std::vector<RandomTensor> tensors, std::size_t shards = 1) {
  static const std::map<std::string, std::string> kStorages = {{"F32", "FloatStorage"},
                                                               {"F64", "DoubleStorage"},
                                                               {"F16", "HalfStorage"},
                                                               {"BF16", "BFloat16Storage"}};
  std::mt19937 random(7);
  for (RandomTensor& tensor : tensors) Draw(&tensor, &random);
  WriteText(directory + "/config.json", config.dump(2) + "\n");
  nlohmann::json index = {{"metadata", {{"total_size", 1}}}};
  for (std::size_t shard = 0; shard < shards; ++shard) {
    char name[64] = "pytorch_model.bin";
    if (shards > 1) {
      std::snprintf(name, sizeof name, "pytorch_model-%05zu-of-%05zu.bin", shard + 1, shards);
    }
    std::vector<TorchTensor> pickled;
    std::map<std::string, std::string> keys;  // bytes -> key
    std::vector<ZipFileEntry> entries = {{"archive/data.pkl", ""}, {"archive/byteorder", "little"}};
    for (std::size_t i = shard; i < tensors.size(); i += shards) {
      const RandomTensor& tensor = tensors[i];
      const auto [key, fresh] = keys.emplace(tensor.bytes, std::to_string(keys.size()));
      if (fresh) entries.push_back({"archive/data/" + key->second, tensor.bytes});
      std::vector<std::uint64_t> strides(tensor.shape.size(), 1);
      for (std::size_t d = strides.size(); d > 1; --d) {
        strides[d - 2] = strides[d - 1] * tensor.shape[d - 1];
      }
      pickled.push_back({tensor.name, kStorages.at(tensor.dtype), key->second,
                         tensor.bytes.size() / ElementBytes(tensor.dtype), 0, tensor.shape,
                         strides});
      index["weight_map"][tensor.name] = name;
    }
    entries[0].bytes = PickleOf(pickled);
    WriteText(directory + "/" + name, ZipBytes(entries));
  }
  if (shards > 1) WriteText(directory + "/pytorch_model.bin.index.json", index.dump(2));
}

}  // namespace tokgraft::testing

#endif  // TOKGRAFT_TESTS_EMBED_INIT_PYTORCH_TORCH_FILE_H_
