// What a new piece of a sentencepiece-like vocabulary may look like.
//
// Such a vocabulary has no pre-tokenizer that keeps words apart: a whole line is one word, and what
// kept its pieces in shape was sentencepiece's trainer. Its rules (with their defaults):
//
//   a space only at the start of a piece (or, where the model says so, at its end)
//   a run of spaces alone, or none
//   no ASCII digit beside anything else (split_digits)
//   no two scripts in one piece, Hiragana, Katakana and Han counting as one, and punctuation and
//   digits as a script of their own; what takes the script of its neighbour goes with it
//   16 characters at most
//   no line break in a piece, since the trainer reads lines
//
// A rule holds for new pieces where it holds for the base's own: all but one in a thousand.
#ifndef TOKGRAFT_VOCAB_MERGE_LEARN_PIECE_RULES_H_
#define TOKGRAFT_VOCAB_MERGE_LEARN_PIECE_RULES_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tokenizer/spec.h"

namespace tokgraft {

class PieceRules {
 public:
  // No rules for a base that is not spelled with metaspaces.
  static PieceRules Of(const TokenizerSpec& base);

  bool any() const { return any_; }
  // Whether a new piece may have these (canonical) bytes.
  bool Allows(std::string_view piece) const;
  // Whether no allowed piece crosses the border between two tokens with these bytes.
  bool KeepApart(std::string_view left, std::string_view right) const;

 private:
  enum Rule : std::uint8_t { kInnerSpace, kSpaceRun, kDigits, kScripts, kLength, kLineBreak };
  static constexpr std::size_t kRules = 6;
  using Broken = std::array<bool, kRules>;
  Broken BreaksOf(std::string_view piece) const;

  bool any_ = false;
  bool space_at_end_ = false;
  Broken holds_{};
};

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_LEARN_PIECE_RULES_H_
