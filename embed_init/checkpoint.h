// Checkpoint: what a model holds, and where its embedding rows are.
//
//   StatusOr<Checkpoint> model = OpenCheckpoint("SmolLM2-135M");   // or "SmolLM2-135M.gguf"
//   model->embedding.tensor;         // "model.embed_tokens.weight"
//   model->embedding.rows;           // 49152
//   model->head_kind;                // HeadKind::kTied: output rows are the input rows
//
// A checkpoint is config.json and one model.safetensors, or many and an index; or one
// pytorch_model.bin, or many and an index, whose pickles are read by a machine that knows dicts and
// tensors and runs nothing. Tensors may share bytes there. Or it is one GGUF file, whose rows may
// be quantised (llama.cpp's names: token_embd.weight, output.weight). Only headers are read here: a
// Checkpoint is plain data (names, shapes, byte ranges), small however large the model is, and
// nothing stays open. Every range has been checked against the file's length, against dtype times
// shape, and against its neighbours (no overlap, no gap, no name twice), so whoever maps the file
// later may trust it. (Tensors of a .bin: inside their storage, storages apart; of a GGUF file:
// gaps of alignment.)
//
// The embedding is a matrix [rows, columns], row i for token id i; the head is the matrix of the
// same shape that turns a state into one logit per row, and may have biases [rows]. They are found
// by the names the known families use (Llama, Mistral, Qwen, Gemma, GPT-2, GPT-NeoX, BERT,
// RoBERTa, DistilBERT and what shares their names), among tensors that have as many rows as the
// config says; where that leaves doubt, it is an error that lists the candidates, and
// CheckpointOptions names them.
#ifndef TOKGRAFT_EMBED_INIT_CHECKPOINT_H_
#define TOKGRAFT_EMBED_INIT_CHECKPOINT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/status.h"

namespace tokgraft {

// Element types of safetensors and of GGUF. Rows can be computed for kF16, kBf16, kF32 and kF64,
// and for the quantised blocks kQ40 to kQ6K (of kQ2K and kQ3K they can be read and copied only);
// any other type passes through byte for byte.
enum class DType : std::uint8_t {
  kBool,
  kU8,
  kI8,
  kF8E4M3,
  kF8E5M2,
  kF8E8M0,
  kI16,
  kU16,
  kF16,
  kBf16,
  kI32,
  kU32,
  kF32,
  kI64,
  kU64,
  kF64,
  kC64,
  kF4,  // two to a byte
  kF6E2M3,
  kF6E3M2,
  // Blocks of ggml.
  kQ40,
  kQ41,
  kQ50,
  kQ51,
  kQ80,
  kQ2K,
  kQ3K,
  kQ4K,
  kQ5K,
  kQ6K,
  kIq2Xxs,
  kIq2Xs,
  kIq3Xxs,
  kIq1S,
  kIq4Nl,
  kIq3S,
  kIq2S,
  kIq4Xs,
  kIq1M,
  kTq10,
  kTq20,
  kMxfp4,
};

std::string_view DTypeName(DType dtype);  // as in the file: "BF16"

// Elements that are stored together, and the bytes that they take.
struct DTypeBlock {
  std::uint32_t elements = 1;
  std::uint32_t bytes = 1;
};
DTypeBlock DTypeBlockOf(DType dtype);  // {1, 2} for BF16, {32, 18} for Q4_0
// Bytes of so many elements, whole blocks of them.
std::uint64_t BytesOf(DType dtype, std::uint64_t elements);

// One tensor, in the file `file` of the directory, at bytes [begin, end) of that file.
struct TensorInfo {
  std::string name = {};
  DType dtype = DType::kF32;
  std::vector<std::uint64_t> shape = {};
  std::string file = {};
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::uint64_t size_bytes() const { return end - begin; }
  friend bool operator==(const TensorInfo&, const TensorInfo&) = default;
};

// A matrix with one row per token.
struct RowTensor {
  std::string tensor;
  DType dtype = DType::kF32;
  std::uint64_t rows = 0;
  std::uint64_t columns = 0;
  friend bool operator==(const RowTensor&, const RowTensor&) = default;
};

enum class HeadKind : std::uint8_t {
  kSeparate,  // a matrix of its own
  kTied,      // the embedding; a stored copy of it may exist and is kept equal
  kNone,      // an encoder without a head: there are no output rows
};
std::string_view HeadKindName(HeadKind kind);  // "separate", "tied", "none"

struct Checkpoint {
  std::string directory;
  std::string model_type;           // config.json's or general.architecture, "" where absent
  std::vector<std::string> files;   // of weights that belong to the model, sorted
  std::string index;                // name of the index file; "" for a single file
  std::vector<TensorInfo> tensors;  // by name
  RowTensor embedding;
  HeadKind head_kind = HeadKind::kNone;
  std::optional<RowTensor> head;       // kSeparate: set. kTied: set where a copy is stored
  std::vector<RowTensor> head_biases;  // columns == 1; some families store the same bias twice

  const TensorInfo* Find(std::string_view name) const;  // nullptr: no such tensor
  std::string DebugString() const;
  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

struct CheckpointOptions {
  std::string embedding = {};  // name of the tensor; "": found by family
  std::string head = {};       // name of the tensor; "": found by family
  std::string head_bias = {};  // name of the tensor; "": found by family
};

// NotFound: no directory, config.json or weights. DataLoss: a file shorter than its header says, a
// shard that lacks a tensor of the index. InvalidArgument: malformed, overlapping tensors, or no
// embedding found by these names. FailedPrecondition: shapes that disagree with the config, a tied
// model whose stored head differs from its embedding. Unimplemented: embeddings that are quantised
// (GPTQ, AWQ, fp8, bitsandbytes: by name), and of .bin files: those of before torch 1.6, tensors
// that are not contiguous, and pickles that ask for more than tensors need (by name and byte); of
// GGUF files: element types and versions that we do not know, models in several parts.
// `path`: a model directory, a GGUF file, or a directory with one GGUF file and no config.json.
StatusOr<Checkpoint> OpenCheckpoint(const std::string& path, const CheckpointOptions& options = {});

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_CHECKPOINT_H_
