// Grapheme clusters as HF's Precompiled normalizer sees them (tokenizers 0.23.3).
//
// The extended clusters of UAX #29, with classes swept from the reference. Pairs of regional
// indicators are not told apart: Precompiled treats any cluster of 6 bytes or more alike.
#ifndef TOKGRAFT_TOKENIZER_TEXT_GRAPHEME_H_
#define TOKGRAFT_TOKENIZER_TEXT_GRAPHEME_H_

#include <cstddef>
#include <string_view>

namespace tokgraft {

// Bytes of the first cluster of `text`, valid UTF-8, not empty.
std::size_t GraphemeLength(std::string_view text);

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_TEXT_GRAPHEME_H_
