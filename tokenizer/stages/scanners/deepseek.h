// DeepSeek-V3's three splits, all isolated, in one pass:
//   1. \p{N}{1,3}     2. [一-龥぀-ゟ゠-ヿ]+
//   3. [!-/:-@\[-`{-~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*
//      |\s*[\r\n]+|\s+(?!\S)|\s+
//
// 1 and 2 cut the text into stretches; 3 sees one stretch at a time (its look-ahead ends there) and
// does not match everywhere (digits, control characters): what lies between its matches is a piece
// too. It cuts the stretches of 2 as well, at a ・.
#ifndef TOKGRAFT_TOKENIZER_STAGES_SCANNERS_DEEPSEEK_H_
#define TOKGRAFT_TOKENIZER_STAGES_SCANNERS_DEEPSEEK_H_

#include "tokenizer/stages/scanners/rules.h"

namespace tokgraft {

struct DeepSeekScanner {
  // The end of the match of the third pattern at `p`, or `p` where it does not match.
  static const char* Match(const char* p, const Reader& reader) {
    const char* const end = reader.end();
    const Reader::Character first = reader.At(p);
    const char* q = p + first.length;
    if (IsAsciiPunctuation(*p) && q != end && IsAsciiLetter(*q)) {
      while (q != end && IsAsciiLetter(*q)) ++q;
      return q;
    }
    constexpr CharClass kWord = kLetter | kMark;
    if ((first.classes & kWord) != 0) return reader.SkipWhile(q, kWord);
    if ((first.classes & kSymbol) == 0 && !IsNewline(*p)) {
      const Reader::Character second = reader.At(q);
      if ((second.classes & kWord) != 0) return reader.SkipWhile(q + second.length, kWord);
      if (*p == ' ' && (second.classes & kSymbol) != 0) return Symbols(q, reader);
    }
    if ((first.classes & kSymbol) != 0) return Symbols(p, reader);
    return (first.classes & kSpace) != 0 ? SkipLinesOrSpaces<false>(p, reader) : p;
  }

  // Calls emit(begin, end) for each piece of the three splits.
  template <typename Emit>
  static void Scan(std::string_view text, const ClassTable& table, Emit emit) {
    const Reader reader(text, table);
    const char* p = text.data();
    while (p != reader.end()) {
      const Reader::Character c = reader.At(p);
      const char* q = p;
      if ((c.classes & kNumber) != 0) {
        q = reader.SkipAtMost(p, kNumber, 3);
        emit(p, q);
      } else if (IsEastAsian(c.code)) {
        q = SkipEastAsian(p, reader);
        ScanStretch({p, static_cast<std::size_t>(q - p)}, table, emit);
      } else {
        q = StretchEnd(p, reader);
        ScanStretch({p, static_cast<std::size_t>(q - p)}, table, emit);
      }
      p = q;
    }
  }

 private:
  static bool IsAsciiLetter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
  static bool IsAsciiPunctuation(char c) {
    return c > ' ' && c < 0x7F && !IsAsciiLetter(c) && !(c >= '0' && c <= '9');
  }
  static bool IsEastAsian(char32_t c) {
    return (c >= 0x4E00 && c <= 0x9FA5) || (c >= 0x3040 && c <= 0x30FF);
  }

  static const char* Symbols(const char* p, const Reader& reader) {
    p = reader.SkipWhile(p, kSymbol);
    while (p != reader.end() && IsNewline(*p)) ++p;
    return p;
  }
  static const char* SkipEastAsian(const char* p, const Reader& reader) {
    while (p != reader.end()) {
      const Reader::Character c = reader.At(p);
      if (!IsEastAsian(c.code)) break;
      p += c.length;
    }
    return p;
  }
  static const char* StretchEnd(const char* p, const Reader& reader) {
    while (p != reader.end()) {
      const Reader::Character c = reader.At(p);
      if ((c.classes & kNumber) != 0 || IsEastAsian(c.code)) break;
      p += c.length;
    }
    return p;
  }
  template <typename Emit>
  static void ScanStretch(std::string_view stretch, const ClassTable& table, Emit emit) {
    const Reader reader(stretch, table);
    const char* p = stretch.data();
    const char* gap = p;
    while (p != reader.end()) {
      const char* q = Match(p, reader);
      if (q == p) {
        p += reader.At(p).length;
        continue;
      }
      if (gap != p) emit(gap, p);
      emit(p, q);
      p = gap = q;
    }
    if (gap != p) emit(gap, p);
  }
};

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_STAGES_SCANNERS_DEEPSEEK_H_
