#include "vocab_merge/cli/learn_arguments.h"

#include <CLI/CLI.hpp>

#include "tokenizer/base/report_text.h"
#include "tokenizer/cli/shared_options.h"

namespace tokgraft {
namespace {

// What says something of a donor's pieces, or of rules that a donor could change.
constexpr const char* kOfDonors[] = {
    "--budget", "--memory-weight", "--model-config",  "--pieces",        "--curve",
    "--script", "--strategy",      "--bytes",         "--donor-pattern", "--pattern",
    "--digits", "--normalizer",    "--pre-tokenizer", "--byte-alphabet", "--mix",
    "--em",     "--explain"};

std::string CheckSize(const std::string& text) {
  const bool good = CheckWholeNumber(text).empty() && text.find_first_not_of('0') != text.npos;
  return good ? "" : Cat("\"", text, "\" is no number of pieces, 1 or more was expected");
}

}  // namespace

void AddLearnArguments(CLI::App* command, CLI::Option* donor, LearnArguments* arguments) {
  CLI::Option* corpus =
      command
          ->add_option("--donor-corpus", arguments->corpora,
                       "In place of a donor: text to learn new pieces from, by joining on from the "
                       "base's own pieces (BPE) or by sentencepiece's trainer (Unigram)")
          ->allow_extra_args(false)
          ->type_name("[NAME=]PATH");
  CLI::Option* size =
      command->add_option("--donor-size", arguments->size, "How many pieces to learn at most")
          ->check(CheckSize)
          ->type_name("N");
  corpus->needs(size);
  size->needs(corpus);
  corpus->excludes(donor);
  for (const char* name : kOfDonors) {
    CLI::Option* option = command->get_option_no_throw(name);
    if (option != nullptr) corpus->excludes(option);
  }
}

void RequireDonor(bool donor, const LearnArguments& arguments, const std::string& name) {
  if (donor || arguments.given()) return;
  WrongUsage(Cat(name,
                 ": a tokenizer to take pieces from was expected; or --donor-corpus PATH "
                 "--donor-size N to learn them from text"));
}

}  // namespace tokgraft
