// A rehearsal: tokens that the model has are hidden, every method makes their rows again, and what
// training made of them tells which method is best. What `auto` chooses by.
#ifndef TOKGRAFT_EMBED_INIT_METHODS_REHEARSAL_H_
#define TOKGRAFT_EMBED_INIT_METHODS_REHEARSAL_H_

#include <cstdint>
#include <vector>

#include "embed_init/methods/method.h"
#include "embed_init/report.h"
#include "tokenizer/status.h"

namespace tokgraft {

// Tokens of the model to be made again, each of pieces that stay; at most `most`, spread over all
// ranks, the same ones always. Where the input has a donor, all have a row there too.
struct HiddenTokens {
  std::vector<WantedToken> tokens;
  std::vector<double> weights;  // parallel; frequent tokens, as new ones are, weigh more
};
HiddenTokens HideOwnTokens(const MethodInput& input, std::size_t most);

// Scores of the methods that may serve the role, and the one that is to be taken: the best, where
// it beats `fallback` by more than two standard errors of the paired difference, else `fallback`.
// `input` has numbers and the base tokenizer; its tokens are not looked at. `serves_both`: the
// matrix is input and output. Too few tokens can be hidden: no scores, and `fallback`.
StatusOr<AutoReport> Rehearse(const MethodInput& input, bool serves_both, Method fallback);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_METHODS_REHEARSAL_H_
