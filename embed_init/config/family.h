// Which tensors of a model are its embedding, its head and the biases of its head: by the names
// that the known families use.
#ifndef TOKGRAFT_EMBED_INIT_CONFIG_FAMILY_H_
#define TOKGRAFT_EMBED_INIT_CONFIG_FAMILY_H_

#include <string>
#include <string_view>
#include <vector>

#include "embed_init/checkpoint.h"
#include "embed_init/config/model_config.h"
#include "tokenizer/status.h"

namespace tokgraft {

// Sets embedding, head_kind, head and head_biases of `checkpoint`, whose tensors are known. A tied
// head that is stored too is not compared with the embedding here.
Status FindRowTensors(const ModelConfig& config, const CheckpointOptions& options,
                      Checkpoint* checkpoint);

// The name of the head that this embedding's family would store: for a head that is untied.
std::string UntiedHeadName(const Checkpoint& checkpoint);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_CONFIG_FAMILY_H_
