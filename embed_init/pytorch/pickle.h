// The data.pkl of a PyTorch checkpoint: which tensor lies where in which storage.
//
// A pickle is a program for a stack machine that may call anything. Nothing is called here: the
// machine knows the operations that torch.save writes, and of callables the constructors of dicts
// and tensors; every other operation and global is an error that names it and its byte. It builds
// no objects but flat records, never recurses, and its memory is bounded by limits of its own.
#ifndef TOKGRAFT_EMBED_INIT_PYTORCH_PICKLE_H_
#define TOKGRAFT_EMBED_INIT_PYTORCH_PICKLE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "embed_init/checkpoint.h"
#include "tokenizer/status.h"

namespace tokgraft {

struct PickledTensor {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<std::uint64_t> shape;
  std::string storage;              // its key: the file data/KEY of the archive
  std::uint64_t storage_bytes = 0;  // of the whole storage
  std::uint64_t begin = 0;          // first byte of the tensor in its storage
};

// `place` stands before messages: "<file>: data.pkl". The pickle holds one dict of tensors, all of
// them contiguous and inside their storage.
StatusOr<std::vector<PickledTensor>> ReadPickledTensors(std::string_view pickle,
                                                        const std::string& place);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_PYTORCH_PICKLE_H_
