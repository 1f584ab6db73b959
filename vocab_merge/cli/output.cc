#include "vocab_merge/cli/output.h"

#include <CLI/CLI.hpp>
#include <cstdint>

#include "tokenizer/base/atomic_file.h"
#include "tokenizer/base/staged_directory.h"
#include "tokenizer/cli/shared_options.h"
#include "tokenizer/save.h"

namespace tokgraft {

void AddOutputArguments(CLI::App* command, OutputArguments* arguments) {
  command->add_option("-o,--out", arguments->out, "Directory to write")->type_name("DIR");
  command
      ->add_option("--for", arguments->format,
                   "Format to write; default: the base's, under swap the donor's")
      ->check(CLI::IsMember(FormatNames()));
  command->add_flag("--dry-run", arguments->dry_run, "Plan and report, write nothing");
  command->add_flag("--force", arguments->force, "Replace existing files");
}

void RequireOutput(const OutputArguments& arguments) {
  if (!arguments.out.empty() || arguments.dry_run) return;
  WrongUsage("-o: a directory to write was expected; or use --dry-run");
}

StatusOr<Format> CheckOutput(const OutputArguments& arguments, const TokenizerSpec& base,
                             const std::vector<std::string>& inputs) {
  const Format format = FormatNamed(arguments.format).value_or(base.format);  // checked, or ""
  if (arguments.dry_run) return format;
  TOKGRAFT_RETURN_IF_ERROR(CheckOutput(OutputPlace{.out = arguments.out,
                                                   .force = arguments.force,
                                                   .mark = "id_map.json",
                                                   .but_not = "tokgraft.json",
                                                   .inputs = inputs}));
  TOKGRAFT_RETURN_IF_ERROR(CheckSavable(base, format));
  return format;
}

Status WriteOutput(const OutputArguments& arguments, const TokenizerSpec& tokenizer, Format format,
                   const std::map<std::string, std::string>& reports) {
  if (arguments.dry_run) return {};
  TOKGRAFT_ASSIGN_OR_RETURN(SerializedFiles files, SerializeFiles(tokenizer, format));
  files.files.insert(reports.begin(), reports.end());
  std::uint64_t needed = 0;
  for (const auto& [name, bytes] : files.files) needed += bytes.size();
  TOKGRAFT_ASSIGN_OR_RETURN(StagedDirectory staged,
                            StagedDirectory::Create(arguments.out, arguments.force));
  TOKGRAFT_RETURN_IF_ERROR(staged.CheckSpace(needed));
  for (const auto& [name, bytes] : files.files) {
    TOKGRAFT_RETURN_IF_ERROR(WriteFileAtomically(Cat(staged.path(), "/", name), bytes, false));
  }
  return staged.Commit();
}

std::string OutputLine(const OutputArguments& arguments) {
  return arguments.dry_run ? "nothing was written (--dry-run)\n"
                           : Cat("written to   ", arguments.out, "\n");
}

}  // namespace tokgraft
