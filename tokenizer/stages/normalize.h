// The normalizers of a spec, compiled: text in, normalized text out.
//
// Each step is exact for the spec's reference (its Unicode version included) or refused here.
// Thread-safe, const; scratch is the caller's.
#ifndef TOKGRAFT_TOKENIZER_STAGES_NORMALIZE_H_
#define TOKGRAFT_TOKENIZER_STAGES_NORMALIZE_H_

#include <memory>
#include <string>
#include <string_view>

#include "tokenizer/spec.h"
#include "tokenizer/stages/aligned_text.h"
#include "tokenizer/status.h"

namespace tokgraft {

class CompiledNormalizer {
 public:
  // Unimplemented: a step that cannot be reproduced, by name. InvalidArgument: a broken charsmap.
  // A trailing normalizer::ByteLevel is left out where `skip_trailing_byte_level` (the caller then
  // works on bytes).
  static StatusOr<CompiledNormalizer> Compile(const TokenizerSpec& spec,
                                              bool skip_trailing_byte_level);
  bool is_identity() const;
  // Appends the normalized form of `text` (valid UTF-8) to `out`.
  void Normalize(std::string_view text, std::string* out) const;
  // The same in place, with origins.
  void Normalize(AlignedText* text) const;

 private:
  struct Steps;
  std::shared_ptr<const Steps> steps_;
};

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_STAGES_NORMALIZE_H_
