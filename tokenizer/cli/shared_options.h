// Options that several commands have, declared once: --threads, --json and --progress; --corpus and
// --documents; the names of formats.
#ifndef TOKGRAFT_TOKENIZER_CLI_SHARED_OPTIONS_H_
#define TOKGRAFT_TOKENIZER_CLI_SHARED_OPTIONS_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/corpus.h"
#include "tokenizer/spec.h"
#include "tokenizer/status.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace tokgraft {

// Ends a command with a usage error: status 2, and where its help is. Only from a callback of CLI11
// and what it calls, for it throws.
[[noreturn]] void WrongUsage(const std::string& what);

// For CLI11's check(): "" for a whole number that is not negative, else what is wrong.
std::string CheckWholeNumber(const std::string& text);

// How a command runs and reports.
struct RunArguments {
  int threads = 0;
  bool json = false;
  std::string progress = "auto";  // for ProgressBar
};
void AddRunArguments(CLI::App* command, RunArguments* arguments);
// --progress alone.
void AddProgressArgument(CLI::App* command, std::string* mode);

// Text that a command reads.
struct CorpusArguments {
  std::vector<std::string> corpora;  // [NAME=]PATH
  std::string documents = "line";
};
// Returns --corpus, for a command that needs one. `use`: what it is read for.
CLI::Option* AddCorpusArguments(CLI::App* command, CorpusArguments* arguments,
                                const std::string& use);

// The formats that can be written, by the names that options take.
std::vector<std::string> FormatNames();
std::optional<Format> FormatNamed(std::string_view name);

// "[NAME=]PATH" each. InvalidArgument where two have one name.
StatusOr<std::vector<Corpus>> ParseCorpora(const std::vector<std::string>& arguments);

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_CLI_SHARED_OPTIONS_H_
