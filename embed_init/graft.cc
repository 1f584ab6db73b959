#include "embed_init/graft.h"

#include <chrono>
#include <utility>

#include "embed_init/config/auto_tokenizer.h"
#include "embed_init/gguf/model.h"
#include "embed_init/methods/method.h"
#include "embed_init/output/inventory.h"
#include "embed_init/output/manifest_json.h"
#include "embed_init/output/plan_report.h"
#include "tokenizer/base/report_text.h"
#include "tokenizer/base/staged_directory.h"
#include "tokenizer/load.h"
#include "tokenizer/save.h"
#include "vocab_merge/learn.h"
#include "vocab_merge/merge.h"
#include "vocab_merge/model_cost.h"

namespace tokgraft {
namespace {

// A tokenizer in a format that we can read but not write is refused before any work. `written` is
// the base, or under `swap` the donor, which takes the base's format so that what loads the model
// still does.
Status CheckWritable(const TokenizerSpec& base, const TokenizerSpec& written,
                     const std::string& model_dir) {
  Status status = CheckSavable(written, base.format);
  if (status.code() != absl::StatusCode::kUnimplemented) return status;
  if (written.format != base.format) {
    return UnimplementedError(Cat(written.source, ": the model's tokenizer is a ",
                                  FormatName(base.format), " file, the donor cannot be written ",
                                  "like that: ", Message(status)));
  }
  return UnimplementedError(Cat(model_dir, ": its tokenizer is read from a ",
                                FormatName(base.format), " file and would have to be written like ",
                                "that: ", Message(status), "; put the model's tokenizer.json ",
                                "beside it and run again"));
}

std::string NameOf(const LearntDonor& donor) {
  std::string out = Counted(donor.size, "piece");
  for (const Corpus& corpus : donor.corpora) {
    out += Cat(&corpus == &donor.corpora.front() ? " learnt from " : ", ", corpus.path);
  }
  return out;
}

// One graft: what its steps share.
class Grafter {
 public:
  // With one donor or the other.
  Grafter(const std::string& model_dir, const TokenizerSpec* donor, const LearntDonor* learnt,
          const GraftOptions& options)
      : model_dir_(model_dir), donor_(donor), learnt_(learnt), options_(options) {}

  StatusOr<GraftReport> Run();

 private:
  void Progress(std::string_view stage, double fraction) const {
    if (options_.progress) options_.progress(stage, fraction);
  }
  StatusOr<EfficiencyReport> MeasureOn(const Tokenizer& tokenizer, std::string_view stage) const;
  std::vector<std::string> Inputs() const;
  StatusOr<MergeResult> Learn(const TokenizerSpec& base, const MergeOptions& merge) const;
  StatusOr<ModelCost> CostOfModel(const Checkpoint& checkpoint) const;
  Status MergeVocabularies(const TokenizerSpec& base, const Checkpoint& checkpoint);
  Status AddForecast(const Checkpoint& checkpoint, const Tokenizer& before, const Tokenizer& after,
                     const std::vector<OldPieces>& pieces);
  Status WriteAll(const Checkpoint& checkpoint, Format format, InitPlan plan);
  Status VerifyOutput();

  const std::string& model_dir_;
  const TokenizerSpec* donor_;
  const LearntDonor* learnt_;
  const GraftOptions& options_;
  TokenizerSpec merged_;
  std::vector<std::string> notes_;  // of the merge
  GraftReport report_;
};

StatusOr<EfficiencyReport> Grafter::MeasureOn(const Tokenizer& tokenizer,
                                              std::string_view stage) const {
  MeasureOptions measure;
  measure.documents = options_.documents;
  measure.threads = options_.threads;
  measure.progress = [&](std::string_view, double fraction) { Progress(stage, fraction); };
  return Measure(tokenizer, options_.corpora, measure);
}

// Files beside the model: the donor, or what it is learnt from, and those of vectors.
std::vector<std::string> Grafter::Inputs() const {
  std::vector<std::string> out;
  if (donor_ != nullptr && !donor_->source.empty()) out.push_back(donor_->source);
  if (learnt_ != nullptr) {
    for (const Corpus& corpus : learnt_->corpora) out.push_back(corpus.path);
  }
  for (const std::string& file : FilesOf(options_.init.auxiliary)) out.push_back(file);
  return out;
}

StatusOr<MergeResult> Grafter::Learn(const TokenizerSpec& base, const MergeOptions& merge) const {
  TOKGRAFT_ASSIGN_OR_RETURN(const DocumentList corpus,
                            ReadDocuments(learnt_->corpora, options_.documents));
  const LearnOptions learn{.corpus = corpus.documents,
                           .size = learnt_->size,
                           .protect = merge.old_text(),
                           .threads = merge.threads,
                           .progress = merge.progress};
  return MergeLearnt(base, learn);
}

// By its config.json, what its tensors say of rows counts more; of a GGUF file by its tensors.
StatusOr<ModelCost> Grafter::CostOfModel(const Checkpoint& checkpoint) const {
  if (IsGguf(checkpoint)) {
    TOKGRAFT_ASSIGN_OR_RETURN(const GgufModel model,
                              ReadGgufModel(GgufPathOf(checkpoint), checkpoint.files.front()));
    return CostOfGguf(model.file, checkpoint);
  }
  TOKGRAFT_ASSIGN_OR_RETURN(ModelCost cost, ReadModelCost(model_dir_));
  cost.hidden_size = checkpoint.embedding.columns;
  cost.rows = checkpoint.embedding.rows;
  cost.tied = checkpoint.head_kind != HeadKind::kSeparate;
  return cost;
}

Status Grafter::MergeVocabularies(const TokenizerSpec& base, const Checkpoint& checkpoint) {
  TOKGRAFT_ASSIGN_OR_RETURN(const DocumentList corpus,
                            ReadDocuments(options_.corpora, options_.documents));
  TOKGRAFT_ASSIGN_OR_RETURN(const DocumentList protect,
                            ReadDocuments(options_.protect, options_.documents));
  MergeOptions merge;
  merge.strategy = options_.strategy;
  merge.budget = options_.budget;
  merge.scripts = options_.scripts;
  merge.pieces = options_.pieces;
  merge.corpus = corpus.documents;
  merge.protect = protect.documents;
  merge.threads = options_.threads;
  merge.progress = options_.progress;
  TOKGRAFT_ASSIGN_OR_RETURN(const CurveTexts texts,
                            ReadCurveTexts(options_.corpora, options_.documents));
  if (options_.auto_budget && donor_ != nullptr) {
    TOKGRAFT_ASSIGN_OR_RETURN(const ModelCost model, CostOfModel(checkpoint));
    const BudgetOptions choose{.model = model,
                               .memory_weight = options_.memory_weight,
                               .corpora = texts.corpora,
                               .merge = merge};
    TOKGRAFT_ASSIGN_OR_RETURN(report_.choice, ChooseBudget(base, *donor_, choose));
    merge.budget = report_.choice->budget;
    report_.budget = merge.budget;
  }
  if (options_.curve) merge.curve = texts.corpora;
  TOKGRAFT_ASSIGN_OR_RETURN(MergeResult result, donor_ == nullptr
                                                    ? Learn(base, merge)
                                                    : MergeTokenizers(base, *donor_, merge));
  report_.curve = std::move(result.curve);
  notes_ = std::move(result.notes);
  merged_ = std::move(result.tokenizer);
  report_.id_map = std::move(result.id_map);
  report_.conflicts = std::move(result.conflicts);
  report_.certificate = std::move(result.certificate);
  return absl::OkStatus();
}

Status Grafter::AddForecast(const Checkpoint& checkpoint, const Tokenizer& before,
                            const Tokenizer& after, const std::vector<OldPieces>& pieces) {
  if (options_.corpora.empty()) return absl::OkStatus();
  Progress("forecast", 0);
  ForecastInput input{.before = &before,
                      .after = &after,
                      .id_map = &report_.id_map,
                      .pieces = &pieces,
                      .model = &checkpoint,
                      .corpora = &options_.corpora,
                      .documents = options_.documents,
                      .threads = options_.threads};
  std::optional<Checkpoint> donor_model;
  std::optional<Tokenizer> donor;
  if (!options_.init.donor_model.empty()) {
    TOKGRAFT_ASSIGN_OR_RETURN(donor_model, OpenCheckpoint(options_.init.donor_model));
    TOKGRAFT_ASSIGN_OR_RETURN(TokenizerSpec spec, Load(options_.init.donor_model));
    TOKGRAFT_ASSIGN_OR_RETURN(donor, Compile(std::move(spec)));
    input.donor_model = &*donor_model;
    input.donor = &*donor;
  }
  TOKGRAFT_ASSIGN_OR_RETURN(report_.forecast, ForecastCost(input));
  Progress("forecast", 1);
  return absl::OkStatus();
}

Status Grafter::WriteAll(const Checkpoint& checkpoint, Format format, InitPlan plan) {
  TOKGRAFT_ASSIGN_OR_RETURN(SerializedFiles files, SerializeFiles(merged_, format));
  plan.warnings.insert(plan.warnings.end(), files.notes.begin(), files.notes.end());
  WriteOptions write;
  write.tokenizer_files = std::move(files.files);
  write.extra_files["id_map.json"] = report_.id_map.ToJson();
  write.extra_files["conflicts.json"] = report_.conflicts.ToJson();
  write.extra_files["certificate.json"] = report_.certificate.ToJson();
  if (report_.forecast) write.extra_files["forecast.json"] = report_.forecast->ToJson();
  if (report_.choice) write.extra_files["budget.json"] = report_.choice->ToJson();
  if (report_.curve) write.extra_files["curve.json"] = report_.curve->ToJson();
  if (!report_.before.corpora.empty()) {
    write.extra_files["efficiency.json"] = Cat("{\n\"before\": ", report_.before.ToJson(),
                                               ",\n\"after\": ", report_.after.ToJson(), "\n}\n");
  }
  write.other_inputs = Inputs();
  if (!options_.init.donor_model.empty()) {
    TOKGRAFT_ASSIGN_OR_RETURN(const auto donor, FilesOfDonorModel(options_.init.donor_model));
    write.other_inputs.insert(write.other_inputs.end(), donor.begin(), donor.end());
  }
  const std::vector<std::string> auxiliary = FilesOf(options_.init.auxiliary);
  write.other_inputs.insert(write.other_inputs.end(), auxiliary.begin(), auxiliary.end());
  write.command = options_.command;
  write.force = options_.force;
  write.link = options_.link;
  write.threads = options_.threads;
  write.progress = options_.progress;
  TOKGRAFT_ASSIGN_OR_RETURN(report_.init, WriteModel(checkpoint, plan, options_.out, write));
  report_.out = options_.out;
  return absl::OkStatus();
}

Status Grafter::VerifyOutput() {
  VerifyOptions verify;
  verify.threads = options_.threads;
  verify.progress = [&](std::string_view, double fraction) { Progress("verify", fraction); };
  TOKGRAFT_ASSIGN_OR_RETURN(report_.verified, Verify(options_.out, verify));
  if (report_.verified->ok()) return absl::OkStatus();
  return InternalError(
      Cat(options_.out, ": was written but does not verify: ", report_.verified->problems.front()));
}

StatusOr<GraftReport> Grafter::Run() {
  const auto start = std::chrono::steady_clock::now();
  report_.model = model_dir_;
  report_.donor = donor_ == nullptr ? NameOf(*learnt_) : donor_->source;
  report_.budget = donor_ == nullptr ? learnt_->size : options_.budget;
  if (options_.curve && options_.corpora.empty()) {
    return InvalidArgumentError(
        "curve: no corpus was given, text to measure on was expected; name a corpus");
  }
  // What can fail for free comes first.
  TOKGRAFT_RETURN_IF_ERROR(CheckAuxiliary(options_.init));
  TOKGRAFT_ASSIGN_OR_RETURN(Checkpoint checkpoint, OpenCheckpoint(model_dir_, options_.checkpoint));
  if (!options_.dry_run) {
    TOKGRAFT_RETURN_IF_ERROR(CheckOutput({.out = options_.out,
                                          .force = options_.force,
                                          .mark = kManifestName,
                                          .model_dir = model_dir_,
                                          .inputs = Inputs()}));
  }
  Progress("load", 0);
  TOKGRAFT_ASSIGN_OR_RETURN(TokenizerSpec base,
                            Load(IsGguf(checkpoint) ? GgufPathOf(checkpoint) : model_dir_));
  TOKGRAFT_RETURN_IF_ERROR(
      CheckWritable(base, options_.strategy == "swap" ? *donor_ : base, model_dir_));
  TOKGRAFT_ASSIGN_OR_RETURN(Tokenizer old_tokenizer, Compile(base));
  TOKGRAFT_RETURN_IF_ERROR(MergeVocabularies(base, checkpoint));
  TOKGRAFT_ASSIGN_OR_RETURN(Tokenizer new_tokenizer, Compile(merged_));
  if (!options_.corpora.empty()) {
    TOKGRAFT_ASSIGN_OR_RETURN(report_.before, MeasureOn(old_tokenizer, "measure before"));
    TOKGRAFT_ASSIGN_OR_RETURN(report_.after, MeasureOn(new_tokenizer, "measure after"));
  }
  Progress("plan", 0);
  TOKGRAFT_ASSIGN_OR_RETURN(
      std::vector<OldPieces> pieces,
      SplitIntoOldPieces(report_.id_map, old_tokenizer, &new_tokenizer, donor_));
  InitOptions init = options_.init;
  if (!init.progress) init.progress = options_.progress;
  TOKGRAFT_RETURN_IF_ERROR(ForbidPadding(checkpoint, &init));
  TOKGRAFT_ASSIGN_OR_RETURN(InitPlan plan, PlanInit(checkpoint, report_.id_map, pieces, init,
                                                    &old_tokenizer, &new_tokenizer));
  TOKGRAFT_RETURN_IF_ERROR(AddForecast(checkpoint, old_tokenizer, new_tokenizer, pieces));
  MapRoles(base.roles, merged_.roles, &plan);
  for (const LoadNote& note : base.notes) {
    plan.warnings.push_back(Cat(base.source, ": ", note.place, ": ", note.message));
  }
  plan.warnings.insert(plan.warnings.end(), notes_.begin(), notes_.end());
  const std::string warning =
      IsGguf(checkpoint) ? "" : AutoTokenizerWarning(checkpoint.model_type, merged_);
  if (!warning.empty()) plan.warnings.push_back(warning);
  if (report_.id_map.added.empty() && options_.strategy != "intersect") {
    plan.warnings.emplace_back(
        donor_ == nullptr ? "no new token: no two neighbours stand in the text twice"
                          : "no new token: no piece of the donor was wanted and could be added");
  }
  Progress("plan", 1);
  if (options_.dry_run) {
    report_.init = ReportOfPlan(checkpoint, plan);
  } else {
    TOKGRAFT_RETURN_IF_ERROR(WriteAll(checkpoint, base.format, std::move(plan)));
    if (options_.verify) TOKGRAFT_RETURN_IF_ERROR(VerifyOutput());
  }
  report_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return std::move(report_);
}

}  // namespace

StatusOr<GraftReport> Graft(const std::string& model_dir, const TokenizerSpec& donor,
                            const GraftOptions& options) {
  return Grafter(model_dir, &donor, nullptr, options).Run();
}

StatusOr<GraftReport> Graft(const std::string& model_dir, const LearntDonor& donor,
                            const GraftOptions& options) {
  const std::string_view given = options.budget                 ? "a budget"
                                 : !options.scripts.empty()     ? "scripts"
                                 : options.strategy != "extend" ? "a strategy"
                                                                : "";
  if (!given.empty()) {
    return InvalidArgumentError(Cat("donor corpus: ", given,
                                    " was given, which chooses among a donor's pieces; leave it "
                                    "out, the donor's size says how many pieces are learnt"));
  }
  return Grafter(model_dir, nullptr, &donor, options).Run();
}

}  // namespace tokgraft
