// The tensors that a plan changes, and writing the files that hold them.
#ifndef TOKGRAFT_EMBED_INIT_OUTPUT_CHANGED_TENSORS_H_
#define TOKGRAFT_EMBED_INIT_OUTPUT_CHANGED_TENSORS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "embed_init/checkpoint.h"
#include "embed_init/init_plan.h"
#include "embed_init/output/file_io.h"
#include "embed_init/report.h"
#include "tokenizer/gguf.h"
#include "tokenizer/status.h"

namespace tokgraft {

// One tensor of the output whose rows a plan makes.
struct ChangedTensor {
  RowTensor tensor;      // name in the output; rows and columns of the source
  std::string source;    // the tensor that its old rows stand in
  bool is_input = true;  // which role's plan makes it
  bool is_bias = false;  // the plan of the biases does
  bool is_new = false;   // not in the source: a head that was untied
  std::string file;      // of the source: its new version holds it
};

// Embedding, head and biases; a new head stands right after the embedding.
std::vector<ChangedTensor> ChangedTensors(const Checkpoint& checkpoint, const InitPlan& plan);
// The plan of one of them.
const RolePlan& PlanOf(const InitPlan& plan, const ChangedTensor& changed);

// Bytes of all tensors in the output: what an index calls total_size.
std::uint64_t TotalTensorBytes(const Checkpoint& checkpoint, const InitPlan& plan,
                               const std::vector<ChangedTensor>& changed);
// Size of the new version of `file`; of a GGUF file, with these keys.
StatusOr<std::uint64_t> NewFileBytes(const Checkpoint& checkpoint, const InitPlan& plan,
                                     const std::vector<ChangedTensor>& changed,
                                     const std::string& file,
                                     const std::vector<GgufKey>& keys = {});

struct RewrittenFile {
  FileHash source;
  FileHash output;
  std::map<std::string, NormReport> norms;          // of the matrices in it
  std::map<std::string, std::string> dense_sha256;  // by tensor, where rows have a dense part
  std::uint64_t not_finite = 0;                     // made rows with an infinity or a NaN
};

struct RewriteOptions {
  int threads = 0;
  std::function<void(double fraction)> progress = {};  // may be empty
  std::vector<GgufKey> keys = {};                      // of a GGUF file, in place of its own
};

// Writes the new version of `file` to `to`, as safetensors (a file that holds no changed tensor
// too: one of PyTorch's becomes one of safetensors). DataLoss: the file is not the one that was
// opened.
StatusOr<RewrittenFile> RewriteFile(const Checkpoint& checkpoint, const InitPlan& plan,
                                    const std::vector<ChangedTensor>& changed,
                                    const std::string& file, const std::string& to,
                                    const RewriteOptions& options);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_OUTPUT_CHANGED_TENSORS_H_
