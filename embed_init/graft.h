// The main job in one call: a donor's vocabulary is grafted onto a model.
//
//   StatusOr<TokenizerSpec> donor = Load("tekken.json");
//   GraftOptions options;
//   options.out = "grafted";
//   options.budget = 8000;
//   options.corpora = {{"zh", "zh.txt"}};
//   StatusOr<GraftReport> report = Graft("SmolLM2-135M", *donor, options);
//   std::cout << report->ToText();   // the closing page
//
// MODEL is what OpenCheckpoint opens: a directory, or a GGUF file, of which a directory with the
// changed file is made. It loads the model's own tokenizer, merges the donor's pieces into it,
// makes rows for the new tokens, writes a whole model directory and verifies it. The directory
// holds, beside the model and its tokenizer, id_map.json, conflicts.json, certificate.json,
// init_report.json and the manifest tokgraft.json; with corpora, efficiency.json and
// forecast.json; where asked for,
// budget.json or curve.json. A dry run does everything up to the writing.
#ifndef TOKGRAFT_EMBED_INIT_GRAFT_H_
#define TOKGRAFT_EMBED_INIT_GRAFT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "embed_init/checkpoint.h"
#include "embed_init/forecast.h"
#include "embed_init/init.h"
#include "embed_init/init_plan.h"
#include "embed_init/manifest.h"
#include "embed_init/report.h"
#include "tokenizer/corpus.h"
#include "tokenizer/efficiency.h"
#include "tokenizer/spec.h"
#include "tokenizer/status.h"
#include "vocab_merge/budget.h"
#include "vocab_merge/certificate.h"
#include "vocab_merge/conflict.h"
#include "vocab_merge/curve.h"
#include "vocab_merge/id_map.h"
#include "vocab_merge/piece_list.h"

namespace tokgraft {

struct GraftOptions {
  std::string out = {};                      // directory to write; may be "" for a dry run
  std::string strategy = "extend";           // as MergeOptions says
  std::optional<std::uint64_t> budget = {};  // new ids at most; nullopt: every piece that fits
  // Instead of a budget: what ChooseBudget finds for this model on the corpora (budget.h).
  bool auto_budget = false;
  double memory_weight = 1;                // of auto_budget, as BudgetOptions says
  std::vector<std::string> scripts = {};   // only pieces of these scripts, as SelectOptions says
  std::vector<WantedPiece> pieces = {};    // only these, as SelectOptions says
  bool curve = false;                      // measure GraftReport::curve on the corpora
  std::vector<Corpus> corpora = {};        // to select on, to certify on, to measure
  std::vector<Corpus> protect = {};        // old text: to certify on instead, to weigh old pieces
  Documents documents = Documents::kLine;  // what one document of a corpus is
  InitOptions init = {};
  CheckpointOptions checkpoint = {};
  bool dry_run = false;      // stop before writing
  bool force = false;        // replace an existing output
  bool link = false;         // hard links for unchanged files
  bool verify = true;        // read the output again and check all of it
  int threads = 0;           // 0: all cores; the output does not depend on it
  std::string command = {};  // for the manifest: what the user ran
  Progress progress = {};
};

// A donor that is learnt from text, as MergeLearnt does it (vocab_merge/learn.h).
struct LearntDonor {
  std::vector<Corpus> corpora = {};  // their documents are those of GraftOptions
  std::uint64_t size = 0;            // pieces at most
};

struct GraftReport {
  std::string model;
  std::string donor;
  std::string out;  // "" after a dry run
  IdMap id_map;
  ConflictReport conflicts;
  Certificate certificate;
  EfficiencyReport before;               // of the model's tokenizer on the corpora
  EfficiencyReport after;                // of the merged one
  std::optional<Forecast> forecast;      // of the change on the corpora, where there are some
  std::optional<std::uint64_t> budget;   // as asked for, as found, or how many to learn
  std::optional<BudgetChoice> choice;    // where it was found
  std::optional<Curve> curve;            // where it was asked for
  InitReport init;                       // after a dry run: what would be
  std::optional<VerifyReport> verified;  // nullopt: a dry run, or not asked for
  double seconds = 0;

  std::string ToJson() const;
  std::string ToText() const;  // one page for people
  friend bool operator==(const GraftReport&, const GraftReport&) = default;
};

// Errors: those of Load, Merge, OpenCheckpoint, PlanInit and WriteModel. Whatever fails, nothing is
// left behind. Internal: the output does not verify.
StatusOr<GraftReport> Graft(const std::string& model_dir, const TokenizerSpec& donor,
                            const GraftOptions& options);
// With pieces learnt from text. Errors: those of MergeLearnt too; InvalidArgument: a budget,
// scripts or a strategy, for which there is no donor.
StatusOr<GraftReport> Graft(const std::string& model_dir, const LearntDonor& donor,
                            const GraftOptions& options);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_GRAFT_H_
