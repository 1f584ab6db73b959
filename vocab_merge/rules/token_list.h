// All tokens of a spec in one list, each with what it is to a merge: pieces of the model, and added
// tokens that are not among them. Views borrow the spec.
#ifndef TOKGRAFT_VOCAB_MERGE_RULES_TOKEN_LIST_H_
#define TOKGRAFT_VOCAB_MERGE_RULES_TOKEN_LIST_H_

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tokenizer/spec.h"
#include "tokenizer/token.h"

namespace tokgraft {

enum class TokenClass : std::uint8_t {
  kText,      // found by the model
  kDeclared,  // added or user-defined, not special: found before the model runs
  kByte,      // one byte, the last resort
  kSpecial,   // control or unknown: no text
  kUnused,
};

struct ListedToken {
  TokenId id = 0;
  TokenClass token_class = TokenClass::kText;
  bool in_vocab = true;  // else an added token only
  std::string_view bytes{};
  std::string_view spelling{};
};

// In the order of the vocabulary, then of the added tokens.
std::vector<ListedToken> ListTokens(const TokenizerSpec& spec);

// Of several tokens on one id the first.
std::vector<ListedToken> FirstOfEachId(const std::vector<ListedToken>& tokens);

// By id; of several tokens on one id the first.
std::unordered_map<TokenId, ListedToken> TokensById(const std::vector<ListedToken>& tokens);

// Text that a donor offers: a piece of its model, or a declared token that is only white space.
bool IsOfferedText(const ListedToken& token);

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_RULES_TOKEN_LIST_H_
