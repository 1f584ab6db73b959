#include "embed_init/init.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <set>

#include "embed_init/config/model_config.h"
#include "embed_init/gguf/model.h"
#include "embed_init/kernels/rows.h"
#include "embed_init/manifest.h"
#include "embed_init/output/changed_tensors.h"
#include "embed_init/output/file_io.h"
#include "embed_init/output/inventory.h"
#include "embed_init/output/manifest_json.h"
#include "embed_init/output/plan_report.h"
#include "embed_init/output/row_origins.h"
#include "embed_init/pytorch/archive.h"
#include "tokenizer/base/mapped_file.h"
#include "tokenizer/base/parallel.h"
#include "tokenizer/base/staged_directory.h"

namespace tokgraft {
namespace {

// One run of WriteModel: the values that its steps share.
class ModelWriter {
 public:
  ModelWriter(const Checkpoint& checkpoint, const InitPlan& plan, const WriteOptions& options)
      : checkpoint_(checkpoint),
        plan_(plan),
        options_(options),
        changed_(ChangedTensors(checkpoint, plan)),
        report_(ReportOfPlan(checkpoint, plan)) {}

  StatusOr<InitReport> Run(const std::string& out);

 private:
  Status CheckPlan() const;
  Status CheckRowTypes() const;
  Status PlanGgufKeys(const std::string& out);
  Status UpdateFiles();
  void WarnOfLostIds(const std::string& name, const ModelConfig& config);
  std::map<std::string, std::string> NewFiles() const;
  Status TakeOver(const StagedDirectory& staged);
  Status RewriteTensors(const StagedDirectory& staged);
  Status WriteSmallFiles(const StagedDirectory& staged);
  Status HashOtherInputs();
  std::string RelativeTo(const std::string& out) const;
  Status WriteManifest(const StagedDirectory& staged);

  std::string Source(const std::string& name) const {
    return Cat(checkpoint_.directory, "/", name);
  }
  void Report(std::string_view stage, double fraction) const {
    if (options_.progress) options_.progress(stage, fraction);
  }
  void AddOutput(const std::string& name, const FileHash& hash, const std::string& how) {
    manifest_.outputs.push_back({name, hash.size_bytes, hash.sha256, how});
    report_.files[name] = how;
    (how == "written" ? report_.written_bytes : report_.copied_bytes) += hash.size_bytes;
  }
  void AddInput(const std::string& path, const FileHash& hash) {
    manifest_.inputs.push_back({path, hash.size_bytes, hash.sha256, ""});
  }

  const Checkpoint& checkpoint_;
  const InitPlan& plan_;
  const WriteOptions& options_;
  const std::vector<ChangedTensor> changed_;
  std::vector<ModelFile> files_;
  std::map<std::string, std::string> small_;  // config files, tokenizer, extras: name -> bytes
  std::vector<GgufKey> gguf_keys_;            // of a GGUF model, as they will be
  std::uint64_t needed_bytes_ = 0;
  Manifest manifest_;
  InitReport report_;
};

Status ModelWriter::CheckPlan() const {
  const bool fits = plan_.old_rows == checkpoint_.embedding.rows &&
                    plan_.input.rows() == plan_.new_rows &&
                    (!plan_.output || plan_.output->rows() == plan_.new_rows) &&
                    plan_.tied_before == (checkpoint_.head_kind == HeadKind::kTied);
  const auto dense_fits = [&](const RolePlan& role, std::uint64_t columns) {
    const DenseRows& dense = role.dense;
    return dense.rows.empty() ||
           (dense.columns == columns && dense.values.size() == dense.rows.size() * columns &&
            std::is_sorted(dense.rows.begin(), dense.rows.end()) &&
            dense.rows.back() < plan_.new_rows);
  };
  const std::uint64_t columns = checkpoint_.embedding.columns;
  const bool dense =
      dense_fits(plan_.input, columns) && (!plan_.output || dense_fits(*plan_.output, columns)) &&
      (plan_.bias ? plan_.bias->rows() == plan_.new_rows && plan_.bias->dense.rows.empty()
                  : checkpoint_.head_biases.empty());
  if (fits && dense) return absl::OkStatus();
  return InvalidArgumentError(Cat(checkpoint_.directory, ": the plan was made for another model; ",
                                  "plan again with this one"));
}

// Q2_K and Q3_K rows can be kept but not made.
Status ModelWriter::CheckRowTypes() const {
  for (const ChangedTensor& changed : changed_) {
    if (CanMakeRows(changed.tensor.dtype)) continue;
    const RolePlan& role = PlanOf(plan_, changed);
    const auto made = static_cast<std::uint64_t>(
        std::count_if(role.origins.begin(), role.origins.end(),
                      [](RowOrigin origin) { return origin != RowOrigin::kCopied; }));
    if (made == 0) continue;
    return UnimplementedError(
        Cat(Source(changed.file), ": ", changed.source, ": is stored as ",
            DTypeName(changed.tensor.dtype), ", in which ", made,
            " new rows cannot be made, F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K or "
            "Q6_K was expected; quantise the model with another type for this tensor"));
  }
  return absl::OkStatus();
}

// A GGUF model is one file with its tokenizer in it.
Status ModelWriter::PlanGgufKeys(const std::string& out) {
  if (!IsGguf(checkpoint_)) return absl::OkStatus();
  if (IsGgufName(out)) {
    return InvalidArgumentError(Cat(out,
                                    ": has the name of a file, a directory is written: the model "
                                    "with its id map and its manifest; name a directory"));
  }
  const std::string path = GgufPathOf(checkpoint_);
  const std::string* tokenizer = nullptr;
  if (options_.tokenizer_files) {
    for (const auto& [name, bytes] : *options_.tokenizer_files) {
      if (IsGgufName(name)) tokenizer = &bytes;
    }
  }
  if (tokenizer == nullptr) {
    return InvalidArgumentError(Cat(path,
                                    ": holds its tokenizer, and the new one is no GGUF vocabulary; "
                                    "give the merged tokenizer as GGUF"));
  }
  TOKGRAFT_ASSIGN_OR_RETURN(GgufModel source, ReadGgufModel(path, checkpoint_.files.front()));
  TOKGRAFT_ASSIGN_OR_RETURN(GgufFile vocabulary, ReadGgufFile(*tokenizer, "the new vocabulary"));
  const GgufKey* tokens = vocabulary.Find("tokenizer.ggml.tokens");
  if (tokens == nullptr || tokens->count != plan_.new_rows) {
    return InvalidArgumentError(Cat(path, ": the new vocabulary has ",
                                    tokens == nullptr ? 0 : tokens->count, " tokens, ",
                                    plan_.new_rows, " were expected, one for each row, as ",
                                    "llama.cpp asks; plan without padding (--pad-to-multiple 1)"));
  }
  gguf_keys_ = NewGgufKeys(source.file, vocabulary, plan_, &report_.warnings);
  return absl::OkStatus();
}

// Ids in a config that were no tokens: they are kept, but may be other tokens' from now on.
void ModelWriter::WarnOfLostIds(const std::string& name, const ModelConfig& config) {
  std::string lost;
  for (const auto& [key, id] : config.token_ids) {
    if (id >= plan_.old_to_new.size()) lost += Cat(lost.empty() ? "" : ", ", key, " ", id);
  }
  if (lost.empty()) return;
  report_.warnings.push_back(Cat(name, ": names tokens that the model did not have (", lost,
                                 "); they are kept, set them to ids of the new vocabulary"));
}

// Reads config.json, generation_config.json and the index, and makes their new text.
Status ModelWriter::UpdateFiles() {
  ConfigChange change{.old_rows = plan_.old_rows,
                      .new_rows = plan_.new_rows,
                      .new_tokens = plan_.new_tokens,
                      .pad_to_multiple = plan_.pad_to_multiple,
                      .tied = std::nullopt,
                      .old_to_new = &plan_.old_to_new,
                      .notes = &report_.warnings};
  // Written where it changes, and where a head that the family would tie is stored untied.
  if (plan_.tied_before != plan_.tied_after || checkpoint_.head_kind == HeadKind::kSeparate) {
    change.tied = plan_.tied_after;
  }
  for (const ModelFile& file : files_) {
    if (file.fate != FileFate::kUpdate) continue;
    const std::string path = Source(file.name);
    TOKGRAFT_ASSIGN_OR_RETURN(MappedFile mapped, MappedFile::Open(path));
    const std::string_view bytes = mapped.bytes();
    AddInput(path, {bytes.size(), Sha256Of(bytes)});
    std::string& text = small_[WrittenName(file.name)];
    if (file.name == "config.json" || file.name == "generation_config.json") {
      TOKGRAFT_ASSIGN_OR_RETURN(const ModelConfig config, ParseModelConfig(bytes, path));
      WarnOfLostIds(file.name, config);
    }
    if (file.name == "config.json") {
      TOKGRAFT_ASSIGN_OR_RETURN(text, UpdateModelConfig(bytes, change, path));
    } else if (file.name == "generation_config.json") {
      TOKGRAFT_ASSIGN_OR_RETURN(text, UpdateGenerationConfig(bytes, change, path));
    } else {
      std::vector<std::pair<std::string, std::string>> added;
      for (const ChangedTensor& tensor : changed_) {
        if (tensor.is_new) added.emplace_back(tensor.tensor.tensor, WrittenName(tensor.file));
      }
      for (const TensorInfo& tensor : checkpoint_.tensors) {
        if (WrittenName(tensor.file) == tensor.file) continue;
        added.emplace_back(tensor.name, WrittenName(tensor.file));
      }
      const std::uint64_t total = TotalTensorBytes(checkpoint_, plan_, changed_);
      TOKGRAFT_ASSIGN_OR_RETURN(text, UpdateIndex(bytes, total, added, path));
    }
  }
  for (const auto& [name, bytes] : NewFiles()) small_[name] = bytes;
  for (const auto& [name, bytes] : small_) needed_bytes_ += bytes.size();
  return absl::OkStatus();
}

std::map<std::string, std::string> ModelWriter::NewFiles() const {
  std::map<std::string, std::string> files = options_.extra_files;
  if (options_.tokenizer_files && !IsGguf(checkpoint_)) {
    for (const auto& [name, bytes] : *options_.tokenizer_files) files[name] = bytes;
  }
  return files;
}

// Every file that stays as it is: shared blocks or a link where possible, else a copy, hashed.
Status ModelWriter::TakeOver(const StagedDirectory& staged) {
  struct Task {
    const ModelFile* file;
    std::string how;
    Status status;
    FileHash hash;
  };
  std::vector<Task> tasks;
  for (const ModelFile& file : files_) {
    const bool replaced = options_.tokenizer_files && file.fate == FileFate::kTokenizer;
    if (replaced && !options_.tokenizer_files->contains(file.name)) {
      report_.left_out.push_back(Cat(file.name, " (of the old tokenizer)"));
    }
    if (file.fate == FileFate::kLeaveOut) {
      report_.left_out.push_back(Cat(file.name, " (", file.why, ")"));
    }
    const bool keep = file.fate == FileFate::kKeep || file.fate == FileFate::kTokenizer;
    if (!keep || replaced || small_.contains(file.name)) continue;
    tasks.push_back({&file, "copied", absl::OkStatus(), {}});
  }
  for (Task& task : tasks) {
    const std::string to = Cat(staged.path(), "/", task.file->name);
    TOKGRAFT_RETURN_IF_ERROR(staged.MakeParents(task.file->name));
    if (options_.link && HardLink(Source(task.file->name), to)) {
      task.how = "linked";
    } else if (Reflink(Source(task.file->name), to)) {
      task.how = "reflinked";
    } else {
      needed_bytes_ += task.file->size_bytes;
    }
  }
  TOKGRAFT_RETURN_IF_ERROR(staged.CheckSpace(needed_bytes_));
  std::size_t done = 0;
  const auto batch = static_cast<std::size_t>(EffectiveThreads(options_.threads));
  for (std::size_t first = 0; first < tasks.size(); first += batch) {
    const std::size_t count = std::min(batch, tasks.size() - first);
    ParallelFor(count, 1, options_.threads, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = first + begin; i < first + end; ++i) {
        Task& task = tasks[i];
        const std::string from = Source(task.file->name);
        const StatusOr<FileHash> hash =
            task.how == "copied" ? CopyWithHash(from, Cat(staged.path(), "/", task.file->name))
                                 : HashFile(from);
        task.status = hash.status();
        if (hash.ok()) task.hash = *hash;
      }
    });
    done += count;
    Report("copy", static_cast<double>(done) / static_cast<double>(tasks.size()));
  }
  for (const Task& task : tasks) {
    TOKGRAFT_RETURN_IF_ERROR(task.status);
    AddInput(Source(task.file->name), task.hash);
    AddOutput(task.file->name, task.hash, task.how);
  }
  return absl::OkStatus();
}

Status ModelWriter::RewriteTensors(const StagedDirectory& staged) {
  std::uint64_t not_finite = 0;
  for (const ModelFile& file : files_) {
    if (file.fate != FileFate::kRewriteTensors) continue;
    RewriteOptions rewrite{.threads = options_.threads,
                           .progress = [&](double fraction) { Report("write", fraction); },
                           .keys = gguf_keys_};
    TOKGRAFT_ASSIGN_OR_RETURN(
        RewrittenFile written,
        RewriteFile(checkpoint_, plan_, changed_, file.name,
                    Cat(staged.path(), "/", WrittenName(file.name)), rewrite));
    AddInput(Source(file.name), written.source);
    AddOutput(WrittenName(file.name), written.output, "written");
    if (WrittenName(file.name) != file.name) {
      report_.left_out.push_back(Cat(file.name, " (written as ", WrittenName(file.name), ")"));
    }
    for (const auto& [tensor, norms] : written.norms) report_.norms[tensor] = norms;
    manifest_.dense_sha256.merge(written.dense_sha256);
    not_finite += written.not_finite;
  }
  if (not_finite > 0) {
    report_.warnings.push_back(Cat(not_finite,
                                   " new rows hold an infinity or a NaN, as the old "
                                   "rows that they are made of do"));
  }
  return absl::OkStatus();
}

Status ModelWriter::WriteSmallFiles(const StagedDirectory& staged) {
  for (const auto& [name, bytes] : small_) {
    TOKGRAFT_RETURN_IF_ERROR(staged.MakeParents(name));
    TOKGRAFT_ASSIGN_OR_RETURN(FileHash hash, WriteNewFile(Cat(staged.path(), "/", name), bytes));
    AddOutput(name, hash, "written");
  }
  return absl::OkStatus();
}

Status ModelWriter::HashOtherInputs() {
  namespace fs = std::filesystem;
  std::set<std::string> paths;
  if (options_.tokenizer_files) {
    for (const ModelFile& file : files_) {
      if (file.fate == FileFate::kTokenizer) paths.insert(Source(file.name));
    }
  }
  for (const std::string& input : options_.other_inputs) {
    std::error_code error;
    if (!fs::is_directory(input, error)) {
      paths.insert(input);
      continue;
    }
    for (const auto& entry : fs::directory_iterator(input, error)) {
      const std::string name = entry.path().filename().string();
      if (entry.is_regular_file(error) &&
          (name.find("token") != std::string::npos || name == "tekken.json")) {
        paths.insert(entry.path().string());
      }
    }
  }
  for (const std::string& path : paths) {
    TOKGRAFT_ASSIGN_OR_RETURN(FileHash hash, HashFile(path));
    AddInput(path, hash);
  }
  return absl::OkStatus();
}

// Where relative paths start, seen from the output: both by their real names, so that "../model"
// leads to the model also where a link stands on the way.
std::string ModelWriter::RelativeTo(const std::string& out) const {
  namespace fs = std::filesystem;
  const bool any =
      std::any_of(manifest_.inputs.begin(), manifest_.inputs.end(),
                  [](const ManifestFile& input) { return !fs::path(input.path).is_absolute(); });
  std::error_code error;
  const fs::path relative =
      any ? fs::relative(fs::current_path(error), fs::absolute(out), error) : fs::path();
  return error ? "" : relative.string();
}

Status ModelWriter::WriteManifest(const StagedDirectory& staged) {
  manifest_.tokgraft_version = TOKGRAFT_VERSION;
  manifest_.command = options_.command;
  manifest_.model_directory = IsGguf(checkpoint_) ? GgufPathOf(checkpoint_) : checkpoint_.directory;
  manifest_.plan = plan_;
  manifest_.embedding = checkpoint_.embedding.tensor;
  for (const ChangedTensor& tensor : changed_) {
    if (tensor.is_bias) {
      manifest_.head_biases.push_back(tensor.tensor.tensor);
    } else if (tensor.tensor.tensor != manifest_.embedding) {
      manifest_.head = tensor.tensor.tensor;
      manifest_.source_head = tensor.source;
    }
  }
  std::string rows = RowOriginsToJson(plan_);
  if (rows.size() > kInlineRowsBytes) {
    TOKGRAFT_ASSIGN_OR_RETURN(FileHash hash,
                              WriteNewFile(Cat(staged.path(), "/", kRowsName), rows));
    AddOutput(std::string(kRowsName), hash, "written");
    rows.clear();
  }
  const auto by_path = [](const ManifestFile& a, const ManifestFile& b) { return a.path < b.path; };
  std::sort(manifest_.inputs.begin(), manifest_.inputs.end(), by_path);
  std::sort(manifest_.outputs.begin(), manifest_.outputs.end(), by_path);
  return WriteNewFile(Cat(staged.path(), "/", kManifestName), ManifestToJson(manifest_, rows))
      .status();
}

StatusOr<InitReport> ModelWriter::Run(const std::string& out) {
  const auto start = std::chrono::steady_clock::now();
  TOKGRAFT_RETURN_IF_ERROR(CheckPlan());
  TOKGRAFT_RETURN_IF_ERROR(CheckRowTypes());
  TOKGRAFT_RETURN_IF_ERROR(CheckOutput(
      {.out = out,
       .force = options_.force,
       .mark = kManifestName,
       .model_dir = IsGguf(checkpoint_) ? GgufPathOf(checkpoint_) : checkpoint_.directory,
       .inputs = options_.other_inputs}));
  TOKGRAFT_RETURN_IF_ERROR(PlanGgufKeys(out));
  std::set<std::string> changed_files;
  for (const ChangedTensor& tensor : changed_) changed_files.insert(tensor.file);
  TOKGRAFT_ASSIGN_OR_RETURN(
      files_, ListModelFiles(checkpoint_, {changed_files.begin(), changed_files.end()}));
  TOKGRAFT_RETURN_IF_ERROR(UpdateFiles());
  for (const ModelFile& file : files_) {
    if (file.fate != FileFate::kRewriteTensors) continue;
    TOKGRAFT_ASSIGN_OR_RETURN(std::uint64_t bytes,
                              NewFileBytes(checkpoint_, plan_, changed_, file.name, gguf_keys_));
    needed_bytes_ += bytes;
  }
  TOKGRAFT_ASSIGN_OR_RETURN(StagedDirectory staged, StagedDirectory::Create(out, options_.force));
  TOKGRAFT_RETURN_IF_ERROR(TakeOver(staged));
  TOKGRAFT_RETURN_IF_ERROR(RewriteTensors(staged));
  TOKGRAFT_RETURN_IF_ERROR(WriteSmallFiles(staged));
  TOKGRAFT_RETURN_IF_ERROR(HashOtherInputs());
  manifest_.relative_to = RelativeTo(out);
  TOKGRAFT_RETURN_IF_ERROR(WriteManifest(staged));
  report_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  TOKGRAFT_RETURN_IF_ERROR(
      WriteNewFile(Cat(staged.path(), "/", kReportName), report_.ToJson() + "\n").status());
  TOKGRAFT_RETURN_IF_ERROR(staged.Commit());
  return report_;
}

}  // namespace

StatusOr<std::vector<float>> ApplyPlan(const Checkpoint& checkpoint, const InitPlan& plan,
                                       Role role, std::uint64_t begin, std::uint64_t end) {
  const RolePlan& rows = role == Role::kOutput && plan.output ? *plan.output : plan.input;
  if (rows.dense.values.size() != rows.dense.rows.size() * checkpoint.embedding.columns) {
    return InvalidArgumentError(
        "the plan lacks the numbers of its dense rows, as one that is read from a manifest does; "
        "plan again");
  }
  if (begin > end || end > rows.rows() || plan.old_rows != checkpoint.embedding.rows) {
    return OutOfRangeError(Cat("rows [", begin, ", ", end, ") are not in a plan of ", rows.rows(),
                               " rows for a model of ", checkpoint.embedding.rows));
  }
  const RowTensor& tensor =
      role == Role::kOutput && checkpoint.head ? *checkpoint.head : checkpoint.embedding;
  const TensorInfo* info = checkpoint.Find(tensor.tensor);
  const std::string path = Cat(checkpoint.directory, "/", info->file);
  TOKGRAFT_ASSIGN_OR_RETURN(MappedFile mapped, MappedFile::Open(path));
  if (mapped.bytes().size() < info->end) {
    return DataLossError(Cat(path, ": is shorter than when it was opened; start again"));
  }
  Composition composition{.plan = &plan, .role = &rows};
  composition.old = {.data = mapped.bytes().data() + info->begin,
                     .dtype = tensor.dtype,
                     .rows = tensor.rows,
                     .columns = tensor.columns};
  const std::vector<double> mean = MeanOfRows(composition.old, plan.old_tokens, 0);
  composition.mean = mean;
  std::string bytes(static_cast<std::size_t>(end - begin) * composition.old.row_bytes(), '\0');
  ComposeRows(composition, begin, end, bytes.data(), 0);
  MatrixView made = composition.old;
  made.data = bytes.data();
  std::vector<float> values;
  std::vector<double> row(static_cast<std::size_t>(tensor.columns));
  for (std::uint64_t i = 0; i < end - begin; ++i) {
    ReadRow(made, i, row);
    for (const double value : row) values.push_back(static_cast<float>(value));
  }
  return values;
}

StatusOr<InitReport> WriteModel(const Checkpoint& checkpoint, const InitPlan& plan,
                                const std::string& out, const WriteOptions& options) {
  return ModelWriter(checkpoint, plan, options).Run(out);
}

}  // namespace tokgraft
