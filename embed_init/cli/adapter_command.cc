// tokgraft adapter: a LoRA of the model before the graft, for the grafted one.
#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "embed_init/adapter.h"
#include "embed_init/cli/commands.h"
#include "tokenizer/cli/console.h"
#include "tokenizer/cli/shared_options.h"

namespace tokgraft {
namespace {

struct Arguments {
  std::string adapter;
  std::string grafted;
  std::string out;
  AdapterOptions options;
  RunArguments run;
};

}  // namespace

void AddAdapterCommand(CLI::App* program, int* exit_status) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program->add_subcommand(
      "adapter", "Make a LoRA of the old model fit the grafted one (PEFT directories)");
  command->add_option("adapter", arguments->adapter, "Directory of the adapter")
      ->required()
      ->type_name("ADAPTER");
  command
      ->add_option("--grafted", arguments->grafted,
                   "What graft or init wrote for the adapter's base model")
      ->required()
      ->type_name("DIR");
  command->add_option("-o,--out", arguments->out, "Directory to write")
      ->required()
      ->type_name("OUT");
  command
      ->add_option("--base-name", arguments->options.base_name,
                   "For base_model_name_or_path; default: the grafted directory")
      ->type_name("NAME");
  command->add_flag("--force", arguments->options.force, "Replace an output that exists");
  AddRunArguments(command, &arguments->run);
  command->callback([arguments, exit_status] {
    arguments->options.threads = arguments->run.threads;
    const StatusOr<AdapterReport> report =
        GraftAdapter(arguments->adapter, arguments->grafted, arguments->out, arguments->options);
    *exit_status = report.ok()
                       ? Print(arguments->run.json ? report->ToJson() : report->DebugString())
                       : Finish(report.status());
  });
}

}  // namespace tokgraft
