// Sets of code points for the regex translator: ranges, their algebra, and the classes by name.
#ifndef TOKGRAFT_TOKENIZER_STAGES_REGEX_SET_H_
#define TOKGRAFT_TOKENIZER_STAGES_REGEX_SET_H_

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace tokgraft {

// Half-open ranges [first, second), sorted, apart from each other.
using CodePointRanges = std::vector<std::pair<char32_t, char32_t>>;

CodePointRanges SetUnion(const CodePointRanges& a, const CodePointRanges& b);
CodePointRanges SetIntersection(const CodePointRanges& a, const CodePointRanges& b);
CodePointRanges SetComplement(const CodePointRanges& a);

// Adds what equals an ASCII letter of `a` when case is ignored: the other case, ſ for s, the Kelvin
// sign for k.
CodePointRanges FoldAscii(const CodePointRanges& a);

CodePointRanges WhiteSpaceSet();  // \s
CodePointRanges DigitSet();       // \d
CodePointRanges RustWordSet();    // \w of tiktoken
// \w of HF. Outside brackets Oniguruma asks another table for Latin-1, which holds ²³¹¼½¾.
CodePointRanges OnigurumaWordSet();
CodePointRanges OnigurumaBracketWordSet();

// A general category ("L", "Lu", "Letter", "uppercase letter") or Han, Any, ASCII,
// Alphabetic, Uppercase, Lowercase, White_Space; case, spaces, _ and - in the name do not matter.
std::optional<CodePointRanges> PropertySet(std::string_view name);
// [:name:] as Oniguruma means it with Unicode ("alpha", "punct", ...).
std::optional<CodePointRanges> UnicodeBracketSet(std::string_view name);
// [:name:] as Rust means it: ASCII only.
std::optional<CodePointRanges> AsciiBracketSet(std::string_view name);

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_STAGES_REGEX_SET_H_
