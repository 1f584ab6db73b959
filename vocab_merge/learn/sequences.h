// Counted words as sequences of symbols: what pieces are learnt from.
//
// A symbol is a token of the base that joins may touch, or a character that the base writes as
// bytes or as unknown (a foreign character): those are joined as characters, so that no piece ever
// holds a part of one, or the text "<0xE4>". Special, added, user-defined and control tokens are
// walls: sequences end there. Sequences with fewer than two symbols have nothing to join and are
// left out, unless a foreign character stands in them.
#ifndef TOKGRAFT_VOCAB_MERGE_LEARN_SEQUENCES_H_
#define TOKGRAFT_VOCAB_MERGE_LEARN_SEQUENCES_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/token.h"
#include "tokenizer/tokenizer.h"
#include "vocab_merge/extend/chain.h"
#include "vocab_merge/learn/piece_rules.h"
#include "vocab_merge/learn/words.h"

namespace tokgraft {

using Symbol = std::uint32_t;

struct ForeignCharacter {
  std::string bytes{};       // canonical
  std::uint32_t tokens = 0;  // that the base spends on it; 2 where it loses the character
};

struct Sequences {
  // Symbols below `limit` are the base's ids; limit + i is foreign[i], in order of code points.
  Symbol limit = 0;
  std::vector<ForeignCharacter> foreign{};
  std::vector<Symbol> symbols{};        // of all sequences
  std::vector<std::uint64_t> ends{};    // [n]: sequence i is [ends[i - 1], ends[i]) of symbols
  std::vector<std::uint64_t> counts{};  // [n]
  std::vector<bool> whole{};            // [n]: a whole word

  std::size_t size() const { return ends.size(); }
  std::span<const Symbol> at(std::size_t i) const {
    const std::size_t begin = i == 0 ? 0 : ends[i - 1];
    return std::span<const Symbol>(symbols).subspan(begin, ends[i] - begin);
  }
};

Sequences MakeSequences(const Tokenizer& base, const ChainBuilder& builder, const PieceRules& rules,
                        const WordCounts& words, int threads);

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_LEARN_SEQUENCES_H_
