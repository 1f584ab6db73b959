#include "tokenizer/text/pre_token_classes.h"

#include "tokenizer/text/general_category.h"

namespace tokgraft {
namespace {

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
std::span<const char32_t> OnigurumaWordRanges() { return kOnigurumaWord; }
std::span<const char32_t> RustWordRanges() { return kRustWord; }
std::span<const char32_t> UnknownToLlamaCpp() { return kUnknownToLlamaCpp; }

}  // namespace tokgraft
