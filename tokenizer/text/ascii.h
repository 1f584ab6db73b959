// Runs of ASCII, the common case that most Unicode work can skip.
#ifndef TOKGRAFT_TOKENIZER_TEXT_ASCII_H_
#define TOKGRAFT_TOKENIZER_TEXT_ASCII_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace tokgraft {

// Where the first byte above 0x7F stands at or after `from`; text.size() where there is none.
inline std::size_t FindNonAscii(std::string_view text, std::size_t from) {
  std::size_t i = from;
  for (; i + 8 <= text.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i, 8);
    if ((word & 0x8080808080808080u) != 0) break;
  }
  while (i < text.size() && static_cast<unsigned char>(text[i]) < 0x80) ++i;
  return i;
}

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_TEXT_ASCII_H_
