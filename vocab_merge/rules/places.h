// Where a token stands in the file it came from, as people find it there.
#ifndef TOKGRAFT_VOCAB_MERGE_RULES_PLACES_H_
#define TOKGRAFT_VOCAB_MERGE_RULES_PLACES_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "tokenizer/spec.h"
#include "tokenizer/token.h"

namespace tokgraft {

class Places {
 public:
  // Borrows `spec`.
  explicit Places(const TokenizerSpec& spec);
  // `model.vocab["Ġthe"]`, `added_tokens[3]`, `pieces[7]`, `line 8`, ...; "" for an unknown id.
  std::string Of(TokenId id) const;
  // The part of the file that holds the pieces, or the merges.
  std::string_view vocabulary() const;

 private:
  const TokenizerSpec* spec_;
  std::unordered_map<TokenId, std::size_t> entries_;  // id -> the last entry; ids may be huge
  std::unordered_map<TokenId, std::size_t> added_;
};

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_RULES_PLACES_H_
