#include "embed_init/weights/weight_file.h"

#include <utility>

#include "embed_init/gguf/model.h"
#include "embed_init/pytorch/archive.h"
#include "embed_init/safetensors/header.h"

namespace tokgraft {

StatusOr<WeightFile> ReadWeightFile(const std::string& path, const std::string& file) {
  WeightFile weights;
  if (IsPytorchFile(file)) {
    TOKGRAFT_ASSIGN_OR_RETURN(weights.tensors, ReadPytorchTensors(path, file));
    // Loaders of safetensors ask who wrote a file, and take PyTorch's layout.
    weights.metadata = R"({"format":"pt"})";
    return weights;
  }
  if (IsGgufName(file)) {
    TOKGRAFT_ASSIGN_OR_RETURN(GgufModel model, ReadGgufModel(path, file));
    weights.tensors = std::move(model.tensors);
    weights.keys = std::move(model.file.keys);
    return weights;
  }
  TOKGRAFT_ASSIGN_OR_RETURN(SafetensorsHeader header, ReadSafetensorsHeader(path, file));
  weights.tensors = std::move(header.tensors);
  weights.metadata = std::move(header.metadata);
  return weights;
}

std::string BuildWeightHeader(const WeightFile& weights, std::vector<TensorInfo>* tensors) {
  return weights.keys.empty() ? BuildSafetensorsHeader(weights.metadata, tensors)
                              : BuildGgufModelHeader(weights.keys, tensors);
}

}  // namespace tokgraft
