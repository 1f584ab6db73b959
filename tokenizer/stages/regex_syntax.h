// A regex as a tree, classes spelled out as code points; what cannot be read exactly is refused.
//
// The tree is what Ruby's syntax (HF's Oniguruma) and Rust's (fancy-regex) have in common, so each
// difference between the two is settled while parsing. Capture groups are plain groups here: nobody
// asks for them, and back-references are refused.
#ifndef TOKGRAFT_TOKENIZER_STAGES_REGEX_SYNTAX_H_
#define TOKGRAFT_TOKENIZER_STAGES_REGEX_SYNTAX_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "tokenizer/stages/regex_set.h"
#include "tokenizer/status.h"

namespace tokgraft {

enum class RegexDialect : std::uint8_t { kRuby, kRust };

struct RegexNode {
  enum class Kind : std::uint8_t {
    kSet,           // one character of `set`
    kConcat,        // `children` one after another
    kAlternate,     // the first of `children` that leads to a match
    kRepeat,        // children[0], `min` to `max` times
    kAtomic,        // (?>...)
    kLookAhead,     // (?=...)
    kNotAhead,      // (?!...)
    kLookBehind,    // (?<=...)
    kNotBehind,     // (?<!...)
    kTextStart,     // \A
    kTextEnd,       // \z
    kLineStart,     // Ruby's ^
    kLineEnd,       // Ruby's $
    kTextEndOrEol,  // Ruby's \Z
  };
  enum class Greed : std::uint8_t { kGreedy, kLazy, kPossessive };

  Kind kind = Kind::kConcat;
  CodePointRanges set;
  std::vector<RegexNode> children;
  std::uint32_t min = 0;
  std::optional<std::uint32_t> max;  // nullopt: without end
  Greed greed = Greed::kGreedy;
};

// InvalidArgument: not a regex. Unimplemented: a construct that is not carried over, by name.
StatusOr<RegexNode> ParseRegex(std::string_view pattern, RegexDialect dialect);

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_STAGES_REGEX_SYNTAX_H_
