// Donor pieces on their way into a vocabulary, in the order in which chains are built.
#ifndef TOKGRAFT_VOCAB_MERGE_EXTEND_CANDIDATES_H_
#define TOKGRAFT_VOCAB_MERGE_EXTEND_CANDIDATES_H_

#include <string_view>
#include <unordered_map>
#include <vector>

#include "tokenizer/spec.h"
#include "tokenizer/token.h"

namespace tokgraft {

struct Candidate {
  TokenId donor_id = 0;
  std::string_view bytes;  // borrowed from the donor
};

// The order in which chains stay short: shorter first, then by donor id.
bool ShorterFirst(const Candidate& a, const Candidate& b);

// The donor's tokens with these ids, shorter first.
std::vector<Candidate> MakeCandidates(const TokenizerSpec& donor,
                                      const std::vector<TokenId>& donor_ids);

std::vector<std::string_view> BytesOf(const std::vector<Candidate>& candidates);

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_EXTEND_CANDIDATES_H_
