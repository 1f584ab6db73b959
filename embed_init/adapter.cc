#include "embed_init/adapter.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>
#include <utility>

#include "embed_init/config/family.h"
#include "embed_init/kernels/rows.h"
#include "embed_init/manifest.h"
#include "embed_init/output/file_io.h"
#include "embed_init/output/inventory.h"
#include "embed_init/output/manifest_json.h"
#include "embed_init/pytorch/archive.h"
#include "embed_init/weights/weight_file.h"
#include "tokenizer/base/json.h"
#include "tokenizer/base/mapped_file.h"
#include "tokenizer/base/report_text.h"
#include "tokenizer/base/staged_directory.h"

namespace tokgraft {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr std::string_view kConfig = "adapter_config.json";
constexpr std::string_view kWeights = "adapter_model.safetensors";
constexpr std::string_view kPickledWeights = "adapter_model.bin";
constexpr std::size_t kRowBlockBytes = std::size_t{16} << 20;

// What has a part for each token.
enum class Axis : std::uint8_t { kNone, kRows, kColumns };

struct Mapping {
  Axis axis = Axis::kNone;
  bool is_input = true;
  bool is_factor = false;  // of a LoRA, in contrast to a whole matrix
};

// The last part of the name of a tensor's module: "embed_tokens" of "model.embed_tokens.weight".
std::string ModuleOf(std::string_view tensor) {
  tensor = tensor.substr(0, tensor.rfind('.'));
  return std::string(tensor.substr(tensor.rfind('.') + 1));
}

// What follows the module in a tensor's name, if it is the module's: "lora_B.weight".
std::optional<std::string_view> PartOf(std::string_view tensor, const std::string& module) {
  const std::string inner = Cat(".", module, ".");
  const std::size_t at = tensor.rfind(inner);
  if (at != std::string_view::npos) return tensor.substr(at + inner.size());
  if (tensor.starts_with(module + ".")) return tensor.substr(module.size() + 1);
  return std::nullopt;
}

bool IsAny(std::string_view part, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), part) != names.end();
}

class AdapterGrafter {
 public:
  AdapterGrafter(const std::string& adapter, const std::string& grafted, const std::string& out,
                 const AdapterOptions& options)
      : adapter_(adapter), grafted_(grafted), out_(out), options_(options) {}

  StatusOr<AdapterReport> Run() {
    TOKGRAFT_RETURN_IF_ERROR(Open());
    TOKGRAFT_RETURN_IF_ERROR(UpdateConfig());
    TOKGRAFT_RETURN_IF_ERROR(CheckOutput({.out = out_,
                                          .force = options_.force,
                                          .mark = kConfig,
                                          .model_dir = adapter_,
                                          .inputs = {grafted_}}));
    std::map<std::string, Mapping> mappings;
    for (const TensorInfo& tensor : weights_.tensors) {
      TOKGRAFT_ASSIGN_OR_RETURN(mappings[tensor.name], MappingOf(tensor));
    }
    TOKGRAFT_ASSIGN_OR_RETURN(StagedDirectory staged,
                              StagedDirectory::Create(out_, options_.force));
    TOKGRAFT_RETURN_IF_ERROR(WriteWeights(mappings, staged));
    TOKGRAFT_RETURN_IF_ERROR(WriteNewFile(Cat(staged.path(), "/", kConfig), config_).status());
    TOKGRAFT_RETURN_IF_ERROR(CopyOthers(staged));
    TOKGRAFT_RETURN_IF_ERROR(staged.Commit());
    return report_;
  }

 private:
  std::string Path(std::string_view name) const { return Cat(adapter_, "/", name); }
  std::string Place(const TensorInfo& tensor) const { return Cat(Path(file_), ": ", tensor.name); }
  const RolePlan& RoleOf(bool is_input) const {
    const InitPlan& plan = manifest_.plan;
    return is_input || !plan.output ? plan.input : *plan.output;
  }

  Status Open() {
    std::error_code error;
    if (!fs::exists(Path(kConfig), error)) {
      return NotFoundError(Cat(Path(kConfig),
                               ": no such file, the directory of a PEFT adapter was expected; "
                               "check the path"));
    }
    for (const std::string_view name : {kWeights, kPickledWeights}) {
      if (file_.empty() && fs::exists(Path(name), error)) file_ = std::string(name);
    }
    if (file_.empty()) {
      return NotFoundError(Cat(adapter_, ": has no ", kWeights, " and no ", kPickledWeights,
                               "; name the directory of a PEFT adapter"));
    }
    TOKGRAFT_ASSIGN_OR_RETURN(weights_, ReadWeightFile(Path(file_), file_));
    TOKGRAFT_ASSIGN_OR_RETURN(manifest_, LoadManifest(grafted_));
    TOKGRAFT_ASSIGN_OR_RETURN(
        const Checkpoint model,
        OpenCheckpoint(grafted_, {.embedding = manifest_.embedding, .head = manifest_.head}));
    embedding_ = ModuleOf(manifest_.embedding);
    head_ = ModuleOf(manifest_.head.empty() ? UntiedHeadName(model) : manifest_.head);
    report_.old_rows = manifest_.plan.old_rows;
    report_.new_rows = manifest_.plan.new_rows;
    const RolePlan& input = manifest_.plan.input;
    old_to_new_.resize(static_cast<std::size_t>(manifest_.plan.old_rows));
    for (std::size_t row = 0; row < input.rows(); ++row) {
      if (input.origins[row] == RowOrigin::kCopied) {
        old_to_new_[input.sources[static_cast<std::size_t>(input.splits[row])]] = row;
      }
    }
    return absl::OkStatus();
  }

  // Ids of tokens that the adapter trains or waits for.
  Status MapIds(const std::string& key, Json* ids) {
    if (ids->is_object()) {
      for (auto& [module, list] : ids->items()) {
        TOKGRAFT_RETURN_IF_ERROR(MapIds(Cat(key, ".", module), &list));
      }
    }
    if (!ids->is_array()) return absl::OkStatus();
    for (Json& id : *ids) {
      if (!id.is_number_unsigned() || id.get<std::uint64_t>() >= old_to_new_.size()) {
        return InvalidArgumentError(Cat(Path(kConfig), ": ", key, ": ", id.dump(),
                                        " is no id of the model before the graft; name the "
                                        "grafted model of this adapter's base"));
      }
      const std::optional<std::uint64_t> now = old_to_new_[id.get<std::size_t>()];
      if (!now) {
        return FailedPreconditionError(Cat(Path(kConfig), ": ", key, ": names token ", id.dump(),
                                           ", which the new vocabulary lacks; keep that token"));
      }
      id = *now;
    }
    return absl::OkStatus();
  }

  Status UpdateConfig() {
    TOKGRAFT_ASSIGN_OR_RETURN(MappedFile file, MappedFile::Open(Path(kConfig)));
    // Bounds depth and names places.
    TOKGRAFT_RETURN_IF_ERROR(JsonDocument::Parse(file.bytes(), Path(kConfig)).status());
    Json config = Json::parse(file.bytes(), nullptr, false);
    if (!config.is_object()) {
      return InvalidArgumentError(Cat(Path(kConfig), ": is not a JSON object; restore the file"));
    }
    const Json type = config.value("peft_type", Json());
    if (type != "LORA") {
      return UnimplementedError(Cat(Path(kConfig), ": peft_type: is ", type.dump(),
                                    ", \"LORA\" was expected; merge the adapter into the model "
                                    "before the graft"));
    }
    for (const std::string key : {"trainable_token_indices", "alora_invocation_tokens"}) {
      if (config.contains(key)) TOKGRAFT_RETURN_IF_ERROR(MapIds(key, &config[key]));
    }
    const auto trained = config.find("trainable_token_indices");
    if (trained != config.end() && !trained->is_null()) {
      report_.warnings.push_back(
          "trainable_token_indices: a new token that is made of trained ones starts from their "
          "rows "
          "as they were before");
    }
    config["base_model_name_or_path"] = options_.base_name.empty() ? grafted_ : options_.base_name;
    if (config.contains("revision")) config["revision"] = nullptr;
    config_ = config.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
    return absl::OkStatus();
  }

  StatusOr<Mapping> MappingOf(const TensorInfo& tensor) const {
    Mapping mapping;
    std::optional<std::string_view> part = PartOf(tensor.name, embedding_);
    if (part) {
      if (IsAny(*part, {"lora_embedding_B", "lora_magnitude_vector", "lora_magnitude_vector.weight",
                        "token_adapter.trainable_tokens_delta"})) {
        return mapping;
      }
      if (*part == "lora_embedding_A") {
        mapping = {.axis = Axis::kColumns, .is_input = true, .is_factor = true};
      }
    } else {
      part = PartOf(tensor.name, head_);
      if (!part) return mapping;
      mapping.is_input = false;
      if (IsAny(*part, {"lora_A.weight", "token_adapter.trainable_tokens_delta"})) return mapping;
      if (IsAny(*part, {"lora_B.weight", "lora_B.bias", "lora_magnitude_vector",
                        "lora_magnitude_vector.weight"})) {
        mapping = {.axis = Axis::kRows, .is_input = false, .is_factor = true};
      }
    }
    if (IsAny(*part, {"weight", "bias", "base_layer.weight", "base_layer.bias",
                      "modules_to_save.weight", "modules_to_save.bias"})) {
      mapping.axis = Axis::kRows;
    }
    if (mapping.axis == Axis::kNone) {
      return UnimplementedError(Cat(Place(tensor), ": is a part of ",
                                    mapping.is_input ? "the "
                                                       "embedding"
                                                     : "the head",
                                    " that is not known; merge the "
                                    "adapter into the model before the graft"));
    }
    const std::size_t at = mapping.axis == Axis::kRows ? 0 : 1;
    if (tensor.shape.empty() || tensor.shape.size() > 2 || at >= tensor.shape.size() ||
        tensor.shape[at] != manifest_.plan.old_rows || !CanCompute(tensor.dtype)) {
      return FailedPreconditionError(Cat(Place(tensor), ": ", manifest_.plan.old_rows,
                                         " rows of numbers were expected, as the model had before "
                                         "the graft; name the grafted model of this adapter's "
                                         "base"));
    }
    if (!RoleOf(mapping.is_input).dense.rows.empty()) {
      return FailedPreconditionError(Cat(
          Place(tensor), ": ", RoleOf(mapping.is_input).dense.rows.size(), " rows of ", grafted_,
          " are numbers of their own, a sum of "
          "old rows was expected, which parts of an adapter could "
          "follow; merge the adapter into the model before the graft"));
    }
    return mapping;
  }

  Status WriteWeights(const std::map<std::string, Mapping>& mappings,
                      const StagedDirectory& staged) {
    std::vector<TensorInfo> tensors = weights_.tensors;
    for (TensorInfo& tensor : tensors) {
      const Axis axis = mappings.at(tensor.name).axis;
      if (axis != Axis::kNone) tensor.shape[axis == Axis::kRows ? 0 : 1] = report_.new_rows;
    }
    TOKGRAFT_ASSIGN_OR_RETURN(MappedFile file, MappedFile::Open(Path(file_)));
    const std::string header = BuildWeightHeader(weights_, &tensors);
    TOKGRAFT_RETURN_IF_ERROR(
        staged.CheckSpace(tensors.empty() ? header.size() : tensors.back().end));
    TOKGRAFT_ASSIGN_OR_RETURN(HashedFile out,
                              HashedFile::Create(Cat(staged.path(), "/", WrittenName(file_))));
    TOKGRAFT_RETURN_IF_ERROR(out.Append(header));
    for (const TensorInfo& tensor : weights_.tensors) {
      if (file.bytes().size() < tensor.end) {
        return DataLossError(Cat(Path(file_), ": is shorter than when it was opened; start again"));
      }
      const std::string_view bytes = file.bytes().substr(
          static_cast<std::size_t>(tensor.begin), static_cast<std::size_t>(tensor.size_bytes()));
      const Mapping mapping = mappings.at(tensor.name);
      if (mapping.axis == Axis::kNone) {
        ++report_.unchanged;
        TOKGRAFT_RETURN_IF_ERROR(out.Append(bytes));
        continue;
      }
      report_.mapped.push_back(tensor.name);
      TOKGRAFT_RETURN_IF_ERROR(WriteMapped(tensor, mapping, bytes, &out));
    }
    std::sort(report_.mapped.begin(), report_.mapped.end());
    return out.Close().status();
  }

  Status WriteMapped(const TensorInfo& tensor, const Mapping& mapping, std::string_view bytes,
                     HashedFile* out) const {
    RolePlan role = RoleOf(mapping.is_input);
    if (mapping.is_factor) role.noise = 0;
    const bool columns = mapping.axis == Axis::kColumns;
    const std::uint64_t width = tensor.shape.size() == 1 ? 1 : tensor.shape[columns ? 0 : 1];
    const auto element = static_cast<std::size_t>(BytesOf(tensor.dtype, 1));
    std::string turned;
    if (columns) turned = Transposed(bytes, width, report_.old_rows, element);
    Composition composition{.plan = &manifest_.plan, .role = &role};
    composition.old = {.data = columns ? turned.data() : bytes.data(),
                       .dtype = tensor.dtype,
                       .rows = report_.old_rows,
                       .columns = width};
    const std::vector<double> mean =
        MeanOfRows(composition.old, manifest_.plan.old_tokens, options_.threads);
    composition.mean = mean;
    const std::size_t row_bytes = composition.old.row_bytes();
    // Columns have to be turned back as a whole; they are as narrow as the rank.
    const std::uint64_t block_rows =
        columns ? report_.new_rows
                : std::max<std::uint64_t>(1, kRowBlockBytes / std::max<std::size_t>(1, row_bytes));
    std::string block;
    for (std::uint64_t begin = 0; begin < report_.new_rows; begin += block_rows) {
      const std::uint64_t end = std::min(report_.new_rows, begin + block_rows);
      block.resize(static_cast<std::size_t>(end - begin) * row_bytes);
      ComposeRows(composition, begin, end, block.data(), options_.threads);
      if (columns) block = Transposed(block, report_.new_rows, width, element);
      TOKGRAFT_RETURN_IF_ERROR(out->Append(block));
    }
    return absl::OkStatus();
  }

  // A matrix [rows, columns] as [columns, rows].
  static std::string Transposed(std::string_view bytes, std::uint64_t rows, std::uint64_t columns,
                                std::size_t element) {
    std::string out(bytes.size(), '\0');
    for (std::uint64_t row = 0; row < rows; ++row) {
      for (std::uint64_t column = 0; column < columns; ++column) {
        const auto from = static_cast<std::size_t>(row * columns + column) * element;
        const auto to = static_cast<std::size_t>(column * rows + row) * element;
        std::copy_n(bytes.data() + from, element, out.data() + to);
      }
    }
    return out;
  }

  Status CopyOthers(const StagedDirectory& staged) {
    Checkpoint files;
    files.directory = adapter_;
    files.files = {file_};
    TOKGRAFT_ASSIGN_OR_RETURN(const std::vector<ModelFile> list, ListModelFiles(files, {file_}));
    for (const ModelFile& file : list) {
      if (file.name == kConfig || file.name == file_) continue;
      if (file.fate == FileFate::kTokenizer) {
        report_.left_out.push_back(Cat(file.name, " (of the old tokenizer)"));
      } else if (file.fate == FileFate::kLeaveOut) {
        report_.left_out.push_back(Cat(file.name, " (", file.why, ")"));
      } else {
        TOKGRAFT_RETURN_IF_ERROR(staged.MakeParents(file.name));
        TOKGRAFT_RETURN_IF_ERROR(
            CopyWithHash(Path(file.name), Cat(staged.path(), "/", file.name)).status());
      }
    }
    return absl::OkStatus();
  }

  const std::string& adapter_;
  const std::string& grafted_;
  const std::string& out_;
  const AdapterOptions& options_;
  std::string file_;  // of the weights
  WeightFile weights_;
  Manifest manifest_;
  std::string embedding_;  // names of modules
  std::string head_;
  std::vector<std::optional<std::uint64_t>> old_to_new_;  // rows
  std::string config_;
  AdapterReport report_;
};

}  // namespace

std::string AdapterReport::ToJson() const {
  const nlohmann::ordered_json json = {{"mapped", mapped},     {"unchanged", unchanged},
                                       {"old_rows", old_rows}, {"new_rows", new_rows},
                                       {"left_out", left_out}, {"warnings", warnings}};
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string AdapterReport::DebugString() const {
  std::string text = Cat(Counted(mapped.size(), "tensor"), " with a part per token, ",
                         Grouped(old_rows), " rows before, ", Grouped(new_rows), " now\n");
  for (const std::string& name : mapped) text += Cat("  ", name, "\n");
  text += Cat(Counted(unchanged, "other tensor"), " unchanged\n");
  for (const std::string& file : left_out) text += Cat("left out: ", file, "\n");
  for (const std::string& warning : warnings) text += Cat("warning: ", warning, "\n");
  return text;
}

StatusOr<AdapterReport> GraftAdapter(const std::string& adapter, const std::string& grafted,
                                     const std::string& out, const AdapterOptions& options) {
  return AdapterGrafter(adapter, grafted, out, options).Run();
}

}  // namespace tokgraft
