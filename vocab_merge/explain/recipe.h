// Plain ways to put two vocabularies together, as scripts and tools do it: what a merge is compared
// with. Each takes the base's stages as they are and the same donor pieces.
//
//   concatenate       the donor's merges behind the base's, as `cat` does; of a pair that stands
//                     twice the last rank counts in Hugging Face, so the donor demotes it
//   append            only those that the base does not have, behind the base's
//   prepend           those merges before the base's, so that the new pieces come first
//   score 0           for bases ordered by score: pieces with a score above all of the base
//   add_tokens        added tokens, found in the text before the base splits it: what the donor's
//                     file spells (raw), or the text that this stands for (decoded)
#ifndef TOKGRAFT_VOCAB_MERGE_EXPLAIN_RECIPE_H_
#define TOKGRAFT_VOCAB_MERGE_EXPLAIN_RECIPE_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tokenizer/spec.h"
#include "tokenizer/token.h"

namespace tokgraft {

enum class Recipe { kConcatenate, kAppend, kPrepend, kScoreZero, kRawAddedTokens, kAddedTokens };

// "append the donor's merges".
std::string_view RecipeName(Recipe recipe);
// Those that exist for this base and donor.
std::vector<Recipe> RecipesFor(const TokenizerSpec& base, const TokenizerSpec& donor);

struct Cooked {
  TokenizerSpec tokenizer;
  // The id that each donor piece got, and the text it stands for: canonical bytes.
  std::vector<std::pair<TokenId, std::string>> pieces;
  std::vector<std::string> witnesses{};  // of the pieces, where known; else empty
  bool added_tokens = false;             // found wherever the text has them, whatever stands around
};

// `donor_ids`: text pieces of the donor that the base lacks; those that cannot be written in the
// base's spelling are left out.
Cooked Cook(Recipe recipe, const TokenizerSpec& base, const TokenizerSpec& donor,
            std::span<const TokenId> donor_ids);

// How many pairs stand in both merge lists: those that concatenating moves behind all others.
std::size_t SharedPairs(const TokenizerSpec& base, const TokenizerSpec& donor);

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_EXPLAIN_RECIPE_H_
