#include "embed_init/cli/init_arguments.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <string_view>

#include "embed_init/cli/commands.h"

namespace tokgraft {
namespace {

bool IsSafeInShell(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_./=:,+@%").find(c) != std::string_view::npos;
  });
}

std::string Quoted(std::string_view text) {
  if (IsSafeInShell(text)) return std::string(text);
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

constexpr char kMethodHelp[] =
    "How the rows of new tokens are made:\n"
    "auto: asymmetric where input and output are two matrices, else mean\n"
    "mean: of the rows of the old pieces\n"
    "weighted: the same, by the length of each piece in bytes\n"
    "first: the row of the first old piece\n"
    "asymmetric: input rows by mean, output rows by first\n"
    "gaussian: the mean of all old rows and a little noise\n"
    "copy: the mean of all old rows";

}  // namespace

void AddInitArguments(CLI::App* command, InitArguments* arguments) {
  const CLI::IsMember methods(
      {"auto", "copy", "mean", "weighted", "first", "asymmetric", "gaussian"});
  command->add_option("model", arguments->model_dir, "Directory of the model, or a GGUF file")
      ->required()
      ->type_name("MODEL_DIR");
  command->add_option("-o,--out", arguments->out, "Directory to write")->type_name("OUT");
  command->add_option("--method", arguments->method, kMethodHelp)
      ->check(methods)
      ->capture_default_str();
  command->add_option("--input-method", arguments->input_method, "The same for input rows only")
      ->check(methods);
  command->add_option("--output-method", arguments->output_method, "The same for output rows only")
      ->check(methods);
  command
      ->add_option("--tie", arguments->tie,
                   "What happens to a matrix that is both embedding and head")
      ->check(CLI::IsMember({"keep", "keep-input", "keep-output", "untie"}))
      ->capture_default_str();
  command
      ->add_option("--pad-to-multiple", arguments->pad_to_multiple,
                   "Round the rows up to a multiple; 0: as the model's divide, 64 at most")
      ->check(CheckWholeNumber)
      ->capture_default_str();
  command->add_option("--seed", arguments->seed, "Of the noise of gaussian")
      ->check(CheckWholeNumber)
      ->capture_default_str();
  command->add_option("--embedding", arguments->checkpoint.embedding, "Name of the embedding")
      ->type_name("TENSOR");
  command->add_option("--head", arguments->checkpoint.head, "Name of the output head")
      ->type_name("TENSOR");
  command->add_option("--head-bias", arguments->checkpoint.head_bias, "Name of the head's bias")
      ->type_name("TENSOR");
  command->add_flag("--dry-run", arguments->dry_run, "Stop before writing");
  command->add_flag("--force", arguments->force, "Replace an output that exists");
  command->add_flag("--link", arguments->link,
                    "Hard links for unchanged files; training them in place alters the input");
  AddRunArguments(command, &arguments->run);
}

StatusOr<InitOptions> ToInitOptions(const InitArguments& arguments) {
  InitOptions options;
  TOKGRAFT_ASSIGN_OR_RETURN(options.method, ParseMethod(arguments.method));
  if (!arguments.input_method.empty()) {
    TOKGRAFT_ASSIGN_OR_RETURN(options.input_method, ParseMethod(arguments.input_method));
  }
  if (!arguments.output_method.empty()) {
    TOKGRAFT_ASSIGN_OR_RETURN(options.output_method, ParseMethod(arguments.output_method));
  }
  TOKGRAFT_ASSIGN_OR_RETURN(options.tie, ParseTiePolicy(arguments.tie));
  options.pad_to_multiple = arguments.pad_to_multiple;
  options.seed = arguments.seed;
  return options;
}

void RequireOutput(const InitArguments& arguments) {
  if (!arguments.out.empty() || arguments.dry_run) return;
  WrongUsage("-o: a directory to write was expected; or use --dry-run");
}

std::string RecordedCommand(const std::vector<std::string>& arguments) {
  static constexpr std::array<std::string_view, 4> kWithValue = {"-o", "--out", "--threads",
                                                                 "--progress"};
  static constexpr std::array<std::string_view, 2> kFlags = {"--json", "--force"};
  const auto in = [](const auto& list, std::string_view text) {
    return std::find(list.begin(), list.end(), text) != list.end();
  };
  std::string command = "tokgraft";
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    if (in(kWithValue, argument)) {
      ++i;  // and its value
      continue;
    }
    const bool joined =
        argument.starts_with("--") && in(kWithValue, argument.substr(0, argument.find('=')));
    if (!joined && !in(kFlags, argument)) command += " " + Quoted(argument);
  }
  return command;
}

}  // namespace tokgraft
