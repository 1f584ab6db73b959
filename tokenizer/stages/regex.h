// A regex that means what the spec's reference means by it.
//
// HF's regexes are Oniguruma's Ruby syntax with Unicode 16, tiktoken's and Tekken's are those of
// Rust's fancy-regex with Unicode 16. Here the pattern is parsed, and every class in it (\p{..},
// \s, \w, [[:alpha:]], .) is spelled out as code points of the reference's Unicode. What cannot be
// carried over exactly, or what Oniguruma does not take, is refused by name. The rest runs on a
// backtracking matcher of our own: matches of the reference, in time linear in the text.
//
//   TOKGRAFT_ASSIGN_OR_RETURN(Regex regex, Regex::Compile(R"(\s+)", Reference::kHuggingFace));
//   std::vector<RegexMatch> matches;
//   regex.FindAll(text, &matches);
#ifndef TOKGRAFT_TOKENIZER_STAGES_REGEX_H_
#define TOKGRAFT_TOKENIZER_STAGES_REGEX_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/spec.h"
#include "tokenizer/status.h"

namespace tokgraft {

// Half-open range of bytes of the text searched. Empty where the pattern matched nothing.
struct RegexMatch {
  std::size_t begin = 0;
  std::size_t end = 0;
  friend bool operator==(const RegexMatch&, const RegexMatch&) = default;
};

// Immutable, cheap to copy, safe for concurrent use.
class Regex {
 public:
  // InvalidArgument: not a regex. Unimplemented: a construct that cannot be reproduced, by name.
  static StatusOr<Regex> Compile(std::string_view pattern, Reference reference);

  // Appends the matches, left to right, not overlapping, as the reference's find_iter gives them
  // (an empty match right after another match is skipped). `text` is valid UTF-8. Linear in the
  // text, whatever it holds, also where the reference gives up.
  void FindAll(std::string_view text, std::vector<RegexMatch>* matches) const;
  // Whether some text may match without a character.
  bool may_match_empty() const;

 private:
  struct Program;
  std::shared_ptr<const Program> program_;
};

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_STAGES_REGEX_H_
