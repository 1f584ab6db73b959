#include "tokenizer/text/unicode_data.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include "tokenizer/text/code_point_set.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

// Code points first, first + step, ... last map to themselves plus `delta`.
struct CodePointMapping {
  char32_t first;
  char32_t last;
  std::uint32_t step;
  std::int32_t delta;
};

#include "tokenizer/text/hf_normalizer_tables.inc"

constexpr CodePointSet kCombiningMark(kHfCombiningMark);
constexpr CodePointSet kBertNonspacing(kHfBertNonspacing);
constexpr CodePointSet kBertRemoved(kHfBertRemoved);

template <std::size_t kSize>
char32_t Map(const CodePointMapping (&rows)[kSize], char32_t c) {
  const auto* row =
      std::upper_bound(std::begin(rows), std::end(rows), c,
                       [](char32_t value, const CodePointMapping& r) { return value < r.first; });
  if (row == std::begin(rows)) return c;
  --row;
  if (c > row->last || (c - row->first) % row->step != 0) return c;
  return static_cast<char32_t>(static_cast<std::int32_t>(c) + row->delta);
}

}  // namespace

void AppendLowercase(char32_t c, std::string* out) {
  if (c == 0x130) {
    out->append("i\u0307");
  } else {
    AppendUtf8(Map(kHfLowercase, c), out);
  }
}

bool IsCombiningMark(char32_t c) { return kCombiningMark.Contains(c); }
bool IsBertNonspacing(char32_t c) { return kBertNonspacing.Contains(c); }
bool IsBertRemoved(char32_t c) { return kBertRemoved.Contains(c); }

bool IsBertIdeograph(char32_t c) {
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) ||
         (c >= 0x20000 && c <= 0x2A6DF) || (c >= 0x2A700 && c <= 0x2B73F) ||
         (c >= 0x2B740 && c <= 0x2B81F) || (c >= 0x2B920 && c <= 0x2CEAF) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
}

}  // namespace tokgraft
