// tokgraft graft: the main job. Ends with a page of text.
#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "embed_init/cli/commands.h"
#include "embed_init/cli/init_arguments.h"
#include "embed_init/graft.h"
#include "tokenizer/cli/console.h"
#include "tokenizer/cli/tokenizer_argument.h"
#include "vocab_merge/cli/budget_arguments.h"
#include "vocab_merge/cli/learn_arguments.h"
#include "vocab_merge/cli/legend.h"

namespace tokgraft {
namespace {

struct Arguments {
  InitArguments init;
  std::string donor;
  LearnArguments learn;
  std::string pattern;
  BudgetArguments budget;
  std::vector<std::string> scripts;
  CorpusArguments corpus;
  std::string strategy = "extend";
  std::vector<std::string> protect;
  bool no_verify = false;
};

StatusOr<GraftReport> RunGraft(const Arguments& arguments, const std::string& command_line) {
  GraftOptions options;
  TOKGRAFT_ASSIGN_OR_RETURN(options.init, ToInitOptions(arguments.init));
  options.budget = arguments.budget.number();
  options.auto_budget = arguments.budget.is_auto();
  options.memory_weight = arguments.budget.memory_weight;
  options.curve = arguments.budget.curve;
  TOKGRAFT_ASSIGN_OR_RETURN(options.pieces, ReadPieces(arguments.budget));
  TOKGRAFT_ASSIGN_OR_RETURN(options.documents, ParseDocuments(arguments.corpus.documents));
  TOKGRAFT_ASSIGN_OR_RETURN(options.corpora, ParseCorpora(arguments.corpus.corpora));
  TokenizerSpec donor;
  LearntDonor learnt{.corpora = {}, .size = arguments.learn.size};
  if (arguments.learn.given()) {
    TOKGRAFT_ASSIGN_OR_RETURN(learnt.corpora, ParseCorpora(arguments.learn.corpora));
  } else {
    TOKGRAFT_ASSIGN_OR_RETURN(donor, LoadAndWarn({arguments.donor, arguments.pattern}));
  }
  options.out = arguments.init.out;
  options.scripts = arguments.scripts;
  options.strategy = arguments.strategy;
  TOKGRAFT_ASSIGN_OR_RETURN(options.protect, ParseCorpora(arguments.protect));
  options.checkpoint = arguments.init.checkpoint;
  options.dry_run = arguments.init.dry_run;
  options.force = arguments.init.force;
  options.link = arguments.init.link;
  options.verify = !arguments.no_verify;
  options.threads = arguments.init.run.threads;
  options.command = command_line;
  ProgressBar progress(arguments.init.run.progress);
  options.progress = [&](std::string_view stage, double fraction) {
    progress.Update(stage, fraction);
  };
  return arguments.learn.given() ? Graft(arguments.init.model_dir, learnt, options)
                                 : Graft(arguments.init.model_dir, donor, options);
}

}  // namespace

void AddGraftCommand(CLI::App* program, const std::string& command_line, int* exit_status) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program->add_subcommand(
      "graft", "Graft a donor's vocabulary onto a model: merge, make rows, write, verify");
  command->footer(Cat(kOrderLegend, "\n", kMergeLegend));
  AddInitArguments(command, &arguments->init);
  CLI::Option* donor =
      command->add_option("--donor", arguments->donor, "The tokenizer whose pieces are wanted")
          ->type_name("TOKENIZER");
  command->add_option("--pattern", arguments->pattern, "Of a donor that is bare tiktoken ranks")
      ->type_name("NAME|REGEX");
  AddBudgetArguments(command, &arguments->budget);
  command
      ->add_option("--script", arguments->scripts,
                   "Only pieces in these scripts, e.g. Han,Hiragana,Katakana")
      ->delimiter(',')
      ->allow_extra_args(false);
  AddCorpusArguments(command, &arguments->corpus, "select, certify and measure on");
  command
      ->add_option("--strategy", arguments->strategy,
                   "extend: old ids stay, pieces are added; swap: the donor whole; union: all of "
                   "both; intersect: what both have; replace-slots: as many ids as before, needs "
                   "--budget and --protect")
      ->check(CLI::IsMember({"extend", "swap", "union", "intersect", "replace-slots"}))
      ->capture_default_str();
  command
      ->add_option("--protect", arguments->protect,
                   "Old text to certify on; default: the corpora, or a megabyte of the donor's")
      ->allow_extra_args(false)
      ->type_name("[NAME=]PATH");
  command->add_flag("--no-verify", arguments->no_verify, "Do not read the output again");
  AddLearnArguments(command, donor, &arguments->learn);
  command->callback([arguments, donor, command_line, exit_status] {
    RequireDonor(donor->count() > 0, arguments->learn, "--donor");
    RequireOutput(arguments->init);
    RequireCorpora(arguments->budget, arguments->corpus);
    const StatusOr<GraftReport> report = RunGraft(*arguments, command_line);
    *exit_status = report.ok()
                       ? Print(arguments->init.run.json ? report->ToJson() : report->ToText())
                       : Finish(report.status());
  });
}

}  // namespace tokgraft
