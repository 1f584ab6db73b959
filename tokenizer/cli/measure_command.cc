// tokgraft measure: efficiency of one tokenizer on corpora.
#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "tokenizer/cli/commands.h"
#include "tokenizer/cli/console.h"
#include "tokenizer/cli/shared_options.h"
#include "tokenizer/cli/tokenizer_argument.h"
#include "tokenizer/efficiency.h"

namespace tokgraft {
namespace {

struct MeasureArguments {
  TokenizerArgument tokenizer;
  CorpusArguments corpus;
  RunArguments run;
};

StatusOr<EfficiencyReport> RunMeasure(const MeasureArguments& arguments) {
  TOKGRAFT_ASSIGN_OR_RETURN(const auto corpora, ParseCorpora(arguments.corpus.corpora));
  TOKGRAFT_ASSIGN_OR_RETURN(const Documents documents, ParseDocuments(arguments.corpus.documents));
  TOKGRAFT_ASSIGN_OR_RETURN(const Tokenizer tokenizer, LoadAndCompile(arguments.tokenizer));
  ProgressBar progress(arguments.run.progress);
  return Measure(tokenizer, corpora,
                 {.documents = documents,
                  .threads = arguments.run.threads,
                  .progress = [&](std::string_view corpus, double fraction) {
                    progress.Update(Cat("measure ", corpus), fraction);
                  }});
}

}  // namespace

void AddMeasureCommand(CLI::App* program, int* exit_status) {
  auto arguments = std::make_shared<MeasureArguments>();
  CLI::App* command =
      program->add_subcommand("measure", "How efficient a tokenizer is, on your text");
  AddTokenizerArgument(command, &arguments->tokenizer);
  AddCorpusArguments(command, &arguments->corpus, "measure on")->required();
  AddRunArguments(command, &arguments->run);
  command->callback([arguments, exit_status] {
    const StatusOr<EfficiencyReport> report = RunMeasure(*arguments);
    *exit_status = report.ok() ? Print(arguments->run.json ? report->ToJson() : report->ToTable())
                               : Finish(report.status());
  });
}

}  // namespace tokgraft
