// A file of weights in any format that is read: its tensors, in the order in which the new version
// of the file holds them.
#ifndef TOKGRAFT_EMBED_INIT_WEIGHTS_WEIGHT_FILE_H_
#define TOKGRAFT_EMBED_INIT_WEIGHTS_WEIGHT_FILE_H_

#include <string>
#include <vector>

#include "embed_init/checkpoint.h"
#include "tokenizer/gguf.h"
#include "tokenizer/status.h"

namespace tokgraft {

struct WeightFile {
  std::vector<TensorInfo> tensors;
  std::string metadata;       // of a safetensors header, as JSON text; "" where it has none
  std::vector<GgufKey> keys;  // of a GGUF file; else empty
};

// `file` is the name to record in the tensors, and tells the format; `path` is where it is.
StatusOr<WeightFile> ReadWeightFile(const std::string& path, const std::string& file);

// The first bytes of the new version of a file with this metadata or these keys, which holds
// `tensors` in this order; sets their ranges to where they will stand. Safetensors, but for GGUF.
std::string BuildWeightHeader(const WeightFile& weights, std::vector<TensorInfo>* tensors);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_WEIGHTS_WEIGHT_FILE_H_
