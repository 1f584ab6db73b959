#include "embed_init/cli/program.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <string_view>

#include "embed_init/cli/commands.h"
#include "tokenizer/cli/commands.h"
#include "tokenizer/cli/console.h"
#include "vocab_merge/cli/commands.h"

namespace tokgraft {

namespace {

// Commands whose work belongs to Python. The package's own `tokgraft` runs those that it has before
// it comes here.
struct PythonCommand {
  const char* name;
  const char* description;
};
constexpr PythonCommand kPythonCommands[] = {
    {"report", "One self-contained HTML page about an output (in the Python package)"},
    {"optimizer", "The state of an optimizer for grafted rows (in the Python package)"},
    {"probe", "Bits per byte before and after, on texts (in the Python package)"},
    {"train", "Training goes on from a grafted model, new rows first (in the Python package)"}};

std::string WhereItIs(const PythonCommand& command) {
  return Cat(command.name, ": is a command of the Python package, not of this program; run ",
             "\"pip install .\" in the source tree, then the package's own tokgraft ",
             command.name);
}

void AddPythonCommands(CLI::App* program, int* exit_status) {
  for (const PythonCommand& command : kPythonCommands) {
    CLI::App* added = program->add_subcommand(command.name, command.description)->prefix_command();
    added->set_help_flag("");
    added->callback([&command, exit_status] {
      Finish(InvalidArgumentError(WhereItIs(command)));
      *exit_status = kExitUsage;
    });
  }
}

// "" for the command: the program itself.
int UsageError(std::string what, const std::string& command) {
  std::replace(what.begin(), what.end(), '\n', ' ');
  std::fprintf(stderr, "tokgraft: error: %s; see tokgraft %s--help\n", what.c_str(),
               command.empty() ? "" : (command + " ").c_str());
  return kExitUsage;
}

// Edits that turn one word into another.
std::size_t Distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

std::string DidYouMean(std::string_view word, const std::vector<std::string>& known) {
  std::string nearest;
  std::size_t best = word.size() / 3 + 2;  // farther than that is another word
  for (const std::string& name : known) {
    const std::size_t distance = word.size() > 64 ? best : Distance(word, name);
    if (distance < best) {
      best = distance;
      nearest = name;
    }
  }
  return nearest.empty() ? "" : Cat(", did you mean ", nearest, "?");
}

// What a word too many most likely is, by command.
struct Misplaced {
  std::string_view command;
  std::string_view hint;
};
constexpr Misplaced kMisplaced[] = {
    {"encode", "a text is given as --text TEXT or --file PATH"},
    {"decode", "ids are given as --ids \"1 2 3\" or --file PATH"},
    {"measure", "a text is given as --corpus PATH, and several tokenizers go to compare"},
    {"lint", "a text is given as --corpus PATH"},
    {"convert", "the file to write is given as -o PATH"},
    {"merge", "a text is given as --corpus PATH, the directory to write as -o DIR"},
    {"trim", "a text is given as --keep PATH, the directory to write as -o DIR"},
    {"graft", "the donor is given as --donor TOKENIZER, a text as --corpus PATH"},
    {"init", "the id map is given as --id-map FILE, the tokenizer as --tokenizer PATH"},
    {"adapter", "the grafted model is given as --grafted DIR, the directory to write as -o DIR"},
    {"verify", "the source model is given as --model MODEL_DIR"}};

// A usage error where there are more words than the command takes.
int NameMisplaced(const CLI::App& command, const std::vector<std::string>& words) {
  std::size_t taken = 0;
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_positional())
      taken += static_cast<std::size_t>(option->get_items_expected_max());
  }
  if (words.size() <= taken) return kExitOk;
  const std::string& name = command.get_name();
  std::string what = Cat(words[taken], ": is a word too many");
  for (const Misplaced& known : kMisplaced) {
    if (known.command == name) what += Cat("; ", known.hint);
  }
  return UsageError(what, name);
}

// A usage error where the command, or an option of it, is not known, or a word is too many.
// Before CLI11 looks, which would name what is missing before what is misspelt.
int NameTypo(const CLI::App& app, const std::vector<std::string>& arguments) {
  if (arguments.empty() || arguments[0].starts_with("-")) return kExitOk;
  std::vector<std::string> known;
  for (const CLI::App* command : app.get_subcommands({})) known.push_back(command->get_name());
  if (std::find(known.begin(), known.end(), arguments[0]) == known.end()) {
    return UsageError(Cat(arguments[0], ": is not a command", DidYouMean(arguments[0], known)), "");
  }
  const CLI::App& command = *app.get_subcommand(arguments[0]);
  if (command.get_prefix_command()) return kExitOk;
  known.clear();
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  }
  std::vector<std::string> words;
  bool only_words = false;  // behind "--"
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (only_words || argument.size() < 2 || argument[0] != '-') {
      words.push_back(argument);
      continue;
    }
    if (argument == "--") {
      only_words = true;
      continue;
    }
    const std::string name = argument.substr(0, argument.find('='));
    const bool is_long = name.starts_with("--");
    const CLI::Option* option = command.get_option_no_throw(is_long ? name : name.substr(0, 2));
    if (option == nullptr && is_long) {
      return UsageError(Cat(name, ": is not an option of ", arguments[0], DidYouMean(name, known)),
                        arguments[0]);
    }
    const bool joined = is_long ? name.size() < argument.size() : argument.size() > 2;
    if (option == nullptr || joined || i + 1 == arguments.size()) continue;
    const bool may_have_value =
        option->get_items_expected_max() > 0 && !arguments[i + 1].starts_with("-");
    if (option->get_expected_min() > 0 || may_have_value) ++i;  // and its value
  }
  return NameMisplaced(command, words);
}

}  // namespace

int RunProgram(const std::vector<std::string>& arguments) {
  CLI::App app{"Changes the vocabulary of a language model without breaking the model", "tokgraft"};
  app.set_version_flag("--version", "tokgraft " TOKGRAFT_VERSION);
  app.require_subcommand(1);
  int exit_status = kExitOk;
  AddEncodeCommand(&app, &exit_status);
  AddDecodeCommand(&app, &exit_status);
  AddMeasureCommand(&app, &exit_status);
  AddCompareCommand(&app, &exit_status);
  AddLintCommand(&app, &exit_status);
  AddDiffCommand(&app, &exit_status);
  AddConvertCommand(&app, &exit_status);
  AddMergeCommand(&app, &exit_status);
  AddTrimCommand(&app, &exit_status);
  AddGraftCommand(&app, RecordedCommand(arguments), &exit_status);
  AddInitCommand(&app, RecordedCommand(arguments), &exit_status);
  AddAdapterCommand(&app, &exit_status);
  AddVerifyCommand(&app, &exit_status);
  AddPythonCommands(&app, &exit_status);
  if (const int status = NameTypo(app, arguments); status != kExitOk) return status;
  try {
    // CLI11 takes the arguments last first.
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    const auto chosen = app.get_subcommands();
    return UsageError(error.what(), chosen.empty() ? "" : chosen.front()->get_name());
  }
  return exit_status;
}

}  // namespace tokgraft
