// A model in a GGUF file, as llama.cpp names its parts: embedding token_embd.weight, head
// output.weight (absent: tied), and the tokenizer in keys tokenizer.ggml.*.
#ifndef TOKGRAFT_EMBED_INIT_GGUF_MODEL_H_
#define TOKGRAFT_EMBED_INIT_GGUF_MODEL_H_

#include <string>
#include <string_view>
#include <vector>

#include "embed_init/checkpoint.h"
#include "embed_init/config/model_config.h"
#include "embed_init/init_plan.h"
#include "tokenizer/gguf.h"
#include "tokenizer/status.h"
#include "vocab_merge/model_cost.h"

namespace tokgraft {

bool IsGgufName(std::string_view file);  // *.gguf
// Is the checkpoint one GGUF file?
bool IsGguf(const Checkpoint& checkpoint);
std::string GgufPathOf(const Checkpoint& checkpoint);  // of that file

// llama.cpp wants a row for each token and no more, so rows are not padded. InvalidArgument: a
// padding was asked for.
Status ForbidPadding(const Checkpoint& checkpoint, InitOptions* options);

// Keys and tensors of a file; tensors in the order of their bytes, all inside the file, apart from
// each other. DataLoss, InvalidArgument, Unimplemented (an element type that we do not know).
struct GgufModel {
  GgufFile file;
  std::vector<TensorInfo> tensors;
};
StatusOr<GgufModel> ReadGgufModel(const std::string& path, const std::string& file);

// Sets model_type, embedding, head_kind, head and head_biases of `checkpoint`, whose tensors are
// known. FailedPrecondition: rows and vocabulary disagree. Unimplemented: types without numbers.
Status FindGgufRows(const GgufFile& file, const CheckpointOptions& options, Checkpoint* checkpoint);

// What a vocabulary costs the model, counted on its tensors: all but embedding and head are the
// body. Of experts (*_exps) the share <architecture>.expert_used_count / expert_count is active.
ModelCost CostOfGguf(const GgufFile& file, const Checkpoint& checkpoint);

// What a config.json would say: the size of the vocabulary and every id that a key names.
ModelConfig ConfigOfGguf(const GgufFile& file);

// The keys of `source` with the tokenizer of `tokenizer` (a GGUF file of a vocabulary) in place of
// its own; ids follow the plan, other keys are as they were. What was left out is noted.
std::vector<GgufKey> NewGgufKeys(const GgufFile& source, const GgufFile& tokenizer,
                                 const InitPlan& plan, std::vector<std::string>* notes);

// The first bytes of a file with these keys and tensors (of their types, shapes and names); sets
// their ranges to where they will stand.
std::string BuildGgufModelHeader(const std::vector<GgufKey>& keys,
                                 std::vector<TensorInfo>* tensors);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_GGUF_MODEL_H_
