#include "vocab_merge/cli/budget_arguments.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <cmath>
#include <system_error>

namespace tokgraft {
namespace {

std::string CheckBudget(const std::string& text) {
  const bool good = text == "auto" || CheckWholeNumber(text).empty();
  return good ? "" : Cat("\"", text, "\" is no number of ids; give a number or auto");
}

std::string CheckWeight(const std::string& text) {
  double value = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool good = error == std::errc() && end == text.data() + text.size() &&
                    std::isfinite(value) && value >= 0;
  return good ? "" : Cat("\"", text, "\" is no weight, a number that is 0 or more was expected");
}

}  // namespace

std::optional<std::uint64_t> BudgetArguments::number() const {
  if (budget.empty() || is_auto()) return std::nullopt;
  std::uint64_t out = 0;
  std::from_chars(budget.data(), budget.data() + budget.size(), out);  // checked
  return out;
}

void AddBudgetArguments(CLI::App* command, BudgetArguments* arguments) {
  command
      ->add_option("--budget", arguments->budget,
                   "New ids at most, helper pieces included; auto: where one more costs the model "
                   "as much as it saves, found on the corpora; default: every piece that fits or, "
                   "given --corpus, that saves a token")
      ->check(CheckBudget)
      ->type_name("N|auto");
  command
      ->add_option("--memory-weight", arguments->memory_weight,
                   "Of --budget auto: its cost is compute x memory ^ W; 0: compute only")
      ->check(CheckWeight)
      ->type_name("W")
      ->capture_default_str();
  command
      ->add_option("--pieces", arguments->pieces,
                   "Only these, best first: one a line, blanks count, \\n \\t \\\\ \\xNN are "
                   "escapes")
      ->type_name("FILE");
  command->add_flag("--curve", arguments->curve,
                    "Also measure bytes per token on the corpora against the number of pieces");
}

void RequireCorpora(const BudgetArguments& arguments, const CorpusArguments& corpora) {
  if (!corpora.corpora.empty()) return;
  if (arguments.is_auto()) {
    WrongUsage("--budget: auto needs a corpus; give --corpus NAME=PATH");
  }
  if (arguments.curve) WrongUsage("--curve: needs a corpus; give --corpus NAME=PATH");
}

StatusOr<std::vector<WantedPiece>> ReadPieces(const BudgetArguments& arguments) {
  if (arguments.pieces.empty()) return std::vector<WantedPiece>();
  return ReadPieces(arguments.pieces);
}

}  // namespace tokgraft
