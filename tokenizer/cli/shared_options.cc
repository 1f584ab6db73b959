#include "tokenizer/cli/shared_options.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <system_error>

#include "tokenizer/cli/console.h"

namespace tokgraft {
namespace {

constexpr Format kFormats[] = {Format::kTokenizerJson, Format::kSentencePiece, Format::kTiktoken,
                               Format::kTekken, Format::kGguf};

std::string CheckThreads(const std::string& text) {
  int value = 0;
  const bool fits =
      CheckWholeNumber(text).empty() &&
      std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc();
  return fits ? "" : Cat("\"", text, "\" is no number of threads, 0 or more was expected");
}

}  // namespace

void WrongUsage(const std::string& what) { throw CLI::ArgumentMismatch(what); }

// CLI11's own check names the range with a number of 309 digits, and takes -1 for the highest one.
std::string CheckWholeNumber(const std::string& text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool good = error == std::errc() && end == text.data() + text.size();
  return good ? "" : Cat("\"", text, "\" is no whole number, 0 or more was expected");
}

void AddRunArguments(CLI::App* command, RunArguments* arguments) {
  command->add_option("--threads", arguments->threads, "0 or more; 0: all cores")
      ->check(CheckThreads)
      ->capture_default_str();
  command->add_flag("--json", arguments->json, "The report as JSON");
  AddProgressArgument(command, &arguments->progress);
}

void AddProgressArgument(CLI::App* command, std::string* mode) {
  command->add_option("--progress", *mode, "On stderr")
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
  command
      ->add_option("--documents", arguments->documents,
                   "What one document of a corpus is; a line keeps its line end")
      ->check(CLI::IsMember({"line", "paragraph", "file"}))
      ->capture_default_str();
  return corpus;
}

std::vector<std::string> FormatNames() {
  std::vector<std::string> names;
  names.reserve(std::size(kFormats));
  for (const Format format : kFormats) names.emplace_back(FormatName(format));
  return names;
}

std::optional<Format> FormatNamed(std::string_view name) {
  for (const Format format : kFormats) {
    if (FormatName(format) == name) return format;
  }
  return std::nullopt;
}

StatusOr<std::vector<Corpus>> ParseCorpora(const std::vector<std::string>& arguments) {
  TOKGRAFT_ASSIGN_OR_RETURN(const auto named, ParseNamedPaths(arguments));
  std::vector<Corpus> corpora;
  corpora.reserve(named.size());
  for (const auto& [name, path] : named) corpora.push_back({name, path});
  return corpora;
}

}  // namespace tokgraft
