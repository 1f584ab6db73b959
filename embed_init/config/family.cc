#include "embed_init/config/family.h"

#include <algorithm>
#include <optional>

#include "embed_init/gguf/model.h"
#include "embed_init/kernels/rows.h"
#include "vocab_merge/model_cost.h"

namespace tokgraft {
namespace {

// A name of the list, whole or after a dot: "model.embed_tokens.weight".
constexpr std::string_view kEmbeddings[] = {"embed_tokens.weight",   "wte.weight",
                                            "embed_in.weight",       "word_embeddings.weight",
                                            "tok_embeddings.weight", "embed.weight"};
constexpr std::string_view kHeads[] = {
    "lm_head.weight",         "embed_out.weight",       "predictions.decoder.weight",
    "lm_head.decoder.weight", "vocab_projector.weight", "generator_lm_head.weight"};
constexpr std::string_view kBiases[] = {"lm_head.bias",          "embed_out.bias",
                                        "predictions.bias",      "predictions.decoder.bias",
                                        "lm_head.decoder.bias",  "vocab_projector.bias",
                                        "generator_lm_head.bias"};
// Too common a name to be believed after a dot.
constexpr std::string_view kWholeHeads[] = {"output.weight", "decoder.weight"};
constexpr std::string_view kWholeBiases[] = {"output.bias", "decoder.bias"};

bool Matches(std::string_view name, std::string_view wanted) {
  if (!name.ends_with(wanted)) return false;
  return name.size() == wanted.size() || name[name.size() - wanted.size() - 1] == '.';
}

template <std::size_t n>
bool MatchesAny(std::string_view name, const std::string_view (&list)[n]) {
  return std::any_of(std::begin(list), std::end(list),
                     [&](std::string_view wanted) { return Matches(name, wanted); });
}

template <std::size_t n>
bool IsAny(std::string_view name, const std::string_view (&list)[n]) {
  return std::find(std::begin(list), std::end(list), name) != std::end(list);
}

std::string Place(const Checkpoint& checkpoint, const TensorInfo& tensor) {
  return Cat(checkpoint.directory, "/", tensor.file, ": ", tensor.name);
}

std::string ShapeText(const TensorInfo& tensor) {
  std::string text = "[";
  for (const std::uint64_t size : tensor.shape) text += Cat(text.size() > 1 ? ", " : "", size);
  return text + "]";
}

// Refuses what is not a matrix of floating point rows, naming the quantisation where it is one.
Status CheckComputable(const Checkpoint& checkpoint, const ModelConfig& config,
                       const TensorInfo& tensor, std::string_view what) {
  if (CanCompute(tensor.dtype)) return absl::OkStatus();
  const std::string_view type = DTypeName(tensor.dtype);
  std::string how(type.starts_with("F8") ? "fp8"
                  : tensor.dtype == DType::kU8 || tensor.dtype == DType::kI8
                      ? "bitsandbytes or the like"
                      : type);
  if (!config.quant_method.empty()) how = config.quant_method;
  return UnimplementedError(Cat(Place(checkpoint, tensor), ": the ", what, " is quantised (", how,
                                ", stored as ", type, "), F16, BF16, F32 or F64 was expected; ",
                                "start from the model before quantisation"));
}

StatusOr<RowTensor> AsRows(const Checkpoint& checkpoint, const ModelConfig& config,
                           const TensorInfo& tensor, std::string_view what) {
  TOKGRAFT_RETURN_IF_ERROR(CheckComputable(checkpoint, config, tensor, what));
  if (tensor.shape.size() != 2 || tensor.shape[0] == 0 || tensor.shape[1] == 0) {
    return FailedPreconditionError(Cat(Place(checkpoint, tensor), ": has shape ", ShapeText(tensor),
                                       ", a matrix [rows, columns] was expected; ",
                                       "name the right tensor"));
  }
  return RowTensor{tensor.name, tensor.dtype, tensor.shape[0], tensor.shape[1]};
}

// A quantised matrix has no "x.weight" but "x.qweight" and the like.
Status RefuseQuantised(const Checkpoint& checkpoint, const ModelConfig& config) {
  static constexpr std::string_view kStored[] = {
      ".qweight", ".weight_packed", ".weight_scale", ".weight_scale_inv", ".weight.absmax", ".SCB"};
  for (const TensorInfo& tensor : checkpoint.tensors) {
    for (const std::string_view end : kStored) {
      if (!tensor.name.ends_with(end)) continue;
      const std::string weight = tensor.name.substr(0, tensor.name.size() - end.size()) + ".weight";
      const bool head = MatchesAny(weight, kHeads) || IsAny(weight, kWholeHeads);
      if (!head && !MatchesAny(weight, kEmbeddings)) continue;
      const std::string how =
          config.quant_method.empty() ? "gptq, awq or the like" : config.quant_method;
      return UnimplementedError(Cat(Place(checkpoint, tensor), ": the ",
                                    head ? "output head" : "embedding", " is quantised (", how,
                                    "), a plain matrix ", weight, " was expected; ",
                                    "start from the model before quantisation"));
    }
  }
  return absl::OkStatus();
}

StatusOr<const TensorInfo*> Named(const Checkpoint& checkpoint, const std::string& name,
                                  std::string_view option) {
  const TensorInfo* tensor = checkpoint.Find(name);
  if (tensor != nullptr) return tensor;
  return InvalidArgumentError(Cat(checkpoint.directory, ": ", option, ": there is no tensor ", name,
                                  " in this model; see the names in its safetensors files"));
}

StatusOr<const TensorInfo*> FindEmbedding(const ModelConfig& config,
                                          const CheckpointOptions& options,
                                          const Checkpoint& checkpoint) {
  if (!options.embedding.empty()) return Named(checkpoint, options.embedding, "--embedding");
  std::vector<const TensorInfo*> found;
  for (const TensorInfo& tensor : checkpoint.tensors) {
    if (MatchesAny(tensor.name, kEmbeddings)) found.push_back(&tensor);
  }
  if (found.size() > 1 && config.vocab_size) {
    // Audio and image parts have tables of their own size.
    std::vector<const TensorInfo*> fitting;
    for (const TensorInfo* tensor : found) {
      if (!tensor->shape.empty() && tensor->shape[0] == *config.vocab_size) {
        fitting.push_back(tensor);
      }
    }
    if (!fitting.empty()) found = fitting;
  }
  if (found.size() == 1) return found.front();
  std::string names;
  for (const TensorInfo* tensor : found) names += Cat(names.empty() ? "" : ", ", tensor->name);
  return InvalidArgumentError(
      found.empty() ? Cat(checkpoint.directory,
                          ": no tensor has the name of an embedding "
                          "(embed_tokens, wte, embed_in, word_embeddings, tok_embeddings); "
                          "name it with --embedding")
                    : Cat(checkpoint.directory, ": several tensors may be the embedding: ", names,
                          "; name it with --embedding"));
}

// Other tables with a row per token would be left behind at the old size.
Status RefuseOtherTables(const Checkpoint& checkpoint) {
  for (const TensorInfo& tensor : checkpoint.tensors) {
    if (tensor.name == checkpoint.embedding.tensor || tensor.shape.empty()) continue;
    if (checkpoint.head && tensor.name == checkpoint.head->tensor) continue;
    if (tensor.shape[0] != checkpoint.embedding.rows) continue;
    const bool named = tensor.name.find("embed_tokens") != std::string::npos ||
                       tensor.name.find("shared_head") != std::string::npos;
    if (named) {
      return UnimplementedError(Cat(Place(checkpoint, tensor),
                                    ": is one more table with a row per "
                                    "token, one embedding and one head were expected; ",
                                    "this architecture is not supported"));
    }
  }
  return absl::OkStatus();
}

StatusOr<std::optional<RowTensor>> FindHead(const ModelConfig& config,
                                            const CheckpointOptions& options,
                                            const Checkpoint& checkpoint) {
  std::vector<const TensorInfo*> found;
  if (!options.head.empty()) {
    TOKGRAFT_ASSIGN_OR_RETURN(const TensorInfo* tensor, Named(checkpoint, options.head, "--head"));
    found.push_back(tensor);
  } else {
    for (const TensorInfo& tensor : checkpoint.tensors) {
      if (MatchesAny(tensor.name, kHeads) || IsAny(tensor.name, kWholeHeads)) {
        found.push_back(&tensor);
      }
    }
  }
  if (found.empty()) return std::optional<RowTensor>();
  if (found.size() > 1) {
    return InvalidArgumentError(Cat(checkpoint.directory, ": both ", found[0]->name, " and ",
                                    found[1]->name, " may be the output head; ",
                                    "name it with --head"));
  }
  TOKGRAFT_ASSIGN_OR_RETURN(RowTensor head,
                            AsRows(checkpoint, config, *found.front(), "output head"));
  if (head.rows != checkpoint.embedding.rows || head.columns != checkpoint.embedding.columns) {
    return FailedPreconditionError(
        Cat(Place(checkpoint, *found.front()), ": has shape ", ShapeText(*found.front()), ", [",
            checkpoint.embedding.rows, ", ", checkpoint.embedding.columns,
            "] was expected, as the embedding has; name the right tensor with --head"));
  }
  return std::optional<RowTensor>(head);
}

Status FindBiases(const ModelConfig& config, const CheckpointOptions& options,
                  Checkpoint* checkpoint) {
  std::vector<const TensorInfo*> found;
  if (!options.head_bias.empty()) {
    TOKGRAFT_ASSIGN_OR_RETURN(const TensorInfo* tensor,
                              Named(*checkpoint, options.head_bias, "--head-bias"));
    found.push_back(tensor);
  } else {
    for (const TensorInfo& tensor : checkpoint->tensors) {
      if (MatchesAny(tensor.name, kBiases) || IsAny(tensor.name, kWholeBiases)) {
        found.push_back(&tensor);
      }
    }
  }
  for (const TensorInfo* tensor : found) {
    TOKGRAFT_RETURN_IF_ERROR(CheckComputable(*checkpoint, config, *tensor, "bias of the head"));
    if (tensor->shape != std::vector<std::uint64_t>{checkpoint->embedding.rows}) {
      return FailedPreconditionError(Cat(Place(*checkpoint, *tensor), ": has shape ",
                                         ShapeText(*tensor), ", [", checkpoint->embedding.rows,
                                         "] was expected, one number per row; ",
                                         "name the right tensor with --head-bias"));
    }
    checkpoint->head_biases.push_back({tensor->name, tensor->dtype, tensor->shape[0], 1});
  }
  return absl::OkStatus();
}

bool HasLanguageModelHead(const ModelConfig& config) {
  static constexpr std::string_view kParts[] = {"ForCausalLM", "LMHead", "ForMaskedLM",
                                                "ForPreTraining", "ForConditionalGeneration"};
  for (const std::string& architecture : config.architectures) {
    for (const std::string_view part : kParts) {
      if (architecture.find(part) != std::string::npos) return true;
    }
  }
  return false;
}

}  // namespace

Status FindRowTensors(const ModelConfig& config, const CheckpointOptions& options,
                      Checkpoint* checkpoint) {
  if (options.embedding.empty()) TOKGRAFT_RETURN_IF_ERROR(RefuseQuantised(*checkpoint, config));
  TOKGRAFT_ASSIGN_OR_RETURN(const TensorInfo* embedding,
                            FindEmbedding(config, options, *checkpoint));
  TOKGRAFT_ASSIGN_OR_RETURN(checkpoint->embedding,
                            AsRows(*checkpoint, config, *embedding, "embedding"));
  if (config.vocab_size && *config.vocab_size != checkpoint->embedding.rows) {
    return FailedPreconditionError(Cat(Place(*checkpoint, *embedding), ": has ",
                                       checkpoint->embedding.rows, " rows, ", *config.vocab_size,
                                       " were expected, the vocab_size of config.json; ",
                                       "correct the one that is wrong"));
  }
  TOKGRAFT_ASSIGN_OR_RETURN(checkpoint->head, FindHead(config, options, *checkpoint));
  TOKGRAFT_RETURN_IF_ERROR(FindBiases(config, options, checkpoint));
  TOKGRAFT_RETURN_IF_ERROR(RefuseOtherTables(*checkpoint));
  std::optional<bool> tied = config.tied;
  if (!tied) tied = TiedByDefault(config.text_model_type);
  if (!tied) tied = TiedByDefault(config.model_type);
  const bool has_head = checkpoint->head || !checkpoint->head_biases.empty() ||
                        HasLanguageModelHead(config) ||
                        (config.architectures.empty() && tied.value_or(true));
  if (!has_head) {
    checkpoint->head_kind = HeadKind::kNone;
  } else if (tied.value_or(!checkpoint->head)) {
    checkpoint->head_kind = HeadKind::kTied;
  } else if (checkpoint->head) {
    checkpoint->head_kind = HeadKind::kSeparate;
  } else {
    return FailedPreconditionError(Cat(checkpoint->directory, "/config.json: ",
                                       "tie_word_embeddings: is false, but no tensor has the name "
                                       "of an output head; name it with --head"));
  }
  return absl::OkStatus();
}

std::string UntiedHeadName(const Checkpoint& checkpoint) {
  if (checkpoint.head) return checkpoint.head->tensor;
  const std::string_view name = checkpoint.embedding.tensor;
  if (IsGguf(checkpoint)) return "output.weight";
  if (name == "tok_embeddings.weight") return "output.weight";
  if (Matches(name, "embed_in.weight")) return "embed_out.weight";
  if (Matches(name, "word_embeddings.weight")) {
    if (checkpoint.model_type == "distilbert") return "vocab_projector.weight";
    for (const RowTensor& bias : checkpoint.head_biases) {
      if (Matches(bias.tensor, "predictions.bias")) {
        return bias.tensor.substr(0, bias.tensor.size() - 4) + "decoder.weight";
      }
      if (bias.tensor == "lm_head.bias") return "lm_head.decoder.weight";
    }
  }
  constexpr std::string_view kNested = "language_model.model.embed_tokens.weight";
  if (Matches(name, kNested)) {
    return std::string(name.substr(0, name.size() - kNested.size())) +
           "language_model.lm_head.weight";
  }
  return "lm_head.weight";
}

}  // namespace tokgraft
