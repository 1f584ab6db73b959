// Donors learnt from text: the pieces that a corpus needs most, added to a base.
//
//   StatusOr<TokenizerSpec> base = Load("llama3/");
//   LearnOptions options{.corpus = documents, .size = 20000};
//   StatusOr<MergeResult> m = MergeLearnt(*base, options);
//   StatusOr<SaveReport> saved = Save(m->tokenizer, "out/");
//
// A BPE base goes on where its own training ended. The corpus is split and encoded by the base's
// exact pipeline into counted words of base tokens; the neighbours whose joining saves most tokens
// become a piece, with a join that comes after all others, and so on until `size` pieces are
// learnt or no pair stands in the corpus `min_count` times. Ties: the shorter piece, then the one
// first in byte order. Pieces never cross the border of a word, an added or special token. What
// holds of every `extend` holds here: no base id moves, no join of the base changes its turn (the
// certificate is L1 or L0), each piece has a witness, and what turns out to have none is taken out
// and learning goes on without it.
//
// Where the base joins by score or by rank, any two neighbours join if their concatenation is a
// piece: then all pairs with the same concatenation count together, and join together.
//
// A base without byte-level words (Llama-2, .model) writes a character that it lacks as bytes. Such
// a character is learnt whole, as a piece of one character, and then joins others; bytes never join
// as bytes, so that no piece spells "<0xE4><0xB8>". A character of one byte stays a byte, since a
// piece would save nothing. Nor has such a base words to stay in: a line is one word, and
// pieces keep the rules of sentencepiece's trainer, as far as the base's own pieces keep them (all
// but one in a thousand): no space but at the start (or, with treat_whitespace_as_suffix, the end)
// of a piece or in a run of spaces, no digit beside anything else, no two scripts in a piece, no
// line break, no more than 16 characters. No learnt piece is longer than 256 bytes.
//
// A Unigram base gets a donor that sentencepiece's trainer makes of the corpus, as MergeTokenizers
// merges it; its pieces are then what the merged tokenizer can use of `size`.
//
// Memory: the distinct words of the corpus with 48 bytes each, beside their text, once per thread
// while they are counted; then about 12 bytes a token and 130 a pair of neighbours in them.
#ifndef TOKGRAFT_VOCAB_MERGE_LEARN_H_
#define TOKGRAFT_VOCAB_MERGE_LEARN_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "tokenizer/spec.h"
#include "tokenizer/status.h"
#include "vocab_merge/merge.h"

namespace tokgraft {

struct LearnOptions {
  std::vector<std::string_view> corpus{};  // documents to learn from; borrowed for the call
  std::uint64_t size = 0;                  // pieces to learn at most
  std::uint64_t min_count = 2;             // a pair that stands there less often is not joined
  // Documents to certify on. Empty: a megabyte of the corpus, whole documents from all over it; of
  // a Unigram base, where new pieces may cut old text, all of it.
  std::vector<std::string_view> protect{};
  // Learn within what this format can say: the base is converted first. nullopt: its own format.
  std::optional<Format> format{};
  int threads = 0;  // 0: all cores; the result does not depend on it
  std::function<void(std::string_view stage, double fraction)> progress{};  // may be empty
};

// The id map has the strategy "extend", no donor ids, and the learnt pieces in their order.
// InvalidArgument: a size or min_count of 0, an empty corpus. Unimplemented: a base that cannot be
// extended, by name. Errors beside: those of Compile and Convert.
StatusOr<MergeResult> MergeLearnt(const TokenizerSpec& base, const LearnOptions& options);

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_LEARN_H_
