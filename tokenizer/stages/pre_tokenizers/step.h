// One compiled step of a pre-tokenizer: perhaps a change of the text, then perhaps a cut.
#ifndef TOKGRAFT_TOKENIZER_STAGES_PRE_TOKENIZERS_STEP_H_
#define TOKGRAFT_TOKENIZER_STAGES_PRE_TOKENIZERS_STEP_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/spec.h"
#include "tokenizer/stages/aligned_text.h"
#include "tokenizer/stages/pre_tokenizers/behavior.h"
#include "tokenizer/stages/scanners/scan.h"
#include "tokenizer/status.h"

namespace tokgraft {

// Cuts a text into pieces. Immutable, safe for concurrent use.
class Splitter {
 public:
  virtual ~Splitter() = default;
  // Appends the pieces of `text` (valid UTF-8 unless takes_any_bytes), none of them empty.
  virtual void Split(std::string_view text, SplitBuffers* buffers,
                     std::vector<std::string_view>* pieces) const = 0;
  // Reads each maximal bad subsequence of invalid UTF-8 as U+FFFD by itself.
  virtual bool takes_any_bytes() const { return false; }
};

// What Metaspace and ByteLevel's add_prefix_space do to a text before it is cut: every space
// becomes `mark` (where `replaces_spaces`), and a text that does not start with `mark` gets one.
struct Rewrite {
  std::string mark;
  bool replaces_spaces = false;
  pre_tokenizer::PrependScheme prepend = pre_tokenizer::PrependScheme::kAlways;

  // `is_first`: the text starts where the input starts.
  void Append(std::string_view text, bool is_first, std::string* out) const;
  void Apply(AlignedText* text, bool is_first) const;
};

struct PreTokenizeStep {
  std::optional<Rewrite> rewrite;
  std::unique_ptr<const Splitter> splitter;  // null: the text stays whole
};

// The step of one pre-tokenizer of HF or tiktoken. Unimplemented names what cannot be reproduced.
StatusOr<PreTokenizeStep> CompileStep(const PreTokenizer& stage, Reference reference);
// All steps of a spec, neighbours that have one scanner together fused.
StatusOr<std::vector<PreTokenizeStep>> CompileSteps(const TokenizerSpec& spec);

// The steps of llama.cpp's pre-tokenizer of that name; Unimplemented where we do not know it.
StatusOr<std::vector<PreTokenizeStep>> CompileLlamaCpp(std::string_view name);

// By family, each in its own file.
std::unique_ptr<const Splitter> MakeScannerSplitter(ScannerKind kind);
std::unique_ptr<const Splitter> MakeDeepSeekSplitter();
StatusOr<std::unique_ptr<const Splitter>> MakePatternSplitter(const pre_tokenizer::Split& split,
                                                              Reference reference);
std::unique_ptr<const Splitter> MakeMetaspaceSplitter(std::string mark);
std::unique_ptr<const Splitter> MakeBertSplitter();
std::unique_ptr<const Splitter> MakeWhitespaceSplitter();       // Whitespace
std::unique_ptr<const Splitter> MakeWhitespaceSplitSplitter();  // WhitespaceSplit
std::unique_ptr<const Splitter> MakePunctuationSplitter(pre_tokenizer::SplitBehavior behavior);
std::unique_ptr<const Splitter> MakeDigitsSplitter(bool individual_digits);
std::unique_ptr<const Splitter> MakeCharDelimiterSplitter(char32_t delimiter);
std::unique_ptr<const Splitter> MakeUnicodeScriptsSplitter();
std::unique_ptr<const Splitter> MakeFixedLengthSplitter(std::uint64_t length);

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_STAGES_PRE_TOKENIZERS_STEP_H_
