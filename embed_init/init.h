// Writing a new checkpoint: a plan is applied and a whole model directory appears.
//
//   StatusOr<InitReport> report = InitEmbeddings("model", id_map, base, merged, "out", {});
//
// or step by step: OpenCheckpoint, SplitIntoOldPieces, PlanInit, WriteModel.
//
// What it keeps to: only files that hold a changed tensor are written anew (and all of a model of
// PyTorch .bin files, which becomes safetensors: loadable everywhere, and no pickle), row block by
// row block, with at most 64 MiB of buffers whatever the model's size (beside the old matrix, which
// is mapped); every other file is reflinked, or copied where the file system cannot (hard links
// only if asked). Tensors other than embedding, head and head bias are the same bytes before and
// after. The output is made in a temporary directory beside its final name, synced, and renamed at
// the end: a crash, a full disk or an error at any point leaves no half model, and the input is
// never touched. The same input gives the same bytes on any number of threads.
#ifndef TOKGRAFT_EMBED_INIT_INIT_H_
#define TOKGRAFT_EMBED_INIT_INIT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "embed_init/checkpoint.h"
#include "embed_init/init_plan.h"
#include "embed_init/report.h"
#include "tokenizer/status.h"
#include "tokenizer/tokenizer.h"
#include "vocab_merge/id_map.h"

namespace tokgraft {

struct WriteOptions {
  // The files of the new tokenizer, name -> bytes, in place of the model's (SerializeFiles of
  // tokenizer/save.h gives them); nullopt: the model's are kept as they are.
  std::optional<std::map<std::string, std::string>> tokenizer_files = {};
  std::map<std::string, std::string> extra_files = {};  // more files for the output, name -> bytes
  std::vector<std::string> other_inputs = {};  // files to be hashed into the manifest (a donor)
  std::string command = {};                    // for the manifest: what the user ran
  bool force = false;                          // replace an existing output
  bool link = false;  // hard links for unchanged files: training in place would alter the input
  int threads = 0;    // 0: all cores
  Progress progress = {};
};

// The rows [begin, end) of the new matrix of a role, as float32, row-major [end - begin, columns].
enum class Role : std::uint8_t { kInput, kOutput };
StatusOr<std::vector<float>> ApplyPlan(const Checkpoint& checkpoint, const InitPlan& plan,
                                       Role role, std::uint64_t begin, std::uint64_t end);

// Writes the model directory `out`, with init_report.json and the manifest tokgraft.json.
// FailedPrecondition: `out` exists (without force), or the disk has too little room, which is
// foreseen. InvalidArgument: `out` is the model itself or inside it. DataLoss: the model changed
// since it was opened.
StatusOr<InitReport> WriteModel(const Checkpoint& checkpoint, const InitPlan& plan,
                                const std::string& out, const WriteOptions& options = {});

// Everything in one call; the merged tokenizer is written too, as tokenizer.json
// (write.tokenizer_files is not read), and the id map as id_map.json.
StatusOr<InitReport> InitEmbeddings(const std::string& model_dir, const IdMap& id_map,
                                    const Tokenizer& base, const Tokenizer& merged,
                                    const std::string& out, const InitOptions& init = {},
                                    const WriteOptions& write = {},
                                    const CheckpointOptions& checkpoint = {});

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_INIT_H_
