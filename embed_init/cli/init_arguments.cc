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

std::string MethodHelp() {
  std::string help = "How the rows of new tokens are made:";
  for (const MethodInfo& method : ListMethods()) {
    help += Cat("\n", method.name, ": ", method.help,
                method.needs_donor_model ? " (--donor-model)" : "",
                method.files.empty() ? "" : Cat(" (", method.files, ")"));
  }
  return help;
}

constexpr char kSettingHelp[] =
    "A number of one method, NAME=VALUE:\n"
    "omp_k=64: rows in a sum of omp\n"
    "omp_centre=true: omp takes means off\n"
    "omp_unit=true: omp compares directions, not lengths\n"
    "omp_ridge=0.001: penalty of omp's coefficients\n"
    "min_anchors=5000: fewer shared tokens are refused\n"
    "map=ridge: or procrustes, or cca\n"
    "knn_k=32: neighbours of knn\n"
    "knn_temperature=0.1: lower: the nearest weigh more\n"
    "knn_sparsemax=false: weights that leave few neighbours\n"
    "wechsel_k=10: neighbours of wechsel\n"
    "wechsel_temperature=0.1: lower: the nearest weigh more\n"
    "translate_min_count=10: of a pair of tokens that trans-tokenization trusts\n"
    "clp_clip=true: negative cosines weigh nothing\n"
    "tokenadapt_global=0.3: share of the nearest tokens, the rest is the pieces'\n"
    "tokenadapt_temperature=0.6, tokenadapt_k=3: weights and number of the nearest tokens\n"
    "tokalign_pivots=300: tokens that vectors are compared by\n"
    "vector_size=100, vector_epochs=3, vector_min_count=10: of vectors trained on --vector-text";

}  // namespace

void AddInitArguments(CLI::App* command, InitArguments* arguments) {
  std::vector<std::string> names;
  for (const MethodInfo& method : ListMethods()) names.emplace_back(method.name);
  const CLI::IsMember methods(names);
  const CLI::IsMember norms({"none", "pieces", "script"});
  command->add_option("model", arguments->model_dir, "Directory of the model, or a GGUF file")
      ->required()
      ->type_name("MODEL_DIR");
  command->add_option("-o,--out", arguments->out, "Directory to write")->type_name("OUT");
  command->add_option("--method", arguments->method, MethodHelp())
      ->check(methods)
      ->capture_default_str();
  command->add_option("--input-method", arguments->input_method, "The same for input rows only")
      ->check(methods);
  command->add_option("--output-method", arguments->output_method, "The same for output rows only")
      ->check(methods);
  command
      ->add_option("--tie", arguments->tie,
                   "What happens to a matrix that is both embedding and head: keep (refused where "
                   "the roles' rows differ), keep-input, keep-output, compromise (their average), "
                   "untie (a head of its own)")
      ->check(CLI::IsMember({"keep", "keep-input", "keep-output", "compromise", "untie"}))
      ->capture_default_str();
  command
      ->add_option("--input-norm", arguments->input_norm,
                   "Scale new input rows: to the mean norm of their pieces, or the median norm of "
                   "old rows of their script")
      ->check(norms)
      ->capture_default_str();
  command->add_option("--output-norm", arguments->output_norm, "The same for output rows")
      ->check(norms)
      ->capture_default_str();
  command
      ->add_option("--donor-model", arguments->donor_model,
                   "Directory of a donor model, for omp, map, knn, stacked and clp; its tokens are "
                   "found by bytes in the tokenizer beside it")
      ->type_name("DIR");
  command
      ->add_option("--vectors", arguments->auxiliary.vectors,
                   "Vectors (.vec): of words of the new tokens' language, for wechsel; of tokens, "
                   "for focus and tokenadapt, a space of a token spelt \u2581 or \u0120")
      ->type_name("FILE");
  command
      ->add_option("--base-vectors", arguments->auxiliary.base_vectors,
                   "Word vectors of the model's language (.vec), for wechsel")
      ->type_name("FILE");
  command
      ->add_option("--dictionary", arguments->auxiliary.dictionary,
                   "Lines of a word of the model's language, a tab, and one of the new language, "
                   "for wechsel")
      ->type_name("FILE");
  command
      ->add_option("--parallel", arguments->auxiliary.parallel,
                   "Lines of text of the model's language, a tab, and the same in the new "
                   "language, for trans-tokenization")
      ->type_name("FILE");
  command
      ->add_option("--vector-text", arguments->auxiliary.vector_text,
                   "Text to train vectors of tokens on, for focus and tokenadapt instead of "
                   "--vectors, and for tokalign: a document a line, in the language of the new "
                   "tokens, a few megabytes")
      ->type_name("FILE");
  command->add_option("--setting", arguments->settings, kSettingHelp)
      ->allow_extra_args(false)
      ->type_name("NAME=VALUE");
  command
      ->add_option("--pad-to-multiple", arguments->pad_to_multiple,
                   "Round the rows up to a multiple; 0: as the model's divide, 64 at most")
      ->check(CheckWholeNumber)
      ->capture_default_str();
  command
      ->add_option("--seed", arguments->seed,
                   "Of the noise of gaussian, hewitt and script, of trained vectors and pivots")
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
  TOKGRAFT_ASSIGN_OR_RETURN(options.input_norm, ParseNormPolicy(arguments.input_norm));
  TOKGRAFT_ASSIGN_OR_RETURN(options.output_norm, ParseNormPolicy(arguments.output_norm));
  options.donor_model = arguments.donor_model;
  options.auxiliary = arguments.auxiliary;
  for (const std::string& setting : arguments.settings) {
    const std::size_t equals = setting.find('=');
    if (equals == std::string::npos) {
      return InvalidArgumentError(
          Cat("setting: is \"", setting, "\", NAME=VALUE was expected; --help lists the names"));
    }
    TOKGRAFT_RETURN_IF_ERROR(SetMethodSetting(setting.substr(0, equals),
                                              std::string_view(setting).substr(equals + 1),
                                              &options.settings));
  }
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
