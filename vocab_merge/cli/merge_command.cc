// tokgraft merge: two tokenizers become one, written as a directory with its reports.
#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "tokenizer/base/report_text.h"
#include "tokenizer/cli/console.h"
#include "tokenizer/cli/shared_options.h"
#include "tokenizer/cli/tokenizer_argument.h"
#include "vocab_merge/budget.h"
#include "vocab_merge/cli/budget_arguments.h"
#include "vocab_merge/cli/commands.h"
#include "vocab_merge/cli/learn_arguments.h"
#include "vocab_merge/cli/legend.h"
#include "vocab_merge/cli/output.h"
#include "vocab_merge/explain/explain.h"
#include "vocab_merge/learn.h"
#include "vocab_merge/merge.h"

namespace tokgraft {
namespace {

struct MergeArguments {
  std::string base;
  std::string donor;
  LearnArguments learn;
  OutputArguments output;
  std::string base_pattern;
  std::string donor_pattern;
  CorpusArguments corpus;
  std::vector<std::string> protect;
  BudgetArguments budget;
  std::string model;  // --model-config
  MergeOptions options;
  bool strict = false;
  bool explain = false;
  RunArguments run;
};

StatusOr<DocumentList> ReadArguments(const std::vector<std::string>& arguments,
                                     Documents documents) {
  TOKGRAFT_ASSIGN_OR_RETURN(const std::vector<Corpus> corpora, ParseCorpora(arguments));
  return ReadDocuments(corpora, documents);
}

// What of the reports tells how many pieces were worth it: file -> JSON; {} where nobody asked.
std::map<std::string, std::string> CurveReports(const std::optional<BudgetChoice>& choice,
                                                const MergeResult& result) {
  std::map<std::string, std::string> out;
  if (choice) out["budget.json"] = choice->ToJson();
  if (result.curve) out["curve.json"] = result.curve->ToJson();
  return out;
}

std::string ResultJson(const std::optional<BudgetChoice>& choice, const MergeResult& result,
                       const std::optional<Explanation>& why) {
  nlohmann::ordered_json out;
  out["base_size"] = result.id_map.base_size;
  out["merged_size"] = result.id_map.merged_size;
  out["added"] = result.id_map.added.size();
  if (choice) out["budget"] = nlohmann::ordered_json::parse(choice->ToJson());
  if (result.curve) out["curve"] = nlohmann::ordered_json::parse(result.curve->ToJson());
  out["certificate"] = nlohmann::ordered_json::parse(result.certificate.ToJson());
  out["conflicts"] = nlohmann::ordered_json::parse(result.conflicts.ToJson());
  if (why) out["explanation"] = nlohmann::ordered_json::parse(why->ToJson());
  return ReadableJson(out.dump());
}

// Of learnt pieces. sentencepiece's trainer knows nothing of the base, so some of its pieces are
// there already, come out of no text, or would cut old text anew.
std::string_view NoMore(const MergeResult& result) {
  return std::holds_alternative<UnigramModel>(result.tokenizer.model)
             ? ": the others are in the base, or see the conflicts\n"
             : ": the text has no more\n";
}

// Why the budget was not used up; "" where it was, or where there was none.
std::string BudgetLine(const MergeArguments& arguments, const MergeResult& result) {
  const std::size_t added = result.id_map.added.size();
  if (arguments.learn.given() && added < arguments.learn.size) {
    return Cat("             ", Grouped(added), " of ", Grouped(arguments.learn.size),
               NoMore(result));
  }
  if (!arguments.options.budget || added >= *arguments.options.budget) return "";
  return Cat(
      "             ", Grouped(added), " of ", Grouped(*arguments.options.budget),
      ": no further piece ",
      arguments.corpus.corpora.empty() ? "of the donor fits" : "saves a token on the corpora",
      "\n");
}

std::string ResultText(const MergeArguments& arguments, const std::optional<BudgetChoice>& choice,
                       const MergeResult& result, const std::optional<Explanation>& why) {
  const std::string kind = arguments.learn.given()
                               ? " new, learnt from text"
                               : Cat(" new, of which ", Counted(result.id_map.helpers(), "helper"));
  std::string out =
      Cat("ids          ", Grouped(result.id_map.base_size), " in the base, ",
          Grouped(result.id_map.merged_size), " merged (", Grouped(result.id_map.added.size()),
          kind, ")\n", BudgetLine(arguments, result), choice ? choice->ToText() : "",
          result.curve ? Cat("curve        ", result.curve->ToTable()) : "", "certificate  ",
          result.certificate.DebugString(), "\n", "conflicts\n", result.conflicts.DebugString());
  if (why) out += why->DebugString();
  out += why && arguments.output.out.empty() ? "nothing was written (no -o)\n"
                                             : OutputLine(arguments.output);
  return out;
}

// The budget that auto stands for.
StatusOr<BudgetChoice> Choose(const TokenizerSpec& base, const TokenizerSpec& donor,
                              const MergeArguments& arguments, const CurveTexts& texts) {
  TOKGRAFT_ASSIGN_OR_RETURN(const ModelCost model, ReadModelCost(arguments.model));
  const BudgetOptions options{.model = model,
                              .memory_weight = arguments.budget.memory_weight,
                              .corpora = texts.corpora,
                              .merge = arguments.options};
  return ChooseBudget(base, donor, options);
}

// The merge with a donor that is learnt; its options are those of the others, as far as they go.
StatusOr<MergeResult> Learn(const TokenizerSpec& base, const MergeArguments& arguments,
                            Documents documents) {
  TOKGRAFT_ASSIGN_OR_RETURN(const DocumentList corpus,
                            ReadArguments(arguments.learn.corpora, documents));
  const MergeOptions& options = arguments.options;
  const LearnOptions learn{.corpus = corpus.documents,
                           .size = arguments.learn.size,
                           .protect = options.old_text(),
                           .format = options.format,
                           .threads = options.threads,
                           .progress = options.progress};
  return MergeLearnt(base, learn);
}

StatusOr<int> RunMerge(MergeArguments arguments) {
  ProgressBar progress(arguments.run.progress);
  progress.Update("load", 0);
  TOKGRAFT_ASSIGN_OR_RETURN(const Documents documents, ParseDocuments(arguments.corpus.documents));
  TOKGRAFT_ASSIGN_OR_RETURN(arguments.options.pieces, ReadPieces(arguments.budget));
  TOKGRAFT_ASSIGN_OR_RETURN(const TokenizerSpec base,
                            LoadAndWarn({arguments.base, arguments.base_pattern}));
  TokenizerSpec donor;
  if (!arguments.learn.given()) {
    TOKGRAFT_ASSIGN_OR_RETURN(donor, LoadAndWarn({arguments.donor, arguments.donor_pattern}));
  }
  const TokenizerSpec& written = arguments.options.strategy == "swap" ? donor : base;
  TOKGRAFT_ASSIGN_OR_RETURN(
      arguments.options.format,
      CheckOutput(arguments.output, written, {arguments.base, arguments.donor}));
  TOKGRAFT_ASSIGN_OR_RETURN(const DocumentList corpus,
                            ReadArguments(arguments.corpus.corpora, documents));
  TOKGRAFT_ASSIGN_OR_RETURN(const DocumentList protect,
                            ReadArguments(arguments.protect, documents));
  arguments.options.corpus = corpus.documents;
  arguments.options.protect = protect.documents;
  arguments.options.threads = arguments.run.threads;
  arguments.options.progress = [&](std::string_view stage, double fraction) {
    progress.Update(stage, fraction);
  };
  TOKGRAFT_ASSIGN_OR_RETURN(const std::vector<Corpus> corpora,
                            ParseCorpora(arguments.corpus.corpora));
  TOKGRAFT_ASSIGN_OR_RETURN(const CurveTexts texts, ReadCurveTexts(corpora, documents));
  std::optional<BudgetChoice> choice;
  if (arguments.budget.is_auto()) {
    TOKGRAFT_ASSIGN_OR_RETURN(choice, Choose(base, donor, arguments, texts));
    arguments.options.budget = choice->budget;
  }
  if (arguments.budget.curve) arguments.options.curve = texts.corpora;
  TOKGRAFT_ASSIGN_OR_RETURN(const MergeResult result,
                            arguments.learn.given()
                                ? Learn(base, arguments, documents)
                                : MergeTokenizers(base, donor, arguments.options));
  for (const std::string& note : result.notes) Warn(note);
  const bool adds = arguments.options.strategy != "intersect";
  if (adds && result.id_map.added.empty()) {
    Warn(arguments.learn.given()
             ? "no new id: the text has nothing to learn for this base"
             : "no new id: no piece of the donor was wanted and could be added");
  }
  std::optional<Explanation> why;
  if (arguments.explain) {
    TOKGRAFT_ASSIGN_OR_RETURN(why, ExplainMerge(base, donor, result, arguments.options));
  }
  progress.Update("write", 0.9);
  std::map<std::string, std::string> reports = CurveReports(choice, result);
  reports.insert({{"id_map.json", result.id_map.ToJson()},
                  {"conflicts.json", result.conflicts.ToJson()},
                  {"certificate.json", result.certificate.ToJson()}});
  TOKGRAFT_RETURN_IF_ERROR(
      WriteOutput(arguments.output, result.tokenizer, result.tokenizer.format, reports));
  progress.Update("write", 1);
  const int printed = Print(arguments.run.json ? ResultJson(choice, result, why)
                                               : ResultText(arguments, choice, result, why));
  if (printed != kExitOk || !arguments.strict) return printed;
  for (const Finding& finding : result.conflicts.findings) {
    if (finding.severity != Severity::kNote) return static_cast<int>(kExitFindings);
  }
  return printed;
}

}  // namespace

void AddMergeCommand(CLI::App* program, int* exit_status) {
  auto arguments = std::make_shared<MergeArguments>();
  CLI::App* command =
      program->add_subcommand("merge", "Two vocabularies become one that old text does not notice");
  command->footer(Cat(kOrderLegend, "\n", kMergeLegend));
  command->add_option("base", arguments->base, "The model's own tokenizer")
      ->required()
      ->type_name("TOKENIZER");
  CLI::Option* donor = command->add_option("donor", arguments->donor, "Where new pieces come from")
                           ->type_name("TOKENIZER");
  AddOutputArguments(command, &arguments->output);
  command
      ->add_option("--strategy", arguments->options.strategy,
                   "extend: base ids stay, pieces are added; swap: the donor whole; union: "
                   "all of both; intersect: what both have; replace-slots: as many ids as before, "
                   "needs --budget and --protect")
      ->check(CLI::IsMember({"extend", "swap", "union", "intersect", "replace-slots"}))
      ->capture_default_str();
  AddBudgetArguments(command, &arguments->budget);
  command
      ->add_option("--model-config", arguments->model,
                   "Of --budget auto: the model that uses the base, its directory or config.json")
      ->type_name("PATH");
  command
      ->add_option("--script", arguments->options.scripts,
                   "Only pieces in these scripts, e.g. Han,Hiragana,Katakana")
      ->delimiter(',')
      ->allow_extra_args(false);
  AddCorpusArguments(command, &arguments->corpus, "select pieces on");
  command
      ->add_option("--protect", arguments->protect,
                   "Text to certify on; default: the corpora, or a megabyte of the "
                   "donor's. On a Unigram or WordPiece base, pieces that would cut it anew are "
                   "left out")
      ->allow_extra_args(false)
      ->type_name("[NAME=]PATH");
  command
      ->add_option("--digits", arguments->options.policies.digits,
                   "keep: the base's rule for digits; widen: runs as long as the donor's, with the "
                   "measured effect on old text")
      ->check(CLI::IsMember({"keep", "widen"}))
      ->capture_default_str();
  command
      ->add_option("--normalizer", arguments->options.policies.normalizer,
                   "Whose normalizer holds; the donor's with its measured effect on old text")
      ->check(CLI::IsMember({"base", "donor"}))
      ->capture_default_str();
  command
      ->add_option("--pre-tokenizer", arguments->options.policies.pre_tokenizer,
                   "Whose pre-tokenizer holds; the donor's with its measured effect on old text")
      ->check(CLI::IsMember({"base", "donor"}))
      ->capture_default_str();
  command
      ->add_option("--byte-alphabet", arguments->options.policies.byte_alphabet,
                   "complete: bytes that the base drops become pieces, the first new ids")
      ->check(CLI::IsMember({"keep", "complete"}))
      ->capture_default_str();
  command
      ->add_option("--mix", arguments->options.union_weight,
                   "union of Unigram models: the base's share in each probability, between 0 and 1")
      ->capture_default_str();
  command
      ->add_option("--em", arguments->options.em_rounds,
                   "union of Unigram models: rounds of estimating scores on the corpora")
      ->type_name("ROUNDS")
      ->capture_default_str();
  command->add_flag("--bytes", arguments->options.allow_bytes,
                    "Also fragments of characters that only invalid UTF-8 makes");
  command->add_option("--base-pattern", arguments->base_pattern, "For bare tiktoken ranks")
      ->type_name("NAME|REGEX");
  command->add_option("--donor-pattern", arguments->donor_pattern, "For bare tiktoken ranks")
      ->type_name("NAME|REGEX");
  command->add_flag("--strict", arguments->strict, "Exit with 3 where something was left out");
  command->add_flag("--explain", arguments->explain,
                    "Also what plain ways of merging would do to the text to protect: merge lists "
                    "concatenated, prepended, pieces as added tokens; writes nothing without -o");
  AddLearnArguments(command, donor, &arguments->learn);
  AddRunArguments(command, &arguments->run);
  command->callback([arguments, donor, exit_status] {
    RequireDonor(donor->count() > 0, arguments->learn, "donor");
    if (arguments->explain && arguments->options.strategy != "extend") {
      WrongUsage("--explain: compares what extend does, another --strategy was given");
    }
    if (arguments->explain && arguments->output.out.empty()) arguments->output.dry_run = true;
    RequireOutput(arguments->output);
    RequireCorpora(arguments->budget, arguments->corpus);
    if (arguments->budget.is_auto() && arguments->model.empty()) {
      WrongUsage("--budget: auto needs the sizes of the model; give --model-config PATH");
    }
    arguments->options.budget = arguments->budget.number();
    const StatusOr<int> status = RunMerge(*arguments);
    *exit_status = status.ok() ? *status : Finish(status.status());
  });
}

}  // namespace tokgraft
