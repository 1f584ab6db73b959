// GPT-2's pattern (r50k, p50k, ByteLevel's own), one match at a time:
//   's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
//
// Every position matches, so the matches are the pre-tokens.
#ifndef TOKGRAFT_TOKENIZER_STAGES_SCANNERS_GPT2_H_
#define TOKGRAFT_TOKENIZER_STAGES_SCANNERS_GPT2_H_

#include "tokenizer/stages/scanners/rules.h"

namespace tokgraft {

struct Gpt2Scanner {
  // The end of the match at `p`, which is not the end of the text.
  static const char* Next(const char* p, const Reader& reader) {
    if (*p == '\'') {
      const char* contraction = SkipContraction<Fold::kNone>(p, reader.end());
      if (contraction != p) return contraction;
    }
    const char* word = *p == ' ' ? p + 1 : p;
    const Reader::Character c = reader.At(word);
    const char* rest = word + c.length;
    if (c.length == 0 || (c.classes & kSpace) != 0) return SkipSpaces(p, reader);
    if ((c.classes & kLetter) != 0) return reader.SkipWhile(rest, kLetter);
    if ((c.classes & kNumber) != 0) return reader.SkipWhile(rest, kNumber);
    return reader.SkipUntil(rest, kSpace | kLetter | kNumber);
  }
};

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_STAGES_SCANNERS_GPT2_H_
