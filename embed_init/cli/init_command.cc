// tokgraft init: rows for the new tokens of a merge that was made before.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "embed_init/cli/commands.h"
#include "embed_init/cli/init_arguments.h"
#include "embed_init/gguf/model.h"
#include "embed_init/init.h"
#include "embed_init/output/plan_report.h"
#include "tokenizer/cli/console.h"
#include "tokenizer/cli/tokenizer_argument.h"
#include "tokenizer/load.h"
#include "tokenizer/tokenizer.h"

namespace tokgraft {
namespace {

struct Arguments {
  InitArguments init;
  std::string id_map;
  std::string tokenizer;
};

// The merged tokenizer stands beside its id map unless it is named.
StatusOr<Tokenizer> LoadMerged(const Arguments& arguments) {
  std::string path = arguments.tokenizer;
  if (path.empty()) {
    path = std::filesystem::path(arguments.id_map).parent_path().string();
    if (path.empty()) path = ".";
  }
  StatusOr<TokenizerSpec> spec = LoadAndWarn({.path = path, .pattern = ""});
  if (!spec.ok() && arguments.tokenizer.empty()) {
    return WithPlace(spec.status(),
                     "the merged tokenizer (beside the id map; --tokenizer names "
                     "another)");
  }
  TOKGRAFT_RETURN_IF_ERROR(spec.status());
  return Compile(*std::move(spec));
}

// The other files that merge writes beside it are JSON too.
StatusOr<IdMap> LoadMapOfMerge(const std::string& path) {
  StatusOr<IdMap> map = LoadIdMap(path);
  if (!absl::IsInvalidArgument(map.status())) return map;
  return InvalidArgumentError(
      Cat(Message(map.status()), "; --id-map takes the id_map.json that merge writes"));
}

StatusOr<InitReport> RunInit(const Arguments& arguments, const std::string& command_line) {
  TOKGRAFT_ASSIGN_OR_RETURN(InitOptions init, ToInitOptions(arguments.init));
  TOKGRAFT_ASSIGN_OR_RETURN(IdMap id_map, LoadMapOfMerge(arguments.id_map));
  TOKGRAFT_ASSIGN_OR_RETURN(Checkpoint model,
                            OpenCheckpoint(arguments.init.model_dir, arguments.init.checkpoint));
  TOKGRAFT_ASSIGN_OR_RETURN(TokenizerSpec base_spec,
                            Load(IsGguf(model) ? GgufPathOf(model) : arguments.init.model_dir));
  TOKGRAFT_ASSIGN_OR_RETURN(Tokenizer base, Compile(std::move(base_spec)));
  TOKGRAFT_ASSIGN_OR_RETURN(Tokenizer merged, LoadMerged(arguments));
  if (arguments.init.dry_run) {
    TOKGRAFT_RETURN_IF_ERROR(ForbidPadding(model, &init));
    TOKGRAFT_ASSIGN_OR_RETURN(auto pieces, SplitIntoOldPieces(id_map, base, &merged));
    TOKGRAFT_ASSIGN_OR_RETURN(InitPlan plan, PlanInit(model, id_map, pieces, init, &base, &merged));
    return ReportOfPlan(model, plan);
  }
  ProgressBar progress(arguments.init.run.progress);
  WriteOptions write;
  write.other_inputs = {arguments.id_map};
  write.command = command_line;
  write.force = arguments.init.force;
  write.link = arguments.init.link;
  write.threads = arguments.init.run.threads;
  write.progress = [&](std::string_view stage, double fraction) {
    progress.Update(stage, fraction);
  };
  return InitEmbeddings(arguments.init.model_dir, id_map, base, merged, arguments.init.out, init,
                        write, arguments.init.checkpoint);
}

}  // namespace

void AddInitCommand(CLI::App* program, const std::string& command_line, int* exit_status) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program->add_subcommand("init", "Rows for the new tokens of a merge");
  AddInitArguments(command, &arguments->init);
  command->add_option("--id-map", arguments->id_map, "The id_map.json of the merge")
      ->required()
      ->type_name("FILE");
  command
      ->add_option("--tokenizer", arguments->tokenizer,
                   "The merged tokenizer; else the one beside the id map")
      ->type_name("PATH");
  command->callback([arguments, command_line, exit_status] {
    RequireOutput(arguments->init);
    const StatusOr<InitReport> report = RunInit(*arguments, command_line);
    *exit_status = report.ok()
                       ? Print(arguments->init.run.json ? report->ToJson() : report->DebugString())
                       : Finish(report.status());
  });
}

}  // namespace tokgraft
