// The family of cl100k (GPT-4, Llama-3, Qwen), one match at a time:
//   (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,D}| ?[^\s\p{L}\p{N}]+[\r\n]*
//   |\s*[\r\n]+|\s+(?!\S)|\s+
//
// tiktoken's spelling tries \s+$ before \s*[\r\n] (`end_first`). Every position matches.
#ifndef TOKGRAFT_TOKENIZER_STAGES_SCANNERS_CL100K_H_
#define TOKGRAFT_TOKENIZER_STAGES_SCANNERS_CL100K_H_

#include "tokenizer/stages/scanners/rules.h"

namespace tokgraft {

template <int max_digits, bool end_first, Fold fold = Fold::kUnicode>
struct Cl100kScanner {
  static const char* Next(const char* p, const Reader& reader) {
    const char* const end = reader.end();
    if (*p == '\'') {
      const char* contraction = SkipContraction<fold>(p, end);
      if (contraction != p) return contraction;
    }
    const Reader::Character first = reader.At(p);
    const char* second_at = p + first.length;
    if ((first.classes & kLetter) != 0) return reader.SkipWhile(second_at, kLetter);
    if ((first.classes & kNumber) != 0) {
      return reader.SkipAtMost(second_at, kNumber, max_digits - 1);
    }
    const Reader::Character second = reader.At(second_at);
    if ((second.classes & kLetter) != 0 && !IsNewline(*p)) {
      return reader.SkipWhile(second_at + second.length, kLetter);
    }
    constexpr CharClass kNotSymbol = kSpace | kLetter | kNumber;
    const bool after_space = *p == ' ' && second.length != 0 && (second.classes & kNotSymbol) == 0;
    if (after_space || (first.classes & kNotSymbol) == 0) {
      const char* q = reader.SkipUntil(second_at, kNotSymbol);
      while (q != end && IsNewline(*q)) ++q;
      return q;
    }
    return SkipLinesOrSpaces<end_first>(p, reader);
  }
};

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_STAGES_SCANNERS_CL100K_H_
