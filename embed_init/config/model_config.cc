#include "embed_init/config/model_config.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "tokenizer/base/json.h"

namespace tokgraft {
namespace {

// Sorted by key, as transformers writes these files; an ordered object would be searched linearly.
using Json = nlohmann::json;

constexpr std::string_view kTextParts[] = {"text_config", "llm_config", "language_config"};

bool EndsWith(std::string_view text, std::string_view end) { return text.ends_with(end); }

// Keys whose value is the id of a token, or a list of them: "eos_token_id", "image_token_index".
bool NamesTokenIds(std::string_view key) {
  return EndsWith(key, "_token_id") || EndsWith(key, "_token_ids") || EndsWith(key, "_token_index");
}

Status CollectIds(JsonValue object, const std::string& place,
                  std::vector<std::pair<std::string, std::uint64_t>>* out) {
  return object.ForEachMember([&](std::string_view key, JsonValue value) -> Status {
    if (!NamesTokenIds(key)) return absl::OkStatus();
    const std::string name = Cat(place, key);
    const auto add = [&](JsonValue id) {
      // -1 and the like are "none" in some configs: not an id.
      if (StatusOr<std::uint64_t> number = id.Uint(); number.ok()) out->push_back({name, *number});
    };
    if (value.type() == JsonType::kNumber) add(value);
    if (value.type() == JsonType::kArray) {
      return value.ForEachElement([&](std::size_t, JsonValue element) {
        if (element.type() == JsonType::kNumber) add(element);
        return absl::OkStatus();
      });
    }
    return absl::OkStatus();
  });
}

std::optional<JsonValue> TextPart(JsonValue root) {
  for (const std::string_view key : kTextParts) {
    std::optional<JsonValue> part = root.FindNotNull(key);
    if (part && part->type() == JsonType::kObject) return part;
  }
  return std::nullopt;
}

Status ReadPart(JsonValue object, ModelConfig* config, std::string* model_type) {
  if (const auto type = object.FindNotNull("model_type")) {
    TOKGRAFT_ASSIGN_OR_RETURN(std::string_view text, type->String());
    *model_type = std::string(text);
  }
  if (const auto size = object.FindNotNull("vocab_size")) {
    TOKGRAFT_ASSIGN_OR_RETURN(config->vocab_size, size->Uint());
  }
  if (const auto tied = object.FindNotNull("tie_word_embeddings")) {
    TOKGRAFT_ASSIGN_OR_RETURN(config->tied, tied->Bool());
  }
  if (const auto quantised = object.FindNotNull("quantization_config")) {
    config->quant_method = "unnamed";
    if (const auto method = quantised->FindNotNull("quant_method")) {
      TOKGRAFT_ASSIGN_OR_RETURN(std::string_view text, method->String());
      config->quant_method = std::string(text);
    }
  }
  return absl::OkStatus();
}

// The bytes as an editable value; JsonDocument first, since it bounds depth and names places.
StatusOr<Json> ParseForEditing(std::string_view json, const std::string& name) {
  TOKGRAFT_ASSIGN_OR_RETURN(JsonDocument document, JsonDocument::Parse(json, name));
  if (document.root().type() != JsonType::kObject) {
    return InvalidArgumentError(Cat(name, ": is not a JSON object; restore the file"));
  }
  Json value = Json::parse(json, nullptr, false);
  if (value.is_discarded())
    return InvalidArgumentError(Cat(name, ": is not JSON; restore the file"));
  return value;
}

std::string Dump(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Status RemapId(const ConfigChange& change, const std::string& place, Json* id) {
  if (!id->is_number_integer() || *id < 0 || change.old_to_new == nullptr) return absl::OkStatus();
  const auto old = id->get<std::uint64_t>();
  if (old >= change.old_to_new->size()) return absl::OkStatus();
  const std::optional<TokenId> merged = (*change.old_to_new)[old];
  if (!merged) {
    return FailedPreconditionError(
        Cat(place, ": names token ", old,
            ", which the new vocabulary lacks, and none that has its role is known; "
            "load the donor from its directory (tokenizer_config.json names its roles), or keep "
            "that token"));
  }
  *id = *merged;
  return absl::OkStatus();
}

// Of several tokens (to stop at, say) those that are gone are left out, as long as one is left.
void DropGone(const ConfigChange& change, const std::string& place, Json* ids) {
  if (change.old_to_new == nullptr) return;
  const auto gone = [&](const Json& id) {
    if (!id.is_number_integer() || id < 0) return false;
    const auto old = id.get<std::uint64_t>();
    return old < change.old_to_new->size() && !(*change.old_to_new)[old];
  };
  if (std::ranges::all_of(*ids, gone)) return;
  Json kept = Json::array();
  for (Json& id : *ids) {
    if (!gone(id)) {
      kept.push_back(std::move(id));
    } else if (change.notes != nullptr) {
      change.notes->push_back(
          Cat(place, ": names token ", id.get<std::uint64_t>(),
              ", which the new vocabulary lacks; it was taken out of the list"));
    }
  }
  *ids = std::move(kept);
}

Status RemapIds(const ConfigChange& change, const std::string& place, Json* object) {
  for (auto& [key, value] : object->items()) {
    if (!NamesTokenIds(key)) continue;
    const std::string where = Cat(place, key);
    if (value.is_array()) {
      DropGone(change, where, &value);
      for (Json& id : value) TOKGRAFT_RETURN_IF_ERROR(RemapId(change, where, &id));
    } else {
      TOKGRAFT_RETURN_IF_ERROR(RemapId(change, where, &value));
    }
  }
  return absl::OkStatus();
}

}  // namespace

StatusOr<ModelConfig> ParseModelConfig(std::string_view json, const std::string& name) {
  TOKGRAFT_ASSIGN_OR_RETURN(JsonDocument document, JsonDocument::Parse(json, name));
  const JsonValue root = document.root();
  if (root.type() != JsonType::kObject) {
    return InvalidArgumentError(Cat(name, ": is not a JSON object; restore the file"));
  }
  ModelConfig config;
  TOKGRAFT_RETURN_IF_ERROR(ReadPart(root, &config, &config.model_type));
  config.text_model_type = config.model_type;
  if (const auto part = TextPart(root)) {
    TOKGRAFT_RETURN_IF_ERROR(ReadPart(*part, &config, &config.text_model_type));
    TOKGRAFT_RETURN_IF_ERROR(CollectIds(*part, Cat(part->path(), "."), &config.token_ids));
  }
  if (const auto list = root.FindNotNull("architectures")) {
    TOKGRAFT_RETURN_IF_ERROR(list->ForEachElement([&](std::size_t, JsonValue value) -> Status {
      TOKGRAFT_ASSIGN_OR_RETURN(std::string_view text, value.String());
      config.architectures.emplace_back(text);
      return absl::OkStatus();
    }));
  }
  TOKGRAFT_RETURN_IF_ERROR(CollectIds(root, "", &config.token_ids));
  return config;
}

StatusOr<std::string> UpdateModelConfig(std::string_view json, const ConfigChange& change,
                                        const std::string& name) {
  TOKGRAFT_ASSIGN_OR_RETURN(Json root, ParseForEditing(json, name));
  Json* text = nullptr;
  std::string text_place;
  for (const std::string_view key : kTextParts) {
    const auto part = root.find(std::string(key));
    if (text != nullptr || part == root.end() || !part->is_object()) continue;
    text = &*part;
    text_place = Cat(key, ".");
  }
  bool written = false;
  for (Json* object : {&root, text}) {
    if (object == nullptr) continue;
    const auto size = object->find("vocab_size");
    if (size != object->end() && *size == change.old_rows) {
      *size = change.new_rows;
      written = true;
    }
    TOKGRAFT_RETURN_IF_ERROR(
        RemapIds(change, Cat(name, ": ", object == text ? text_place : ""), object));
    if (change.tied && (object == &root || object->contains("tie_word_embeddings"))) {
      (*object)["tie_word_embeddings"] = *change.tied;
    }
  }
  if (!written) (*(text == nullptr ? &root : text))["vocab_size"] = change.new_rows;
  root["tokgraft"] = {{"tokenizer_size", change.new_tokens},
                      {"embedding_rows", change.new_rows},
                      {"pad_to_multiple", change.pad_to_multiple}};
  return Dump(root);
}

StatusOr<std::string> UpdateGenerationConfig(std::string_view json, const ConfigChange& change,
                                             const std::string& name) {
  TOKGRAFT_ASSIGN_OR_RETURN(Json root, ParseForEditing(json, name));
  const Json before = root;
  TOKGRAFT_RETURN_IF_ERROR(RemapIds(change, Cat(name, ": "), &root));
  return root == before ? std::string(json) : Dump(root);
}

StatusOr<std::string> UpdateIndex(std::string_view json, std::uint64_t total_size,
                                  const std::vector<std::pair<std::string, std::string>>& files,
                                  const std::string& name) {
  TOKGRAFT_ASSIGN_OR_RETURN(Json root, ParseForEditing(json, name));
  Json& metadata = root["metadata"];
  if (!metadata.is_object()) metadata = Json::object();
  metadata["total_size"] = total_size;
  // Counts of parameters that some writers add would be stale.
  metadata.erase("total_parameters");
  for (const auto& [tensor, file] : files) root["weight_map"][tensor] = file;
  return Dump(root);
}

}  // namespace tokgraft
