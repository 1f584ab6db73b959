#include "tokenizer/cli/shared_options.h"

#include <CLI/CLI.hpp>

#include "tokenizer/cli/console.h"

namespace tokgraft {

void AddRunArguments(CLI::App* command, RunArguments* arguments) {
  command->add_option("--threads", arguments->threads, "0: all cores")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->add_flag("--json", arguments->json, "The report as JSON");
  command->add_option("--progress", arguments->progress, "On stderr")
      ->check(CLI::IsMember({"auto", "json", "none"}))
      ->capture_default_str();
}

CLI::Option* AddCorpusArguments(CLI::App* command, CorpusArguments* arguments,
                                const std::string& use) {
  CLI::Option* corpus =
      command
          ->add_option("--corpus", arguments->corpora, Cat("Plain text to ", use, "; repeatable"))
          ->allow_extra_args(false)
          ->type_name("[NAME=]PATH");
  command->add_option("--documents", arguments->documents, "What one document of a corpus is")
      ->check(CLI::IsMember({"line", "paragraph", "file"}))
      ->capture_default_str();
  return corpus;
}

StatusOr<std::vector<Corpus>> ParseCorpora(const std::vector<std::string>& arguments) {
  TOKGRAFT_ASSIGN_OR_RETURN(const auto named, ParseNamedPaths(arguments));
  std::vector<Corpus> corpora;
  for (const auto& [name, path] : named) corpora.push_back({name, path});
  return corpora;
}

}  // namespace tokgraft
