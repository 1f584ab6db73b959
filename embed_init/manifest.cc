#include "embed_init/manifest.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "embed_init/output/manifest_json.h"
#include "embed_init/output/row_origins.h"
#include "embed_init/output/sha256.h"
#include "tokenizer/base/json.h"
#include "tokenizer/base/mapped_file.h"

namespace tokgraft {
namespace {

using Json = nlohmann::ordered_json;

Json FilesToJson(const std::vector<ManifestFile>& files) {
  Json list = Json::array();
  for (const ManifestFile& file : files) {
    Json entry = {{"path", file.path}, {"size_bytes", file.size_bytes}, {"sha256", file.sha256}};
    if (!file.how.empty()) entry["how"] = file.how;
    list.push_back(std::move(entry));
  }
  return list;
}

Json RoleToJson(const RolePlan& role) {
  Json json = {{"method", std::string(MethodName(role.method))}, {"noise", role.noise}};
  if (!role.given_name.empty()) json["given_name"] = role.given_name;
  if (role.averaged_with) json["averaged_with"] = std::string(MethodName(*role.averaged_with));
  return json;
}

// Members of an object, each with its type; the first error stops.
class Reader {
 public:
  explicit Reader(JsonValue object) : object_(object) {}
  std::string Text(std::string_view key) {
    return Take<std::string>(key, [](JsonValue v) -> StatusOr<std::string> {
      TOKGRAFT_ASSIGN_OR_RETURN(std::string_view text, v.String());
      return std::string(text);
    });
  }
  std::uint64_t Number(std::string_view key) {
    return Take<std::uint64_t>(key, [](JsonValue v) { return v.Uint(); });
  }
  double Real(std::string_view key) {
    return Take<double>(key, [](JsonValue v) { return v.Double(); });
  }
  bool Flag(std::string_view key) {
    return Take<bool>(key, [](JsonValue v) { return v.Bool(); });
  }
  Method MethodOf(std::string_view key) {
    return Take<Method>(key, [](JsonValue v) -> StatusOr<Method> {
      TOKGRAFT_ASSIGN_OR_RETURN(std::string_view name, v.String());
      const StatusOr<Method> method = ParseMethod(name);
      return method.ok() ? method : v.Error(Message(method.status()));
    });
  }
  const Status& status() const { return status_; }

 private:
  template <typename T, typename F>
  T Take(std::string_view key, F read) {
    if (!status_.ok()) return T{};
    StatusOr<JsonValue> value = object_.Get(key);
    if (!value.ok()) {
      status_ = value.status();
      return T{};
    }
    StatusOr<T> result = read(*value);
    if (!result.ok()) {
      status_ = result.status();
      return T{};
    }
    return *std::move(result);
  }
  JsonValue object_;
  Status status_;
};

StatusOr<std::vector<ManifestFile>> ParseFiles(JsonValue list) {
  std::vector<ManifestFile> files;
  TOKGRAFT_RETURN_IF_ERROR(list.ForEachElement([&](std::size_t, JsonValue entry) -> Status {
    Reader reader(entry);
    ManifestFile file{.path = reader.Text("path"),
                      .size_bytes = reader.Number("size_bytes"),
                      .sha256 = reader.Text("sha256"),
                      .how = ""};
    if (entry.Find("how")) file.how = reader.Text("how");
    files.push_back(std::move(file));
    return reader.status();
  }));
  return files;
}

Status ParseTensors(JsonValue tensors, Manifest* manifest) {
  Reader reader(tensors);
  manifest->embedding = reader.Text("embedding");
  manifest->head = reader.Text("head");
  manifest->source_head = reader.Text("source_head");
  TOKGRAFT_RETURN_IF_ERROR(reader.status());
  TOKGRAFT_ASSIGN_OR_RETURN(JsonValue biases, tensors.Get("head_biases"));
  return biases.ForEachElement([&](std::size_t, JsonValue bias) -> Status {
    TOKGRAFT_ASSIGN_OR_RETURN(std::string_view name, bias.String());
    manifest->head_biases.emplace_back(name);
    return absl::OkStatus();
  });
}

Status ParseRole(JsonValue value, RolePlan* role) {
  Reader reader(value);
  role->method = reader.MethodOf("method");
  role->noise = reader.Real("noise");
  if (value.Find("averaged_with")) role->averaged_with = reader.MethodOf("averaged_with");
  if (value.Find("given_name")) role->given_name = reader.Text("given_name");
  return reader.status();
}

Status ParseSizes(JsonValue sizes, InitPlan* plan) {
  Reader reader(sizes);
  plan->old_rows = reader.Number("old_rows");
  plan->old_tokens = reader.Number("old_tokens");
  plan->new_rows = reader.Number("new_rows");
  plan->new_tokens = reader.Number("new_tokens");
  plan->pad_to_multiple = reader.Number("pad_to_multiple");
  TOKGRAFT_RETURN_IF_ERROR(reader.status());
  constexpr std::uint64_t kMost = std::uint64_t{1} << 31;
  if (std::max(plan->old_rows, plan->new_rows) >= kMost || plan->old_tokens > plan->old_rows ||
      plan->new_tokens > plan->new_rows) {
    return sizes.Error("contradict each other; restore the file");
  }
  return absl::OkStatus();
}

StatusOr<Manifest> ParseHead(JsonValue root) {
  Manifest manifest;
  Reader reader(root);
  if (const std::uint64_t version = reader.Number("manifest_version");
      reader.status().ok() && version != 1) {
    return root.ErrorOf(&UnimplementedError, Cat("manifest_version ", version,
                                                 " is not known, 1 was expected; "
                                                 "use a newer tokgraft"));
  }
  manifest.tokgraft_version = reader.Text("tokgraft_version");
  manifest.command = reader.Text("command");
  manifest.model_directory = reader.Text("model");
  if (root.Find("relative_to")) manifest.relative_to = reader.Text("relative_to");
  InitPlan& plan = manifest.plan;
  plan.seed = reader.Number("seed");
  plan.method = reader.MethodOf("method");
  plan.method_was_auto = reader.Flag("method_was_auto");
  plan.tied_before = reader.Flag("tied_before");
  plan.tied_after = reader.Flag("tied_after");
  TOKGRAFT_RETURN_IF_ERROR(reader.status());
  TOKGRAFT_ASSIGN_OR_RETURN(JsonValue tensors, root.Get("tensors"));
  TOKGRAFT_RETURN_IF_ERROR(ParseTensors(tensors, &manifest));
  TOKGRAFT_ASSIGN_OR_RETURN(JsonValue sizes, root.Get("sizes"));
  TOKGRAFT_RETURN_IF_ERROR(ParseSizes(sizes, &plan));
  TOKGRAFT_ASSIGN_OR_RETURN(JsonValue input, root.Get("input"));
  TOKGRAFT_RETURN_IF_ERROR(ParseRole(input, &plan.input));
  TOKGRAFT_ASSIGN_OR_RETURN(JsonValue output, root.Get("output"));
  if (!output.is_null()) TOKGRAFT_RETURN_IF_ERROR(ParseRole(output, &plan.output.emplace()));
  if (const auto bias = root.Find("bias")) {
    TOKGRAFT_RETURN_IF_ERROR(ParseRole(*bias, &plan.bias.emplace()));
  }
  if (const auto dense = root.Find("dense_sha256")) {
    TOKGRAFT_RETURN_IF_ERROR(dense->ForEachElement([&](std::size_t, JsonValue entry) -> Status {
      Reader hash(entry);
      const std::string tensor = hash.Text("tensor");
      manifest.dense_sha256[tensor] = hash.Text("sha256");
      return hash.status();
    }));
  }
  TOKGRAFT_ASSIGN_OR_RETURN(JsonValue inputs, root.Get("inputs"));
  TOKGRAFT_ASSIGN_OR_RETURN(manifest.inputs, ParseFiles(inputs));
  TOKGRAFT_ASSIGN_OR_RETURN(JsonValue outputs, root.Get("outputs"));
  TOKGRAFT_ASSIGN_OR_RETURN(manifest.outputs, ParseFiles(outputs));
  return manifest;
}

}  // namespace

std::string ManifestToJson(const Manifest& manifest, std::string_view rows) {
  const InitPlan& plan = manifest.plan;
  Json json;
  json["manifest_version"] = 1;
  json["tokgraft_version"] = manifest.tokgraft_version;
  json["command"] = manifest.command;
  json["seed"] = plan.seed;
  json["model"] = manifest.model_directory;
  if (!manifest.relative_to.empty()) json["relative_to"] = manifest.relative_to;
  json["inputs"] = FilesToJson(manifest.inputs);
  json["outputs"] = FilesToJson(manifest.outputs);
  json["tensors"] = {{"embedding", manifest.embedding},
                     {"head", manifest.head},
                     {"head_biases", manifest.head_biases},
                     {"source_head", manifest.source_head}};
  json["sizes"] = {{"old_rows", plan.old_rows},
                   {"old_tokens", plan.old_tokens},
                   {"new_rows", plan.new_rows},
                   {"new_tokens", plan.new_tokens},
                   {"pad_to_multiple", plan.pad_to_multiple}};
  json["method"] = std::string(MethodName(plan.method));
  json["method_was_auto"] = plan.method_was_auto;
  json["tied_before"] = plan.tied_before;
  json["tied_after"] = plan.tied_after;
  json["input"] = RoleToJson(plan.input);
  json["output"] = plan.output ? RoleToJson(*plan.output) : Json(nullptr);
  if (plan.bias) json["bias"] = RoleToJson(*plan.bias);
  for (const auto& [tensor, sha256] : manifest.dense_sha256) {
    json["dense_sha256"].push_back({{"tensor", tensor}, {"sha256", sha256}});
  }
  if (rows.empty()) json["rows_file"] = std::string(kRowsName);
  std::string text = json.dump(2, ' ', false, Json::error_handler_t::replace);
  if (!rows.empty()) {
    text.resize(text.size() - 2);  // "\n}"
    text += Cat(",\n  \"rows\": ", rows, "}");
  }
  return text + "\n";
}

std::string PathOfInput(const Manifest& manifest, const std::string& directory,
                        const std::string& recorded) {
  namespace fs = std::filesystem;
  if (manifest.relative_to.empty() || fs::path(recorded).is_absolute()) return recorded;
  std::error_code error;
  const fs::path from_output =
      fs::weakly_canonical(directory, error) / manifest.relative_to / recorded;
  return fs::exists(from_output, error) ? from_output.lexically_normal().string() : recorded;
}

StatusOr<Manifest> LoadManifest(const std::string& directory) {
  const std::string path = Cat(directory, "/", kManifestName);
  TOKGRAFT_ASSIGN_OR_RETURN(MappedFile file, MappedFile::Open(path));
  TOKGRAFT_ASSIGN_OR_RETURN(JsonDocument document, JsonDocument::Parse(file.bytes(), path));
  TOKGRAFT_ASSIGN_OR_RETURN(Manifest manifest, ParseHead(document.root()));
  if (const auto rows = document.root().Find("rows")) {
    TOKGRAFT_RETURN_IF_ERROR(
        ParseRowOrigins(rows->Minified(), Cat(path, ": rows"), &manifest.plan));
    return manifest;
  }
  const std::string rows_path = Cat(directory, "/", kRowsName);
  TOKGRAFT_ASSIGN_OR_RETURN(MappedFile rows, MappedFile::Open(rows_path));
  const auto listed =
      std::find_if(manifest.outputs.begin(), manifest.outputs.end(),
                   [](const ManifestFile& output) { return output.path == kRowsName; });
  if (listed == manifest.outputs.end() || Sha256Of(rows.bytes()) != listed->sha256) {
    return DataLossError(Cat(rows_path, ": has another SHA-256 than ", kManifestName,
                             " says; the file was changed, write the model again"));
  }
  TOKGRAFT_RETURN_IF_ERROR(ParseRowOrigins(rows.bytes(), rows_path, &manifest.plan));
  return manifest;
}

}  // namespace tokgraft
