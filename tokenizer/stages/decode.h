// From ids back to text, as each reference does it.
//
// tokenizers turns ids into the spellings of their tokens and passes the list through its decoders,
// each of which maps every token or fuses them; the other references join bytes by rules of their
// own. Thread-safe, const.
#ifndef TOKGRAFT_TOKENIZER_STAGES_DECODE_H_
#define TOKGRAFT_TOKENIZER_STAGES_DECODE_H_

#include <memory>
#include <span>
#include <string>

#include "tokenizer/spec.h"
#include "tokenizer/stages/normalize.h"
#include "tokenizer/status.h"

namespace tokgraft {

class CompiledDecoder {
 public:
  // `spec` must outlive the decoder; `normalizer` is the spec's own, compiled (an added token that
  // is matched normalized decodes from that form). Unimplemented: a decoder we lack, by name.
  static StatusOr<CompiledDecoder> Compile(const TokenizerSpec& spec,
                                           const CompiledNormalizer& normalizer);

  // OutOfRange: an id that the reference refuses too (tokenizers passes over unknown ids).
  StatusOr<std::string> Decode(std::span<const TokenId> ids, bool skip_special_tokens) const;

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_STAGES_DECODE_H_
