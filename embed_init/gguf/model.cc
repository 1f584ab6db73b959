#include "embed_init/gguf/model.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "embed_init/kernels/rows.h"
#include "embed_init/safetensors/header.h"
#include "tokenizer/base/mapped_file.h"

namespace tokgraft {
namespace {

constexpr std::string_view kEmbedding = "token_embd.weight";
constexpr std::string_view kHead = "output.weight";
constexpr std::string_view kHeadBias = "output.bias";
constexpr std::string_view kTokenizer = "tokenizer.ggml.";
constexpr std::string_view kTokens = "tokenizer.ggml.tokens";

struct TypeRow {
  std::uint32_t type;
  DType dtype;
};
constexpr TypeRow kTypes[] = {
    {0, DType::kF32},     {1, DType::kF16},    {2, DType::kQ40},     {3, DType::kQ41},
    {6, DType::kQ50},     {7, DType::kQ51},    {8, DType::kQ80},     {10, DType::kQ2K},
    {11, DType::kQ3K},    {12, DType::kQ4K},   {13, DType::kQ5K},    {14, DType::kQ6K},
    {16, DType::kIq2Xxs}, {17, DType::kIq2Xs}, {18, DType::kIq3Xxs}, {19, DType::kIq1S},
    {20, DType::kIq4Nl},  {21, DType::kIq3S},  {22, DType::kIq2S},   {23, DType::kIq4Xs},
    {24, DType::kI8},     {25, DType::kI16},   {26, DType::kI32},    {27, DType::kI64},
    {28, DType::kF64},    {29, DType::kIq1M},  {30, DType::kBf16},   {34, DType::kTq10},
    {35, DType::kTq20},   {39, DType::kMxfp4},
};

StatusOr<DType> DTypeOf(const GgufTensor& tensor, const std::string& path) {
  for (const TypeRow& row : kTypes) {
    if (row.type == tensor.type) return row.dtype;
  }
  return UnimplementedError(
      Cat(path, ": tensor ", tensor.name, ": element type ", tensor.type, " of ggml is not known"));
}

std::string Place(const Checkpoint& checkpoint, const TensorInfo& tensor) {
  return Cat(GgufPathOf(checkpoint), ": ", tensor.name);
}

StatusOr<RowTensor> AsRows(const Checkpoint& checkpoint, const TensorInfo& tensor,
                           std::string_view what) {
  if (!CanCompute(tensor.dtype)) {
    return UnimplementedError(Cat(Place(checkpoint, tensor), ": the ", what, " is stored as ",
                                  DTypeName(tensor.dtype), ", whose numbers cannot be read here, ",
                                  "F32, F16, BF16, Q4_0 to Q8_0 or Q2_K to Q6_K was expected; ",
                                  "quantise it in one of these"));
  }
  if (tensor.shape.size() != 2 || tensor.shape[0] == 0 || tensor.shape[1] == 0) {
    return FailedPreconditionError(Cat(Place(checkpoint, tensor),
                                       ": a matrix of a row per token was expected; name the right "
                                       "tensor"));
  }
  return RowTensor{tensor.name, tensor.dtype, tensor.shape[0], tensor.shape[1]};
}

StatusOr<const TensorInfo*> Named(const Checkpoint& checkpoint, const std::string& given,
                                  std::string_view usual, std::string_view option) {
  const TensorInfo* tensor = checkpoint.Find(given.empty() ? usual : std::string_view(given));
  if (tensor != nullptr || given.empty()) return tensor;
  return InvalidArgumentError(Cat(GgufPathOf(checkpoint), ": ", option, ": there is no tensor ",
                                  given, " in this model; see the names in the file"));
}

// Other tables with a row per token would be left behind at the old size.
Status RefuseOtherTables(const Checkpoint& checkpoint) {
  for (const TensorInfo& tensor : checkpoint.tensors) {
    const bool ours = tensor.name == checkpoint.embedding.tensor ||
                      (checkpoint.head && tensor.name == checkpoint.head->tensor);
    if (ours || tensor.shape.size() != 2 || tensor.shape[0] != checkpoint.embedding.rows) continue;
    const bool named = tensor.name.find("embd") != std::string::npos ||
                       tensor.name.find("embed_tokens") != std::string::npos ||
                       tensor.name.find("shared_head") != std::string::npos;
    if (!named) continue;
    return UnimplementedError(Cat(Place(checkpoint, tensor),
                                  ": is one more table with a row per token, one embedding and one "
                                  "head were expected; this architecture is not supported"));
  }
  return absl::OkStatus();
}

Status CheckVocabulary(const GgufFile& file, const Checkpoint& checkpoint) {
  const GgufKey* tokens = file.Find(kTokens);
  if (tokens == nullptr) {
    return FailedPreconditionError(Cat(GgufPathOf(checkpoint), ": ", kTokens,
                                       ": is missing, the vocabulary of the model was expected; "
                                       "name the GGUF file of a whole model"));
  }
  if (tokens->count == checkpoint.embedding.rows) return absl::OkStatus();
  return FailedPreconditionError(Cat(GgufPathOf(checkpoint), ": ", kTokens, ": has ", tokens->count,
                                     " tokens, ", checkpoint.embedding.rows, " were expected, as ",
                                     checkpoint.embedding.tensor,
                                     " has rows; convert the model anew"));
}

bool NamesTokenId(const GgufKey& key) {
  return key.name.starts_with("tokenizer.") && key.name.ends_with("_token_id") && key.number;
}

// Keys that the vocabulary's own file always states where they apply.
bool IsOfVocabulary(std::string_view name) {
  static constexpr std::array<std::string_view, 12> kNames = {"model",
                                                              "pre",
                                                              "tokens",
                                                              "token_type",
                                                              "scores",
                                                              "merges",
                                                              "bos_token_id",
                                                              "eos_token_id",
                                                              "unknown_token_id",
                                                              "padding_token_id",
                                                              "seperator_token_id",
                                                              "mask_token_id"};
  return name.starts_with(kTokenizer) &&
         std::find(kNames.begin(), kNames.end(), name.substr(kTokenizer.size())) != kNames.end();
}

}  // namespace

bool IsGgufName(std::string_view file) { return file.ends_with(".gguf"); }

bool IsGguf(const Checkpoint& checkpoint) {
  return checkpoint.files.size() == 1 && IsGgufName(checkpoint.files.front());
}

std::string GgufPathOf(const Checkpoint& checkpoint) {
  return Cat(checkpoint.directory, "/", checkpoint.files.front());
}

Status ForbidPadding(const Checkpoint& checkpoint, InitOptions* options) {
  if (!IsGguf(checkpoint)) return absl::OkStatus();
  if (options->pad_to_multiple > 1) {
    return InvalidArgumentError(Cat(GgufPathOf(checkpoint), ": --pad-to-multiple: is ",
                                    options->pad_to_multiple,
                                    ", no padding was expected, as llama.cpp wants a row for each "
                                    "token and no more; leave it out"));
  }
  options->pad_to_multiple = 1;
  return absl::OkStatus();
}

StatusOr<GgufModel> ReadGgufModel(const std::string& path, const std::string& file) {
  TOKGRAFT_ASSIGN_OR_RETURN(MappedFile mapped, MappedFile::Open(path));
  const std::uint64_t file_bytes = mapped.bytes().size();
  GgufModel model;
  TOKGRAFT_ASSIGN_OR_RETURN(model.file, ReadGgufFile(mapped.bytes(), path));
  for (const GgufTensor& tensor : model.file.tensors) {
    TOKGRAFT_ASSIGN_OR_RETURN(const DType dtype, DTypeOf(tensor, path));
    const std::optional<std::uint64_t> bytes = TensorBytes(dtype, tensor.shape);
    if (!bytes) {
      return InvalidArgumentError(Cat(path, ": tensor ", tensor.name,
                                      ": its shape is no whole number of blocks of ",
                                      DTypeName(dtype), ", or too large; do not trust this file"));
    }
    if (tensor.begin > file_bytes || *bytes > file_bytes - tensor.begin) {
      return DataLossError(Cat(path, ": tensor ", tensor.name, ": ends at byte ",
                               tensor.begin + *bytes, ", the file has ", file_bytes,
                               "; it is truncated, download it again"));
    }
    model.tensors.push_back({.name = tensor.name,
                             .dtype = dtype,
                             .shape = tensor.shape,
                             .file = file,
                             .begin = tensor.begin,
                             .end = tensor.begin + *bytes});
  }
  std::sort(model.tensors.begin(), model.tensors.end(),
            [](const TensorInfo& a, const TensorInfo& b) {
              return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
            });
  for (std::size_t i = 1; i < model.tensors.size(); ++i) {
    if (model.tensors[i].begin >= model.tensors[i - 1].end) continue;
    return InvalidArgumentError(Cat(path, ": tensors ", model.tensors[i - 1].name, " and ",
                                    model.tensors[i].name, " overlap at byte ",
                                    model.tensors[i].begin, "; do not trust this file"));
  }
  return model;
}

Status FindGgufRows(const GgufFile& file, const CheckpointOptions& options,
                    Checkpoint* checkpoint) {
  const GgufKey* architecture = file.Find("general.architecture");
  checkpoint->model_type = architecture == nullptr ? "" : architecture->text.value_or("");
  TOKGRAFT_ASSIGN_OR_RETURN(const TensorInfo* embedding,
                            Named(*checkpoint, options.embedding, kEmbedding, "--embedding"));
  if (embedding == nullptr) {
    return InvalidArgumentError(Cat(GgufPathOf(*checkpoint), ": there is no tensor ", kEmbedding,
                                    ", the embedding of a model was expected; name the GGUF file "
                                    "of a whole model"));
  }
  TOKGRAFT_ASSIGN_OR_RETURN(checkpoint->embedding, AsRows(*checkpoint, *embedding, "embedding"));
  TOKGRAFT_RETURN_IF_ERROR(CheckVocabulary(file, *checkpoint));
  TOKGRAFT_ASSIGN_OR_RETURN(const TensorInfo* head,
                            Named(*checkpoint, options.head, kHead, "--head"));
  checkpoint->head_kind = head == nullptr ? HeadKind::kTied : HeadKind::kSeparate;
  if (head != nullptr) {
    TOKGRAFT_ASSIGN_OR_RETURN(checkpoint->head, AsRows(*checkpoint, *head, "output head"));
    if (checkpoint->head->rows != checkpoint->embedding.rows ||
        checkpoint->head->columns != checkpoint->embedding.columns) {
      return FailedPreconditionError(Cat(Place(*checkpoint, *head),
                                         ": has another shape than the embedding, the same was "
                                         "expected; name the right tensor with --head"));
    }
  }
  TOKGRAFT_ASSIGN_OR_RETURN(const TensorInfo* bias,
                            Named(*checkpoint, options.head_bias, kHeadBias, "--head-bias"));
  if (bias != nullptr) {
    if (!CanCompute(bias->dtype) || DTypeBlockOf(bias->dtype).elements != 1 ||
        bias->shape != std::vector<std::uint64_t>{checkpoint->embedding.rows}) {
      return FailedPreconditionError(Cat(Place(*checkpoint, *bias),
                                         ": one number per row was expected; name the right "
                                         "tensor with --head-bias"));
    }
    checkpoint->head_biases.push_back({bias->name, bias->dtype, bias->shape[0], 1});
  }
  return RefuseOtherTables(*checkpoint);
}

ModelCost CostOfGguf(const GgufFile& file, const Checkpoint& checkpoint) {
  ModelCost cost;
  cost.hidden_size = checkpoint.embedding.columns;
  cost.rows = checkpoint.embedding.rows;
  cost.tied = checkpoint.head_kind != HeadKind::kSeparate;
  const auto number = [&](std::string_view name) {
    const GgufKey* key = file.Find(Cat(checkpoint.model_type, ".", name));
    return key == nullptr ? 0 : key->number.value_or(0);
  };
  const std::uint64_t experts = number("expert_count");
  const std::uint64_t used = std::min(number("expert_used_count"), experts);
  for (const TensorInfo& tensor : checkpoint.tensors) {
    if (tensor.name == checkpoint.embedding.tensor ||
        (checkpoint.head && tensor.name == checkpoint.head->tensor)) {
      continue;
    }
    std::uint64_t elements = 1;
    for (const std::uint64_t size : tensor.shape) elements *= size;
    cost.body_parameters += elements;
    const bool shared_out = experts > 0 && tensor.name.find("_exps.") != std::string::npos;
    cost.active_parameters += shared_out ? elements / experts * used : elements;
  }
  return cost;
}

ModelConfig ConfigOfGguf(const GgufFile& file) {
  ModelConfig config;
  if (const GgufKey* tokens = file.Find(kTokens)) config.vocab_size = tokens->count;
  for (const GgufKey& key : file.keys) {
    if (NamesTokenId(key)) config.token_ids.emplace_back(key.name, *key.number);
  }
  return config;
}

std::vector<GgufKey> NewGgufKeys(const GgufFile& source, const GgufFile& tokenizer,
                                 const InitPlan& plan, std::vector<std::string>* notes) {
  std::vector<GgufKey> keys;
  for (const GgufKey& key : source.keys) {
    if (IsOfVocabulary(key.name)) {
      if (const GgufKey* now = tokenizer.Find(key.name)) keys.push_back(*now);
    } else if (NamesTokenId(key) && *key.number < plan.old_to_new.size()) {
      if (const std::optional<TokenId> now = plan.old_to_new[*key.number]) {
        keys.push_back(WithNumber(key, *now));
      } else {
        notes->push_back(Cat(key.name, ": names token ", *key.number,
                             ", which the new vocabulary lacks; it was left out"));
      }
    } else if (key.name.ends_with(".vocab_size") && key.number == plan.old_rows) {
      keys.push_back(WithNumber(key, plan.new_rows));
    } else if (const GgufKey* now = tokenizer.Find(key.name);
               now != nullptr && key.name.starts_with(kTokenizer)) {
      keys.push_back(*now);  // how text is prepared: add_bos_token and the like
    } else {
      keys.push_back(key);
    }
  }
  // What the old file left to llama.cpp's defaults.
  for (const GgufKey& key : tokenizer.keys) {
    if (key.name.starts_with(kTokenizer) && source.Find(key.name) == nullptr) keys.push_back(key);
  }
  return keys;
}

std::string BuildGgufModelHeader(const std::vector<GgufKey>& keys,
                                 std::vector<TensorInfo>* tensors) {
  GgufFile file;
  file.keys = keys;
  if (const GgufKey* alignment = file.Find("general.alignment")) {
    file.alignment = alignment->number.value_or(file.alignment);
  }
  std::uint64_t position = 0;
  for (TensorInfo& tensor : *tensors) {
    GgufTensor entry{.name = tensor.name, .shape = tensor.shape, .type = 0, .begin = position};
    for (const TypeRow& row : kTypes) {
      if (row.dtype == tensor.dtype) entry.type = row.type;
    }
    tensor.begin = position;
    tensor.end = position + TensorBytes(tensor.dtype, tensor.shape).value_or(0);
    position = (tensor.end + file.alignment - 1) / file.alignment * file.alignment;
    file.tensors.push_back(std::move(entry));
  }
  std::string header = BuildGgufHeader(file);
  for (TensorInfo& tensor : *tensors) {
    tensor.begin += header.size();
    tensor.end += header.size();
  }
  return header;
}

}  // namespace tokgraft
