#include "tokenizer/text/general_category.h"

namespace tokgraft {
namespace {

#include "tokenizer/text/general_category.inc"

}  // namespace

std::span<const std::uint32_t> CategoryStarts() { return kCategoryStarts; }
std::span<const char32_t> WhiteSpaceRanges() { return kWhiteSpace; }
std::span<const char32_t> HanRanges() { return kHan; }
std::span<const char32_t> AlphabeticRanges() { return kAlphabetic; }
std::span<const char32_t> UppercaseRanges() { return kUppercase; }
std::span<const char32_t> LowercaseRanges() { return kLowercase; }

}  // namespace tokgraft
