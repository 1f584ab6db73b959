// Byte-pair encoding, continued: which joins shorten counted sequences most, one after the other.
//
// In each step the join that saves most tokens is added: its pair's count times the tokens that one
// joining saves, 1 between tokens, more where a foreign character is a part. Ties: the shorter
// product, then the one first in byte order, then the lower left symbol. A join whose product is a
// piece already costs no id. Its turn comes after all others, so the sequences are where the
// merged tokenizer is when the turn comes, and the join goes through them as the model would do it:
//
//   merge list   the pair joins; a foreign character first needs a piece of its own (a step like
//                any other, which saves what the character costs, less one; one byte saves nothing)
//   text         every pair of neighbours with this concatenation joins, foreign characters too;
//                all of them count towards the product
//
// and where the product makes an earlier join possible, that follows at once. A vocabulary that
// looks words up whole (ignore_merges, ranks) finds the new piece there too.
//
// Counts are kept up to date through an index from pairs to sequences; a pair of equal symbols
// counts every second time in a row of them. Memory: 4 bytes a symbol, 8 for each pair of a
// sequence, about 90 for each distinct pair.
#ifndef TOKGRAFT_VOCAB_MERGE_LEARN_LEARNER_H_
#define TOKGRAFT_VOCAB_MERGE_LEARN_LEARNER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "vocab_merge/extend/chain.h"
#include "vocab_merge/learn/piece_rules.h"
#include "vocab_merge/learn/sequences.h"

namespace tokgraft {

struct LearnerOptions {
  std::uint64_t size = 0;                      // new pieces at most
  std::uint64_t min_count = 2;                 // of a pair
  bool whole_words = false;                    // a word that is a piece is that piece
  const ForbiddenPieces* forbidden = nullptr;  // bytes that no new piece may have
  std::function<void(double)> progress{};      // may be empty
};

// Longer pieces are not made.
inline constexpr std::size_t kMaxLearntBytes = 256;

struct Learnt {
  Growth growth{};        // in the order in which it was learnt; owners are its own indices
  Sequences sequences{};  // as they are now; limit + foreign.size() + i is growth.pieces[i]
  std::string BytesOf(const TokenizerSpec& base, std::size_t sequence) const;
};

// `sequences` by value: they are joined in place.
Learnt Learn(const TokenizerSpec& base, const ChainBuilder& builder, const PieceRules& rules,
             Sequences sequences, const LearnerOptions& options);

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_LEARN_LEARNER_H_
