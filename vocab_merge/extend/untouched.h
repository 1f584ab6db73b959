// What an extended Unigram or WordPiece vocabulary leaves as it was, whatever the text.
#ifndef TOKGRAFT_VOCAB_MERGE_EXTEND_UNTOUCHED_H_
#define TOKGRAFT_VOCAB_MERGE_EXTEND_UNTOUCHED_H_

#include <string>
#include <vector>

#include "tokenizer/spec.h"
#include "vocab_merge/extend/scripts.h"

namespace tokgraft {

struct Untouched {
  std::string why_not{};               // "": proved
  std::string reason{};                // then: what is proved
  std::vector<std::string> scripts{};  // then: a text without them keeps its ids
};

// Whether a text whose normalized form has only characters of `scripts`, and shared ones, keeps its
// ids: the two specs have equal stages, that is the caller's to check.
Untouched ProveUntouched(const TokenizerSpec& base, const TokenizerSpec& merged,
                         const ScriptSet& scripts);

// The score of an unknown character, as the reference computes it; 0 for other models.
double UnknownScore(const TokenizerSpec& spec);

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_EXTEND_UNTOUCHED_H_
