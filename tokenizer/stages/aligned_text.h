// Text on its way through the stages, each byte knowing which bytes of the original it stands for.
//
// Used only where offsets are asked for; the ids-only path works on plain strings. The rules of how
// a changed character takes over an origin are those of HF's NormalizedString.
#ifndef TOKGRAFT_TOKENIZER_STAGES_ALIGNED_TEXT_H_
#define TOKGRAFT_TOKENIZER_STAGES_ALIGNED_TEXT_H_

#include <string>
#include <vector>

#include "tokenizer/token.h"

namespace tokgraft {

struct AlignedText {
  std::string text;          // UTF-8
  std::vector<Span> origin;  // [text.size()]: for each byte, a span of the original text
  // The part of the original this text came from: [begin, end). Holds where `text` is empty too.
  Span source;
};

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_STAGES_ALIGNED_TEXT_H_
