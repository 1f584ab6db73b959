// The pieces that the patterns of the GPT family share: contractions and white space.
#ifndef TOKGRAFT_TOKENIZER_STAGES_SCANNERS_RULES_H_
#define TOKGRAFT_TOKENIZER_STAGES_SCANNERS_RULES_H_

#include <cstddef>
#include <cstdint>

#include "tokenizer/stages/scanners/class_table.h"

namespace tokgraft {

inline bool IsNewline(char c) { return c == '\r' || c == '\n'; }

// How a contraction is compared: as it stands, without regard to ASCII case, or as (?i:...) does
// it, where ſ is an s too.
enum class Fold : std::uint8_t { kNone, kAscii, kUnicode };

// The end of 's 't 're 've 'm 'll 'd at `p`, or `p` itself.
template <Fold fold>
inline const char* SkipContraction(const char* p, const char* end) {
  const std::ptrdiff_t size = end - p;
  if (size < 2 || *p != '\'') return p;
  const auto lower = [p](int i) {
    return fold != Fold::kNone && p[i] >= 'A' && p[i] <= 'Z' ? static_cast<char>(p[i] | 0x20)
                                                             : p[i];
  };
  switch (lower(1)) {
    case 's':
    case 't':
    case 'm':
    case 'd':
      return p + 2;
    case 'r':
    case 'v':
      return size >= 3 && lower(2) == 'e' ? p + 3 : p;
    case 'l':
      return size >= 3 && lower(2) == 'l' ? p + 3 : p;
    case '\xC5':
      return fold == Fold::kUnicode && size >= 3 && p[2] == '\xBF' ? p + 3 : p;
    default:
      return p;
  }
}

// A run of white space at `p`, which is not empty: where it ends, where its last character starts,
// and the end of its last \r or \n (`p` if it has none).
struct SpaceRun {
  const char* end;
  const char* last;
  const char* after_newline;
};
inline SpaceRun ReadSpaces(const char* p, const Reader& reader) {
  SpaceRun run{p, p, p};
  while (run.end != reader.end()) {
    const Reader::Character c = reader.At(run.end);
    if ((c.classes & kSpace) == 0) break;
    run.last = run.end;
    run.end += c.length;
    if (c.code == '\n' || c.code == '\r') run.after_newline = run.end;
  }
  return run;
}

// \s+(?!\S)|\s+
inline const char* SkipSpaces(const char* p, const Reader& reader) {
  const SpaceRun run = ReadSpaces(p, reader);
  return run.end == reader.end() || run.last == p ? run.end : run.last;
}

// \s*[\r\n]+|\s+(?!\S)|\s+, and with `end_first` a \s+$ before it.
template <bool end_first>
inline const char* SkipLinesOrSpaces(const char* p, const Reader& reader) {
  const SpaceRun run = ReadSpaces(p, reader);
  if (end_first && run.end == reader.end()) return run.end;
  if (run.after_newline != p) return run.after_newline;
  return run.end == reader.end() || run.last == p ? run.end : run.last;
}

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_STAGES_SCANNERS_RULES_H_
