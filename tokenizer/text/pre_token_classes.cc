#include "tokenizer/text/pre_token_classes.h"

#include <algorithm>
#include <iterator>

#include "tokenizer/text/general_category.h"

namespace tokgraft {
namespace {

#include "tokenizer/text/hf_scripts.inc"
#include "tokenizer/text/llama_cpp_classes.inc"
#include "tokenizer/text/pre_token_classes.inc"

}  // namespace

const CodePointSet& HfPunctuation() {
  static const CodePointSet set{kHfPunctuation};
  return set;
}
const CodePointSet& HfNumeric() {
  static const CodePointSet set{kHfNumeric};
  return set;
}
const CodePointSet& HfWord() {
  static const CodePointSet set{kHfWord};
  return set;
}
const CodePointSet& HfWhiteSpace() {
  static const CodePointSet set{WhiteSpaceRanges()};
  return set;
}
std::uint8_t HfScript(char32_t c) {
  // The last entry whose code point is not above c.
  const auto above = std::upper_bound(std::begin(kHfScriptStarts), std::end(kHfScriptStarts), c,
                                      [](char32_t a, std::uint32_t b) { return a < b >> 8; });
  return static_cast<std::uint8_t>(*std::prev(above) & 0xFF);
}
std::span<const char32_t> OnigurumaWordRanges() { return kOnigurumaWord; }
std::span<const char32_t> RustWordRanges() { return kRustWord; }
std::span<const char32_t> UnknownToLlamaCpp() { return kUnknownToLlamaCpp; }

}  // namespace tokgraft
