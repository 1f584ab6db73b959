// The canonical form of a tokenizer: all that decides which ids a text gets and which text ids
// give, part by part, without what does not (the order of keys, spellings, offsets, companions).
// Two tokenizers with equal parts are the same function.
#ifndef TOKGRAFT_VOCAB_MERGE_SAME_CANONICAL_H_
#define TOKGRAFT_VOCAB_MERGE_SAME_CANONICAL_H_

#include <string>

#include "tokenizer/spec.h"

namespace tokgraft {

struct Canonical {
  std::string reference;
  std::string pieces;  // by id: kind, bytes, place in the word, score where it counts
  std::string model;   // its kind and flags
  std::string merges;  // by effective rank
  std::string added;   // by id: content, flags
  std::string normalizers;
  std::string pre_tokenizers;
  std::string post_processors;
  std::string decoders;
  friend bool operator==(const Canonical&, const Canonical&) = default;
};

Canonical CanonicalOf(const TokenizerSpec& spec);
std::string HashOf(const Canonical& canonical);  // SHA-256, hex

// One stage or flag set for people, as the canonical form has it; "none" where it is empty.
std::string ShowPart(const std::string& part);

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_SAME_CANONICAL_H_
