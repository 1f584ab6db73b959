// What comes after the model: special tokens around the sequence, and ByteLevel's trimmed offsets.
//
// The processors of a spec run once at Compile on a stand-in for the sequence; what is left is the
// ids before it, the ids after it, and the trims its offsets go through. Thread-safe, const.
#ifndef TOKGRAFT_TOKENIZER_STAGES_POST_PROCESS_H_
#define TOKGRAFT_TOKENIZER_STAGES_POST_PROCESS_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "tokenizer/encoding.h"
#include "tokenizer/spec.h"
#include "tokenizer/status.h"

namespace tokgraft {

// How many characters at either end of a token's spelling are spaces (or Ġ).
struct SpaceCounts {
  std::uint32_t leading = 0;
  std::uint32_t trailing = 0;
};
// Of a spelling, or of the text an added token covers.
SpaceCounts CountSpaces(std::string_view spelled);

class CompiledPostProcessor {
 public:
  // Unimplemented: a template without exactly one sequence A, or stages that the reference itself
  // cannot chain.
  static StatusOr<CompiledPostProcessor> Compile(const TokenizerSpec& spec);

  // The ids that stand before and after the sequence.
  const std::vector<TokenId>& before() const { return before_; }
  const std::vector<TokenId>& after() const { return after_; }

  // Whether Trim does anything (and its SpaceCounts are worth counting).
  bool trims() const { return !trims_.empty(); }
  // Trims the offsets of the sequence's tokens; `spaces` has one entry a token.
  void Trim(std::string_view text, bool add_special_tokens, const std::vector<SpaceCounts>& spaces,
            std::vector<Span>* offsets) const;

 private:
  struct TrimStep {
    bool add_prefix_space = true;
    bool after_specials = false;  // special tokens stand before the sequence when this one runs
  };
  std::vector<TokenId> before_;
  std::vector<TokenId> after_;
  std::vector<TrimStep> trims_;
};

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_STAGES_POST_PROCESS_H_
