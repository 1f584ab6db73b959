// A PyTorch checkpoint file (.bin): a zip archive with data.pkl, which describes the tensors, and
// data/KEY, which are the storages that they lie in. No pickle is executed (see pickle.h).
#ifndef TOKGRAFT_EMBED_INIT_PYTORCH_ARCHIVE_H_
#define TOKGRAFT_EMBED_INIT_PYTORCH_ARCHIVE_H_

#include <string>
#include <string_view>
#include <vector>

#include "embed_init/checkpoint.h"
#include "tokenizer/status.h"

namespace tokgraft {

bool IsPytorchFile(std::string_view file);  // by its name: *.bin

// The name under which a file of a model is written: "pytorch_model-00001-of-00002.bin" becomes
// "model-00001-of-00002.safetensors", and the index of such files alike; others keep theirs.
std::string WrittenName(std::string_view file);

// Tensors in the order in which a safetensors file would hold them: wide elements first (so that
// all are aligned), then by their bytes, then by name. Tensors that share a storage have ranges
// that overlap. `file` is the name to record in the tensors, `path` where it is.
StatusOr<std::vector<TensorInfo>> ReadPytorchTensors(const std::string& path,
                                                     const std::string& file);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_PYTORCH_ARCHIVE_H_
