// What happens to each file of a model directory when its vocabulary changes.
#ifndef TOKGRAFT_EMBED_INIT_OUTPUT_INVENTORY_H_
#define TOKGRAFT_EMBED_INIT_OUTPUT_INVENTORY_H_

#include <string>
#include <vector>

#include "embed_init/checkpoint.h"
#include "tokenizer/status.h"

namespace tokgraft {

enum class FileFate : std::uint8_t {
  kRewriteTensors,  // holds an embedding, a head or its bias, or is a pickle
  kUpdate,          // config.json, generation_config.json, the index
  kKeep,            // taken over byte for byte
  kTokenizer,       // replaced by the new tokenizer, or kept where there is none
  kLeaveOut,        // would be wrong beside the new weights
};

struct ModelFile {
  std::string name;  // relative to the directory
  FileFate fate = FileFate::kKeep;
  std::uint64_t size_bytes = 0;
  std::string why;  // of kLeaveOut
};

// All files of the model's directory, by name; hidden ones (.git, .cache) are passed over.
// `changed` are the files with changed tensors. Symbolic links count as what they point to.
StatusOr<std::vector<ModelFile>> ListModelFiles(const Checkpoint& checkpoint,
                                                const std::vector<std::string>& changed);

// The files of another model whose rows were read, for the manifest: config.json and the weights.
StatusOr<std::vector<std::string>> FilesOfDonorModel(const std::string& directory);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_OUTPUT_INVENTORY_H_
