#include "tokenizer/stages/regex.h"

namespace tokgraft {

struct Regex::Program {};

StatusOr<Regex> Regex::Compile(std::string_view pattern, Reference) {
  return UnimplementedError(Cat("regex \"", pattern,
                                "\" is not one of the known patterns, expected one of them; use a "
                                "tokenizer with a known pattern"));
}

void Regex::FindAll(std::string_view, std::vector<RegexMatch>*) const {}

}  // namespace tokgraft
