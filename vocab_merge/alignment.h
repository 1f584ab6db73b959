// Alignment: which pieces of two vocabularies are the same.
//
// Two pieces are the same where their canonical bytes are: `Ġthe` of one file and `▁the` of another
// are both " the". Raw spellings would miss three quarters of the common pieces and match some that
// are not (the letter é of one file is the byte 0xE9 of another). Where several pieces of the base
// share their bytes (`A` and `<0x41>`), the one that encoding prefers stands for them.
//
// A WordPiece base tells the start of a word (`foo`) from its inside (`##foo`), which have the same
// bytes: there `foo` is the same as " foo" of a vocabulary that has spaces, and `##foo` as "foo".
//
// Special tokens are no text: a special of the donor is aligned only with a special of the base
// that has the same name. A name that is special on one side only is never joined (D7).
//
//   StatusOr<Alignment> a = Align(base, donor);
//   a->donor_to_base[42];   // the base's id for a donor's piece, or nullopt
//   a->missing;             // donor pieces that are text and that the base lacks
//
// The base may be any spec whose ids are sound: two pieces on one id (A8) or one spelling twice
// (A6) are InvalidArgument in the base, and only reported in the donor, whose first such piece
// counts.
#ifndef TOKGRAFT_VOCAB_MERGE_ALIGNMENT_H_
#define TOKGRAFT_VOCAB_MERGE_ALIGNMENT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tokenizer/spec.h"
#include "tokenizer/status.h"
#include "tokenizer/token.h"

namespace tokgraft {

struct Alignment {
  std::uint64_t base_size = 0;                        // highest base id + 1, added tokens included
  std::vector<std::optional<TokenId>> donor_to_base;  // [donor size]
  // Donor ids of ordinary text pieces whose bytes no base piece has, in the donor's order of
  // priority: merge rank of the product, score, or id.
  std::vector<TokenId> missing;
  std::uint64_t shared = 0;  // ordinary donor pieces that the base has

  std::string DebugString() const;
  friend bool operator==(const Alignment&, const Alignment&) = default;
};

struct AlignOptions {};

// InvalidArgument: a base with two pieces on one id or one spelling twice.
StatusOr<Alignment> Align(const TokenizerSpec& base, const TokenizerSpec& donor,
                          const AlignOptions& options = {});

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_ALIGNMENT_H_
