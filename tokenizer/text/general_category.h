// General categories of Unicode 16, the version of HF's and tiktoken's regexes (swept from both).
//
// The scanners of pre-tokenization do not ask here character by character: they build a ClassTable
// from it once (stages/scanners/class_table.h). The regex translator lists its ranges.
#ifndef TOKGRAFT_TOKENIZER_TEXT_GENERAL_CATEGORY_H_
#define TOKGRAFT_TOKENIZER_TEXT_GENERAL_CATEGORY_H_

#include <cstdint>
#include <span>

namespace tokgraft {

enum class GeneralCategory : std::uint8_t {
  kLu,
  kLl,
  kLt,
  kLm,
  kLo,
  kMn,
  kMc,
  kMe,
  kNd,
  kNl,
  kNo,
  kPc,
  kPd,
  kPs,
  kPe,
  kPi,
  kPf,
  kPo,
  kSm,
  kSc,
  kSk,
  kSo,
  kZs,
  kZl,
  kZp,
  kCc,
  kCf,
  kCs,
  kCo,
  kCn,
};

// Each entry is (first code point << 5 | category) and holds until the next one's code point;
// the first starts at 0, the last ends at U+10FFFF.
std::span<const std::uint32_t> CategoryStarts();

// Half-open ranges, flat: begin, end, begin, end, ...
std::span<const char32_t> WhiteSpaceRanges();  // \s of both engines
std::span<const char32_t> HanRanges();         // Script=Han

// \p{Alphabetic}, \p{Uppercase}, \p{Lowercase}
std::span<const char32_t> AlphabeticRanges();
std::span<const char32_t> UppercaseRanges();
std::span<const char32_t> LowercaseRanges();

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_TEXT_GENERAL_CATEGORY_H_
