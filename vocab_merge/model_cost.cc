#include "vocab_merge/model_cost.h"

#include <algorithm>
#include <filesystem>
#include <initializer_list>
#include <iterator>
#include <nlohmann/json.hpp>
#include <system_error>

#include "tokenizer/base/json.h"
#include "tokenizer/base/mapped_file.h"
#include "tokenizer/base/report_text.h"

namespace tokgraft {
namespace {

constexpr double kMostParameters = 1e15;

// One object of config.json; a size has another name in another family.
class Sizes {
 public:
  explicit Sizes(JsonValue object) : object_(object) {}

  StatusOr<std::optional<std::uint64_t>> Find(std::initializer_list<std::string_view> keys) const {
    for (const std::string_view key : keys) {
      const std::optional<JsonValue> value = object_.FindNotNull(key);
      if (!value) continue;
      TOKGRAFT_ASSIGN_OR_RETURN(const std::uint64_t size, value->Uint());
      return std::optional<std::uint64_t>(size);
    }
    return std::optional<std::uint64_t>();
  }
  // As a double, in which products of absurd sizes do not wrap around.
  StatusOr<double> Get(std::initializer_list<std::string_view> keys, double otherwise) const {
    TOKGRAFT_ASSIGN_OR_RETURN(const std::optional<std::uint64_t> size, Find(keys));
    return size ? static_cast<double>(*size) : otherwise;
  }
  StatusOr<double> Need(std::initializer_list<std::string_view> keys) const {
    TOKGRAFT_ASSIGN_OR_RETURN(const std::optional<std::uint64_t> size, Find(keys));
    if (size && *size > 0) return static_cast<double>(*size);
    return object_.Error(Cat(*keys.begin(), size ? ": is 0" : ": is missing",
                             ", a size above 0 was expected; name the config.json of a model"));
  }
  bool Holds(std::string_view key) const {
    const std::optional<JsonValue> value = object_.FindNotNull(key);
    if (!value || value->type() != JsonType::kBool) return false;
    return value->Bool().value_or(false);
  }
  std::string Text(std::string_view key) const {
    const std::optional<JsonValue> value = object_.FindNotNull(key);
    if (!value || value->type() != JsonType::kString) return "";
    return std::string(value->String().value_or(""));
  }

 private:
  JsonValue object_;
};

bool HasGate(std::string_view model_type) {
  static constexpr std::string_view kPlain[] = {
      "bert", "bloom",       "camembert", "distilbert", "electra",    "falcon",
      "gpt2", "gpt_neo",     "gptj",      "gpt_neox",   "mpt",        "nemotron",
      "opt",  "gpt_bigcode", "phi",       "roberta",    "starcoder2", "xlm-roberta"};
  return std::find(std::begin(kPlain), std::end(kPlain), model_type) == std::end(kPlain);
}

// Parameters of the attention of one layer.
StatusOr<double> AttentionParameters(const Sizes& sizes, double d) {
  TOKGRAFT_ASSIGN_OR_RETURN(const double heads,
                            sizes.Need({"num_attention_heads", "n_head", "n_heads", "num_heads"}));
  TOKGRAFT_ASSIGN_OR_RETURN(const double key_rank, sizes.Get({"kv_lora_rank"}, 0));
  if (key_rank > 0) {
    TOKGRAFT_ASSIGN_OR_RETURN(const double plain, sizes.Need({"qk_nope_head_dim"}));
    TOKGRAFT_ASSIGN_OR_RETURN(const double rotary, sizes.Need({"qk_rope_head_dim"}));
    TOKGRAFT_ASSIGN_OR_RETURN(const double value, sizes.Need({"v_head_dim"}));
    TOKGRAFT_ASSIGN_OR_RETURN(const double query_rank, sizes.Get({"q_lora_rank"}, 0));
    const double query = heads * (plain + rotary);
    return (query_rank > 0 ? query_rank * (d + query) : d * query) + d * (key_rank + rotary) +
           key_rank * heads * (plain + value) + heads * value * d;
  }
  TOKGRAFT_ASSIGN_OR_RETURN(const double head_dim, sizes.Get({"head_dim"}, d / heads));
  const double all = sizes.Holds("multi_query") ? 1 : heads;
  TOKGRAFT_ASSIGN_OR_RETURN(const double kv_heads,
                            sizes.Get({"num_key_value_heads", "num_kv_heads"}, all));
  return 2 * d * heads * head_dim + 2 * d * kv_heads * head_dim;
}

// Parameters of what follows the attention, in all layers.
struct Feed {
  double stored = 0;
  double active = 0;
};
StatusOr<Feed> FeedParameters(const Sizes& sizes, double d, double layers, double matrices) {
  TOKGRAFT_ASSIGN_OR_RETURN(
      const double inner,
      sizes.Get({"intermediate_size", "n_inner", "ffn_dim", "ffn_hidden_size", "hidden_dim"},
                4 * d));
  const double dense = matrices * d * inner;
  TOKGRAFT_ASSIGN_OR_RETURN(const double experts,
                            sizes.Get({"num_local_experts", "num_experts", "n_routed_experts"}, 0));
  if (experts <= 1) return Feed{layers * dense, layers * dense};
  TOKGRAFT_ASSIGN_OR_RETURN(const double chosen, sizes.Need({"num_experts_per_tok"}));
  TOKGRAFT_ASSIGN_OR_RETURN(const double size, sizes.Get({"moe_intermediate_size"}, inner));
  TOKGRAFT_ASSIGN_OR_RETURN(const double shared, sizes.Get({"n_shared_experts"}, 0));
  TOKGRAFT_ASSIGN_OR_RETURN(const double shared_size,
                            sizes.Get({"shared_expert_intermediate_size"}, shared * size));
  TOKGRAFT_ASSIGN_OR_RETURN(const double first_dense, sizes.Get({"first_k_dense_replace"}, 0));
  const double plain_layers = std::min(first_dense, layers);
  const double always =
      plain_layers * dense + (layers - plain_layers) * (d * experts + matrices * d * shared_size);
  const double one = (layers - plain_layers) * matrices * d * size;
  return Feed{always + experts * one, always + std::min(chosen, experts) * one};
}

JsonValue TextPart(JsonValue root) {
  for (const std::string_view key : {"text_config", "llm_config", "language_config"}) {
    const std::optional<JsonValue> part = root.FindNotNull(key);
    if (part && part->type() == JsonType::kObject) return *part;
  }
  return root;
}

// The text part says; else the whole does; else the family.
bool IsTied(JsonValue root, JsonValue text) {
  for (const JsonValue object : {text, root}) {
    const std::optional<JsonValue> tied = object.FindNotNull("tie_word_embeddings");
    if (tied && tied->type() == JsonType::kBool) return tied->Bool().value_or(true);
  }
  for (const JsonValue object : {text, root}) {
    if (const auto tied = TiedByDefault(Sizes(object).Text("model_type"))) return *tied;
  }
  return true;  // what transformers does where nothing is said
}

}  // namespace

double ModelCost::FlopsPerToken(std::uint64_t rows_then) const {
  return 2 * (static_cast<double>(active_parameters) +
              static_cast<double>(hidden_size) * static_cast<double>(rows_then));
}

double ModelCost::Parameters(std::uint64_t rows_then) const {
  return static_cast<double>(body_parameters) +
         (tied ? 1 : 2) * static_cast<double>(hidden_size) * static_cast<double>(rows_then);
}

std::string ModelCost::ToJson() const {
  const nlohmann::ordered_json out = {{"hidden_size", hidden_size},
                                      {"body_parameters", body_parameters},
                                      {"active_parameters", active_parameters},
                                      {"rows", rows},
                                      {"tied", tied}};
  return ReadableJson(out.dump());
}

std::string ModelCost::DebugString() const {
  std::string active;
  if (active_parameters != body_parameters) {
    active = Cat(" (", Grouped(active_parameters), " active)");
  }
  return Cat(Grouped(body_parameters), " parameters", active, " beside ", Grouped(rows),
             tied ? " tied" : " untied", " rows of ", Grouped(hidden_size));
}

StatusOr<ModelCost> ParseModelCost(std::string_view json, const std::string& name) {
  TOKGRAFT_ASSIGN_OR_RETURN(const JsonDocument document, JsonDocument::Parse(json, name));
  const JsonValue root = document.root();
  if (root.type() != JsonType::kObject) {
    return InvalidArgumentError(Cat(name, ": is not a JSON object; restore the file"));
  }
  const JsonValue text = TextPart(root);
  const Sizes sizes(text);
  TOKGRAFT_ASSIGN_OR_RETURN(const double d,
                            sizes.Need({"hidden_size", "n_embd", "n_embed", "d_model", "dim"}));
  TOKGRAFT_ASSIGN_OR_RETURN(const double layers,
                            sizes.Need({"num_hidden_layers", "n_layer", "n_layers", "num_layers"}));
  TOKGRAFT_ASSIGN_OR_RETURN(const double rows, sizes.Need({"vocab_size"}));
  TOKGRAFT_ASSIGN_OR_RETURN(const double attention, AttentionParameters(sizes, d));
  std::string model_type = sizes.Text("model_type");
  if (model_type.empty()) model_type = Sizes(root).Text("model_type");
  TOKGRAFT_ASSIGN_OR_RETURN(const Feed feed,
                            FeedParameters(sizes, d, layers, HasGate(model_type) ? 3 : 2));
  const double body = layers * attention + feed.stored;
  if (!(body + 2 * d * rows < kMostParameters)) {
    return InvalidArgumentError(Cat(name,
                                    ": gives more than 1e15 parameters, the sizes of a model "
                                    "were expected; restore the file"));
  }
  ModelCost cost;
  cost.hidden_size = static_cast<std::uint64_t>(d);
  cost.body_parameters = static_cast<std::uint64_t>(body);
  cost.active_parameters = static_cast<std::uint64_t>(layers * attention + feed.active);
  cost.rows = static_cast<std::uint64_t>(rows);
  cost.tied = IsTied(root, text);
  return cost;
}

StatusOr<ModelCost> ReadModelCost(const std::string& path) {
  std::error_code error;
  const bool directory = std::filesystem::is_directory(path, error);
  const std::string file_path = directory ? Cat(path, "/config.json") : path;
  TOKGRAFT_ASSIGN_OR_RETURN(const MappedFile file, MappedFile::Open(file_path));
  return ParseModelCost(file.bytes(), file_path);
}

std::optional<bool> TiedByDefault(std::string_view model_type) {
  static constexpr std::string_view kUntied[] = {
      "deepseek_v2", "deepseek_v3", "glm",   "glm4",      "gpt_neox",    "gpt_oss",
      "gptj",        "granite",     "llama", "llama4",    "llama4_text", "mistral",
      "mixtral",     "olmo",        "olmo2", "olmo3",     "phi",         "phi3",
      "qwen2",       "qwen2_moe",   "qwen3", "qwen3_moe", "stablelm"};
  static constexpr std::string_view kTied[] = {
      "albert",      "bert",    "bloom",       "camembert",  "cohere",     "cohere2",
      "distilbert",  "electra", "falcon",      "gemma",      "gemma2",     "gemma3",
      "gemma3_text", "gpt2",    "gpt_bigcode", "gpt_neo",    "modernbert", "mpt",
      "opt",         "roberta", "smollm3",     "starcoder2", "xlm-roberta"};
  const auto in = [&](const auto& list) {
    return std::find(std::begin(list), std::end(list), model_type) != std::end(list);
  };
  if (in(kUntied)) return false;
  if (in(kTied)) return true;
  return std::nullopt;
}

}  // namespace tokgraft
