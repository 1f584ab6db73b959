// The classes that HF's pre-tokenizers without a regex ask, swept from tokenizers 0.23.3, and the
// two meanings of \w.
#ifndef TOKGRAFT_TOKENIZER_TEXT_PRE_TOKEN_CLASSES_H_
#define TOKGRAFT_TOKENIZER_TEXT_PRE_TOKEN_CLASSES_H_

#include <cstdint>
#include <span>

#include "tokenizer/text/code_point_set.h"

namespace tokgraft {

const CodePointSet& HfPunctuation();  // of Bert and Punctuation
const CodePointSet& HfNumeric();      // of Digits
const CodePointSet& HfWord();         // \w of Whitespace
const CodePointSet& HfWhiteSpace();   // of Bert, Whitespace and WhitespaceSplit

// The script that HF's UnicodeScripts sees, as a number of its own (kana are Han); 0 is Any, which
// joins whatever stands beside it.
std::uint8_t HfScript(char32_t c);

// Half-open ranges, flat.
std::span<const char32_t> OnigurumaWordRanges();  // [\w] of HF's regexes
std::span<const char32_t> RustWordRanges();       // \w of tiktoken's

// Letters, numbers and punctuation that llama.cpp does not know yet.
std::span<const char32_t> UnknownToLlamaCpp();

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_TEXT_PRE_TOKEN_CLASSES_H_
