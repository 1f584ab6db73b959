// The pre-tokenizers of a spec, compiled: normalized text in, pre-tokens out.
//
// A pre-token never shares a merge with its neighbour. Patterns of the well-known families have
// hand-made scanners; any other regex runs on Oniguruma with its classes expanded for the spec's
// reference, or is refused. Thread-safe, const; scratch is the caller's.
#ifndef TOKGRAFT_TOKENIZER_STAGES_PRE_TOKENIZE_H_
#define TOKGRAFT_TOKENIZER_STAGES_PRE_TOKENIZE_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/spec.h"
#include "tokenizer/stages/aligned_text.h"
#include "tokenizer/stages/pre_tokenizers/behavior.h"
#include "tokenizer/status.h"

namespace tokgraft {

// Reused between calls to save allocations.
struct PreTokenizeScratch {
  std::string text;                      // where a step had to change the text (Metaspace, prefix)
  std::vector<std::string_view> pieces;  // views into the input or into `text`
  // Room for a step's work.
  std::string next_text;
  std::vector<std::string_view> next_pieces;
  SplitBuffers buffers;
};

class CompiledPreTokenizer {
 public:
  // Unimplemented: a step or regex that cannot be reproduced exactly, by name.
  static StatusOr<CompiledPreTokenizer> Compile(const TokenizerSpec& spec);

  // No steps: the text is one pre-token.
  bool is_identity() const;
  // True where the last step is ByteLevel, and for tiktoken, Tekken and llama.cpp's splitters:
  // pre-tokens are then raw bytes of the text, and the byte alphabet is never spelled out. Compile
  // refuses a ByteLevel that is not last.
  bool yields_bytes() const;

  // Fills scratch->pieces with the pre-tokens of `text`, in order, none of them empty. `text` is
  // valid UTF-8 unless yields_bytes(); then each maximal bad subsequence splits as U+FFFD does.
  // `at_start`: this is the first part of the input (no added token before it), which Metaspace's
  // `first` scheme asks.
  void Split(std::string_view text, bool at_start, PreTokenizeScratch* scratch) const;
  // The same with origins; `text` is consumed.
  std::vector<AlignedText> Split(AlignedText text, bool at_start) const;

 private:
  void SplitInvalid(std::string_view text, bool at_start, PreTokenizeScratch* scratch) const;

  struct Steps;
  std::shared_ptr<const Steps> steps_;
};

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_STAGES_PRE_TOKENIZE_H_
