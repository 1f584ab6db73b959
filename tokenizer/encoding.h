// What encoding gives: ids, and on demand the bytes of the original text that each id covers.
//
// Offsets are half-open byte ranges of the text the caller gave. For tokenizer.json they are the
// reference's own character spans turned into bytes (so a token made of one byte of a longer
// character has the span of the character, and ByteLevel's trimmed spaces stay trimmed); for other
// formats they are the exact bytes a token covers. A token that no text made (<s> from a template)
// has an empty span at 0.
//
//   std::string_view text = "Hello world";
//   Encoding encoding = tokenizer.Encode(text);
//   for (const Span& span : encoding.offsets) {
//     std::cout << text.substr(span.begin, span.end - span.begin) << "\n";
//   }
#ifndef TOKGRAFT_TOKENIZER_ENCODING_H_
#define TOKGRAFT_TOKENIZER_ENCODING_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tokenizer/token.h"

namespace tokgraft {

struct Encoding {
  std::vector<TokenId> ids;        // [n]
  std::vector<Span> offsets;       // [n]
  std::uint64_t invalid_utf8 = 0;  // maximal bad subsequences in the text, see Tokenizer

  std::string DebugString() const;
  friend bool operator==(const Encoding&, const Encoding&) = default;
};

// Many documents, flat: document i has ids[row_splits[i] .. row_splits[i + 1]).
struct EncodingBatch {
  std::vector<TokenId> ids;              // [total]
  std::vector<std::int64_t> row_splits;  // [documents + 1], row_splits[0] == 0
  std::uint64_t invalid_utf8 = 0;

  // The ids of one document, counted from 0; valid as long as `ids` is.
  std::span<const TokenId> row(std::size_t i) const {
    const auto begin = static_cast<std::size_t>(row_splits[i]);
    const auto end = static_cast<std::size_t>(row_splits[i + 1]);
    return std::span(ids).subspan(begin, end - begin);
  }

  std::string DebugString() const;
  friend bool operator==(const EncodingBatch&, const EncodingBatch&) = default;
};

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_ENCODING_H_
