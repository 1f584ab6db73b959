// The family of o200k (GPT-4o, Llama-4), of Mistral's Tekken and of Kimi K2, one match at a time:
//   [^\r\n\p{L}\p{N}]?[U]*[l]+C?|[^\r\n\p{L}\p{N}]?[U]+[l]*C?|\p{N}{1,D}| ?[^\s\p{L}\p{N}]+[\r\n/]*
//   |\s*[\r\n]+|\s+(?!\S)|\s+
// with U = \p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}, l = \p{Ll}\p{Lm}\p{Lo}\p{M}, C the contractions. Tekken
// has no C, Kimi takes Han out of U and l, tries [\p{Han}]+ first, and has no /.
//
// A run of U takes back characters until an l follows; since U and l share all but the cased
// letters, one pass that remembers the last shared character finds where. Every position matches.
#ifndef TOKGRAFT_TOKENIZER_STAGES_SCANNERS_O200K_H_
#define TOKGRAFT_TOKENIZER_STAGES_SCANNERS_O200K_H_

#include "tokenizer/stages/scanners/rules.h"

namespace tokgraft {

struct O200kOptions {
  int max_digits = 3;
  bool contractions = true;
  bool slash = true;
  bool han_apart = false;
};

template <O200kOptions options>
struct O200kScanner {
  static const char* Next(const char* p, const Reader& reader) {
    const Reader::Character first = reader.At(p);
    if (options.han_apart && (first.classes & kHan) != 0) {
      return reader.SkipWhile(p + first.length, kHan);
    }
    if ((first.classes & kLetter) != 0) return Word(p, reader, false);
    if ((first.classes & kNumber) != 0) {
      return reader.SkipAtMost(p + first.length, kNumber, options.max_digits - 1);
    }
    if (!IsNewline(*p)) {
      // The first character may stand before the word. A mark may also be a word of its own.
      const bool after_mark = (first.classes & kMark) != 0;
      const char* word = Word(p + first.length, reader, after_mark);
      if (word != nullptr) return word;
    }
    constexpr CharClass kNotSymbol = kSpace | kLetter | kNumber;
    const char* q = *p == ' ' ? p + 1 : p;
    const Reader::Character c = reader.At(q);
    if (c.length != 0 && (c.classes & kNotSymbol) == 0) {
      q = reader.SkipUntil(q + c.length, kNotSymbol);
      while (q != reader.end() && (IsNewline(*q) || (options.slash && *q == '/'))) ++q;
      return q;
    }
    return SkipLinesOrSpaces<false>(p, reader);
  }

 private:
  static bool In(CharClass classes, CharClass wanted) {
    return (classes & wanted) != 0 && !(options.han_apart && (classes & kHan) != 0);
  }

  // The end of [U]*[l]+C?|[U]+[l]*C? at `p`; nullptr where neither matches. After a
  // mark the first alternative takes that mark alone rather than have the second one go on.
  static const char* Word(const char* p, const Reader& reader, bool after_mark) {
    constexpr CharClass kShared = kCaseless | kMark;
    const char* run = p;
    const char* after_shared = nullptr;
    Reader::Character c = reader.At(run);
    while (In(c.classes, kUpper | kShared)) {
      run += c.length;
      if ((c.classes & kShared) != 0) after_shared = run;
      c = reader.At(run);
    }
    if (In(c.classes, kLower)) {
      do {
        run += c.length;
        c = reader.At(run);
      } while (In(c.classes, kLower | kShared));
    } else if (after_shared != nullptr) {
      run = after_shared;
    } else if (after_mark) {
      run = p;
    } else if (run == p) {
      return nullptr;
    }
    return options.contractions ? SkipContraction<Fold::kUnicode>(run, reader.end()) : run;
  }
};

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_STAGES_SCANNERS_O200K_H_
