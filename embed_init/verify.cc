// Verify of manifest.h: hashes, rows, other tensors, and that tokenizer, rows and config agree.
#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "embed_init/config/model_config.h"
#include "embed_init/gguf/model.h"
#include "embed_init/manifest.h"
#include "embed_init/output/manifest_json.h"
#include "embed_init/output/sha256.h"
#include "embed_init/pytorch/archive.h"
#include "embed_init/verification/tensors.h"
#include "tokenizer/base/json.h"
#include "tokenizer/base/mapped_file.h"
#include "tokenizer/base/report_text.h"
#include "tokenizer/load.h"

namespace tokgraft {
namespace {

namespace fs = std::filesystem;

// A name of the manifest that stays inside the directory.
bool IsInside(std::string_view name) {
  if (name.empty() || name.front() == '/') return false;
  const fs::path path{std::string(name)};
  return std::none_of(path.begin(), path.end(), [](const fs::path& part) { return part == ".."; });
}

class Verifier {
 public:
  Verifier(const std::string& directory, const VerifyOptions& options, Manifest manifest)
      : directory_(directory), options_(options), manifest_(std::move(manifest)) {}

  VerifyReport Run() {
    CheckHashes();
    CheckExtraFiles();
    const StatusOr<Checkpoint> output =
        OpenCheckpoint(gguf_.empty() ? directory_ : PathOf(gguf_),
                       {.embedding = manifest_.embedding, .head = manifest_.head});
    if (output.ok()) {
      CheckTensors(*output);
    } else {
      Problem(Message(output.status()));
    }
    Report("config", 0);
    CheckConfig();
    CheckTokenizer();
    CheckIdMap();
    Report("config", 1);
    return std::move(report_);
  }

 private:
  void Problem(std::string_view text) { report_.problems.emplace_back(text); }
  void Note(std::string_view text) { report_.notes.emplace_back(text); }
  void Checked(std::string_view text) { report_.checked.emplace_back(text); }
  void Report(std::string_view stage, double fraction) const {
    if (options_.progress) options_.progress(stage, fraction);
  }
  std::string PathOf(std::string_view name) const { return Cat(directory_, "/", name); }

  void CheckHashes() {
    std::uint64_t good = 0;
    for (std::size_t i = 0; i < manifest_.outputs.size(); ++i) {
      const ManifestFile& file = manifest_.outputs[i];
      Report("hashes", static_cast<double>(i) / static_cast<double>(manifest_.outputs.size()));
      if (!IsInside(file.path)) {
        Problem(Cat(file.path, ": is not a name inside the directory"));
        continue;
      }
      const StatusOr<FileHash> hash = HashFile(PathOf(file.path));
      if (!hash.ok()) {
        Problem(Message(hash.status()));
      } else if (hash->size_bytes != file.size_bytes) {
        Problem(Cat(PathOf(file.path), ": has ", hash->size_bytes, " bytes, ", file.size_bytes,
                    " were written"));
      } else if (hash->sha256 != file.sha256) {
        Problem(Cat(PathOf(file.path), ": was changed: its SHA-256 is ", hash->sha256, ", not ",
                    file.sha256));
      } else {
        ++good;
        unchanged_.insert(file.path);
      }
    }
    Checked(Cat(Grouped(good), " of ", Grouped(manifest_.outputs.size()),
                " files have the SHA-256 they had"));
    const bool lists_config = std::any_of(
        manifest_.outputs.begin(), manifest_.outputs.end(), [&](const ManifestFile& file) {
          return file.path == (gguf_.empty() ? "config.json" : gguf_);
        });
    if (!lists_config) {
      Problem(Cat(PathOf(kManifestName), ": outputs: does not list ",
                  gguf_.empty() ? "config.json" : gguf_,
                  ", which every output has; the manifest was edited"));
    }
  }

  // Files that came later are not wrong, but nobody vouches for them; weights among them may be
  // loaded in place of ours.
  void CheckExtraFiles() {
    std::set<std::string> known = {std::string(kManifestName), std::string(kReportName)};
    for (const ManifestFile& file : manifest_.outputs) known.insert(file.path);
    std::error_code error;
    for (const auto& entry : fs::recursive_directory_iterator(directory_, error)) {
      if (!entry.is_regular_file(error)) continue;
      const std::string name = entry.path().lexically_relative(directory_).string();
      if (!known.contains(name)) Note(Cat(name, ": is not in the manifest"));
    }
  }

  // The source model, if it is there and is what it was.
  std::optional<Checkpoint> OpenSource() {
    const std::string& recorded = manifest_.model_directory;
    const bool named = !options_.model_dir.empty();
    std::string directory =
        named ? options_.model_dir : PathOfInput(manifest_, directory_, recorded);
    if (IsGgufName(recorded) && !IsGgufName(directory)) {
      directory = Cat(directory, "/", fs::path(recorded).filename().string());
    }
    std::error_code error;
    if (!fs::exists(directory, error)) {
      const std::string missing = Cat("the source model ", directory, " is not there");
      named ? Problem(missing) : Note(missing);
      source_state_ = "the source model was not there";
      return std::nullopt;
    }
    for (const ManifestFile& input : manifest_.inputs) {
      const bool of_model = input.path == recorded || input.path.starts_with(recorded + "/");
      const std::string path = of_model ? directory + input.path.substr(recorded.size())
                                        : PathOfInput(manifest_, directory_, input.path);
      const StatusOr<FileHash> hash = HashFile(path);
      if (hash.ok() && hash->sha256 == input.sha256) continue;
      if (of_model && named) {
        source_state_ = Cat(directory, " is not the source model");
        const std::string file =
            input.path == recorded ? "it" : input.path.substr(recorded.size() + 1);
        Problem(Cat(directory, ": is not the source model: ", file,
                    hash.ok() ? " has another SHA-256" : " is not there"));
        return std::nullopt;
      }
      Note(Cat(path, hash.ok() ? ": has changed since" : ": is not there any more"));
      if (of_model && (path.ends_with(".safetensors") || IsPytorchFile(path) || IsGgufName(path))) {
        source_state_ = "the source model has changed";
        return std::nullopt;
      }
    }
    CheckpointOptions names{.embedding = manifest_.embedding};
    if (manifest_.source_head != manifest_.embedding) names.head = manifest_.source_head;
    // A single one may have a name that only the user knew.
    if (manifest_.head_biases.size() == 1) names.head_bias = manifest_.head_biases.front();
    StatusOr<Checkpoint> source = OpenCheckpoint(directory, names);
    if (!source.ok()) {
      Note(Cat("the source model cannot be opened: ", Message(source.status())));
      return std::nullopt;
    }
    if (source->embedding.rows != manifest_.plan.old_rows) {
      Note("the source model has another number of rows");
      return std::nullopt;
    }
    return *std::move(source);
  }

  void CheckTensors(const Checkpoint& output) {
    if (output.embedding.rows != manifest_.plan.new_rows) {
      Problem(Cat(output.embedding.tensor, ": has ", output.embedding.rows, " rows, ",
                  manifest_.plan.new_rows, " were written"));
      return;
    }
    Report("source", 0);
    const std::optional<Checkpoint> source = OpenSource();
    Report("rows", 0);
    Status status;
    if (source) {
      source_directory_ = source->directory;
      status = CheckRowsFromSource(*source, output, manifest_, options_.threads, &report_);
      Report("tensors", 0);
      if (status.ok()) status = CheckOtherTensors(*source, output, manifest_.plan, &report_);
    } else {
      status = CheckRowsFromOutput(output, manifest_, options_.threads, &report_);
      report_.not_compared = Cat(source_state_, ", so ", report_.not_compared);
    }
    Report("tensors", 1);
    if (!status.ok()) Problem(Message(status));
  }

  void CheckIds(const std::string& name, const ModelConfig& config) {
    for (const auto& [key, id] : config.token_ids) {
      if (id < manifest_.plan.new_tokens) continue;
      const std::string text = Cat(PathOf(name), ": ", key, ": names token ", id,
                                   ", the vocabulary has ", manifest_.plan.new_tokens);
      // What the source model named in vain is kept, and no fault of the output.
      if (source_directory_.empty() && unchanged_.contains(name)) {
        Note(Cat(text, "; whether the source model did so too cannot be told"));
      } else if (SourceNames(name, {key, id})) {
        Note(Cat(text, "; so it did in the source model"));
      } else {
        Problem(text);
      }
    }
  }

  bool SourceNames(const std::string& name,
                   const std::pair<std::string, std::uint64_t>& token) const {
    if (source_directory_.empty()) return false;
    const std::string path = Cat(source_directory_, "/", name);
    if (IsGgufName(name)) {
      const StatusOr<GgufModel> model = ReadGgufModel(path, name);
      if (!model.ok()) return false;
      const ModelConfig config = ConfigOfGguf(model->file);
      return std::find(config.token_ids.begin(), config.token_ids.end(), token) !=
             config.token_ids.end();
    }
    const StatusOr<MappedFile> file = MappedFile::Open(path);
    if (!file.ok()) return false;
    const StatusOr<ModelConfig> config = ParseModelConfig(file->bytes(), path);
    return config.ok() && std::find(config->token_ids.begin(), config->token_ids.end(), token) !=
                              config->token_ids.end();
  }

  void CheckConfig() {
    if (!gguf_.empty()) return CheckGgufKeys();
    const std::size_t before = report_.problems.size();
    for (const std::string name : {"config.json", "generation_config.json"}) {
      std::error_code error;
      if (name != "config.json" && !fs::exists(PathOf(name), error)) continue;
      const StatusOr<MappedFile> file = MappedFile::Open(PathOf(name));
      if (!file.ok()) {
        Problem(Message(file.status()));
        continue;
      }
      const StatusOr<ModelConfig> config = ParseModelConfig(file->bytes(), PathOf(name));
      if (!config.ok()) {
        Problem(Message(config.status()));
        continue;
      }
      CheckIds(name, *config);
      if (name != "config.json") continue;
      if (config->vocab_size != manifest_.plan.new_rows) {
        Problem(Cat(PathOf(name), ": vocab_size: is ", config->vocab_size.value_or(0), ", the ",
                    "matrices have ", manifest_.plan.new_rows, " rows"));
      }
      if (manifest_.plan.tied_before && config->tied &&
          *config->tied != manifest_.plan.tied_after) {
        Problem(Cat(PathOf(name), ": tie_word_embeddings: is not what was written"));
      }
    }
    if (report_.problems.size() == before) Checked("config.json fits the rows");
  }

  // What config.json says of a model stands in the keys of a GGUF file.
  void CheckGgufKeys() {
    const std::size_t before = report_.problems.size();
    const StatusOr<GgufModel> model = ReadGgufModel(PathOf(gguf_), gguf_);
    if (!model.ok()) return Problem(Message(model.status()));
    const ModelConfig config = ConfigOfGguf(model->file);
    CheckIds(gguf_, config);
    if (config.vocab_size != manifest_.plan.new_rows) {
      Problem(Cat(PathOf(gguf_), ": tokenizer.ggml.tokens: are ", config.vocab_size.value_or(0),
                  ", the matrices have ", manifest_.plan.new_rows, " rows"));
    }
    if (report_.problems.size() == before) Checked("the keys of the file fit the rows");
  }

  void CheckTokenizer() {
    const StatusOr<TokenizerSpec> spec = Load(gguf_.empty() ? directory_ : PathOf(gguf_));
    if (absl::IsNotFound(spec.status())) {
      Note("there is no tokenizer in the directory");
      return;
    }
    if (!spec.ok()) {
      Problem(Message(spec.status()));
      return;
    }
    const std::size_t ids = spec->id_limit();
    if (ids != manifest_.plan.new_tokens) {
      Problem(Cat(spec->source, ": has ", ids, " ids, the rows were made for ",
                  manifest_.plan.new_tokens));
    } else {
      Checked(Cat("the tokenizer has an id for each of ", Grouped(ids), " rows, ",
                  Counted(manifest_.plan.new_rows - ids, "row"), " of padding follow"));
    }
  }

  void CheckIdMap() {
    std::error_code error;
    const std::string path = PathOf("id_map.json");
    if (!fs::exists(path, error)) return;
    const Status status = CompareIdMap(path);
    if (status.ok()) {
      Checked("id_map.json agrees with the origin of each row");
    } else {
      Problem(Message(status));
    }
  }

  // Base ids went where their rows were copied to.
  Status CompareIdMap(const std::string& path) {
    TOKGRAFT_ASSIGN_OR_RETURN(MappedFile file, MappedFile::Open(path));
    TOKGRAFT_ASSIGN_OR_RETURN(JsonDocument document, JsonDocument::Parse(file.bytes(), path));
    TOKGRAFT_ASSIGN_OR_RETURN(JsonValue size, document.root().Get("merged_size"));
    TOKGRAFT_ASSIGN_OR_RETURN(std::uint64_t merged, size.Uint());
    const InitPlan& plan = manifest_.plan;
    if (merged != plan.new_tokens) {
      return size.Error(Cat("is ", merged, ", the rows were made for ", plan.new_tokens));
    }
    TOKGRAFT_ASSIGN_OR_RETURN(JsonValue bases, document.root().Get("base_to_merged"));
    return bases.ForEachElement([&](std::size_t base, JsonValue value) -> Status {
      if (value.is_null() || base >= plan.old_rows) return absl::OkStatus();
      TOKGRAFT_ASSIGN_OR_RETURN(std::uint64_t row, value.Uint());
      if (row < plan.new_rows && plan.input.origins[row] == RowOrigin::kCopied &&
          plan.input.sources[plan.input.splits[row]] == base) {
        return absl::OkStatus();
      }
      return value.Error(Cat("row ", row, " is not a copy of old row ", base));
    });
  }

  const std::string directory_;
  const VerifyOptions& options_;
  const Manifest manifest_;
  // The name of the model where it is a GGUF file, as its source was; else "".
  const std::string gguf_ = IsGgufName(manifest_.model_directory)
                                ? fs::path(manifest_.model_directory).filename().string()
                                : std::string();
  std::set<std::string> unchanged_;  // files with the hash that they had
  std::string source_directory_;     // of the source model; "": it cannot be used
  std::string source_state_ = "the source model cannot be used";  // where it was not
  VerifyReport report_;
};

}  // namespace

std::string VerifyReport::ToJson() const {
  const nlohmann::ordered_json json = {{"ok", ok()},           {"complete", complete()},
                                       {"problems", problems}, {"checked", checked},
                                       {"notes", notes},       {"not_compared", not_compared}};
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string VerifyReport::DebugString() const {
  std::string text;
  for (const std::string& problem : problems) text += Cat("problem: ", problem, "\n");
  for (const std::string& fact : checked) text += Cat("holds: ", fact, "\n");
  for (const std::string& note : notes) text += Cat("note: ", note, "\n");
  if (!ok()) return Cat(text, Counted(problems.size(), "problem"), "\n");
  text += complete() ? "everything holds\n" : Cat("holds in part: ", not_compared, "\n");
  return text;
}

StatusOr<VerifyReport> Verify(const std::string& directory, const VerifyOptions& options) {
  std::error_code error;
  if (!fs::is_directory(directory, error)) {
    return NotFoundError(Cat(directory, ": is not a directory; check the path"));
  }
  if (!fs::exists(Cat(directory, "/", kManifestName), error)) {
    return NotFoundError(Cat(directory, ": has no ", kManifestName,
                             "; verify checks what graft and init write, name such a directory"));
  }
  StatusOr<Manifest> manifest = LoadManifest(directory);
  if (!manifest.ok()) {
    VerifyReport report;
    report.problems.emplace_back(Message(manifest.status()));
    return report;
  }
  return Verifier(directory, options, *std::move(manifest)).Run();
}

}  // namespace tokgraft
