// Random model directories of any family and layout, for the tests of this room.
#ifndef TOKGRAFT_TESTS_EMBED_INIT_RANDOM_MODEL_H_
#define TOKGRAFT_TESTS_EMBED_INIT_RANDOM_MODEL_H_

#include <stdlib.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "embed_init/checkpoint.h"
#include "vocab_merge/id_map.h"

namespace tokgraft::testing {

// A directory that goes away with the test.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "tokgraft-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline std::string ReadText(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

inline void WriteText(const std::string& path, const std::string& bytes) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

struct RandomTensor {
  std::string name;
  std::vector<std::uint64_t> shape;
  std::string dtype = "F32";
  std::string bytes = {};  // drawn where empty
};

inline std::uint64_t ElementBytes(const std::string& dtype) {
  return dtype == "F32" ? 4 : dtype == "F64" ? 8 : dtype == "U8" || dtype == "F8_E4M3" ? 1 : 2;
}

// Numbers around 0.05: for 16-bit types every pattern is kept finite.
inline void Draw(RandomTensor* tensor, std::mt19937* random) {
  if (!tensor->bytes.empty()) return;
  std::uint64_t count = 1;
  for (const std::uint64_t size : tensor->shape) count *= size;
  std::normal_distribution<float> normal(0, 0.05F);
  for (std::uint64_t i = 0; i < count; ++i) {
    const float value = normal(*random);
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, 4);
    if (tensor->dtype == "F32") {
      tensor->bytes.append(reinterpret_cast<const char*>(&value), 4);
    } else if (tensor->dtype == "F64") {
      const double wide = value;
      tensor->bytes.append(reinterpret_cast<const char*>(&wide), 8);
    } else if (tensor->dtype == "BF16") {
      const auto half = static_cast<std::uint16_t>(bits >> 16);
      tensor->bytes.append(reinterpret_cast<const char*>(&half), 2);
    } else if (tensor->dtype == "F16") {
      const auto half = static_cast<std::uint16_t>(((*random)() & 0x83FF) | 0x2800);
      tensor->bytes.append(reinterpret_cast<const char*>(&half), 2);
    } else {
      tensor->bytes.push_back(static_cast<char>((*random)() & 0x3F));
    }
  }
}

inline std::string SafetensorsBytes(const std::string& header, const std::string& data) {
  std::string bytes(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<char>(header.size() >> (8 * i));
  return bytes + header + data;
}

inline std::string SafetensorsBytes(const std::vector<RandomTensor>& tensors) {
  nlohmann::ordered_json header;
  header["__metadata__"] = {{"format", "pt"}};
  std::string data;
  for (const RandomTensor& tensor : tensors) {
    const std::size_t begin = data.size();
    data += tensor.bytes;
    header[tensor.name] = {
        {"dtype", tensor.dtype}, {"shape", tensor.shape}, {"data_offsets", {begin, data.size()}}};
  }
  return SafetensorsBytes(header.dump(), data);
}

// Writes a model: config.json and the tensors, in `shards` files.
inline void WriteRandomModel(const std::string& directory, const nlohmann::json& config,
                             std::vector<RandomTensor> tensors, std::size_t shards = 1) {
  std::mt19937 random(7);
  for (RandomTensor& tensor : tensors) Draw(&tensor, &random);
  WriteText(directory + "/config.json", config.dump(2) + "\n");
  if (shards == 1) {
    WriteText(directory + "/model.safetensors", SafetensorsBytes(tensors));
    return;
  }
  nlohmann::json index;
  std::uint64_t total = 0;
  for (std::size_t shard = 0; shard < shards; ++shard) {
    char name[64];
    std::snprintf(name, sizeof name, "model-%05zu-of-%05zu.safetensors", shard + 1, shards);
    std::vector<RandomTensor> part;
    const std::size_t per_shard = (tensors.size() + shards - 1) / shards;
    for (std::size_t i = shard * per_shard; i < std::min(tensors.size(), (shard + 1) * per_shard);
         ++i) {
      part.push_back(tensors[i]);
      total += tensors[i].bytes.size();
      index["weight_map"][tensors[i].name] = name;
    }
    WriteText(directory + "/" + name, SafetensorsBytes(part));
  }
  index["metadata"] = {{"total_size", total}};
  WriteText(directory + "/model.safetensors.index.json", index.dump(2));
}

// A Llama of tiny dimensions, with as many layers as a 70B has where asked.
inline std::vector<RandomTensor> LlamaTensors(std::uint64_t rows, std::uint64_t columns, bool tied,
                                              const std::string& dtype, int layers = 2) {
  std::vector<RandomTensor> tensors;
  if (!tied) tensors.push_back({"lm_head.weight", {rows, columns}, dtype});
  tensors.push_back({"model.embed_tokens.weight", {rows, columns}, dtype});
  for (int layer = 0; layer < layers; ++layer) {
    const std::string prefix = "model.layers." + std::to_string(layer) + ".";
    tensors.push_back({prefix + "self_attn.q_proj.weight", {columns, columns}, dtype});
    tensors.push_back({prefix + "mlp.up_proj.weight", {2 * columns, columns}, dtype});
  }
  tensors.push_back({"model.norm.weight", {columns}, dtype});
  return tensors;
}

inline nlohmann::json LlamaConfig(std::uint64_t rows, bool tied) {
  return {{"architectures", {"LlamaForCausalLM"}},
          {"model_type", "llama"},
          {"vocab_size", rows},
          {"tie_word_embeddings", tied},
          {"bos_token_id", 0},
          {"eos_token_id", {1, 2}},
          {"rms_norm_eps", 1e-05}};
}

// An `extend` by tokens whose bytes do not matter.
inline IdMap ExtendMap(std::uint64_t base, std::uint64_t added) {
  IdMap map;
  map.base_size = base;
  map.merged_size = base + added;
  for (TokenId id = 0; id < base; ++id) map.base_to_merged.emplace_back(id);
  for (TokenId i = 0; i < added; ++i) {
    AddedPiece piece;
    piece.id = static_cast<TokenId>(base) + i;
    piece.bytes = "token" + std::to_string(i);
    piece.donor_id = i;
    map.added.push_back(piece);
  }
  return map;
}

// Bytes of one tensor of a checkpoint.
inline std::string TensorBytesOf(const Checkpoint& checkpoint, const std::string& name) {
  const TensorInfo* tensor = checkpoint.Find(name);
  if (tensor == nullptr) return "";
  return ReadText(checkpoint.directory + "/" + tensor->file)
      .substr(tensor->begin, tensor->size_bytes());
}

// Relative name -> bytes of every file.
inline std::map<std::string, std::string> ReadTree(const std::string& directory) {
  std::map<std::string, std::string> files;
  if (!std::filesystem::exists(directory)) return files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    files[entry.path().lexically_relative(directory).string()] = ReadText(entry.path().string());
  }
  return files;
}

}  // namespace tokgraft::testing

#endif  // TOKGRAFT_TESTS_EMBED_INIT_RANDOM_MODEL_H_
