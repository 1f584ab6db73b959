// auto: what is taken where a trial on the model's own tokens (rehearsal.h) has no clear winner.
// The mean of the pieces; as output rows of their own, halving: the first piece is what the model
// predicts where the new token stands. (The first piece alone, as EEVE has it, gives every token
// that begins alike the same logit, and costs more than it gains: benchmarks/swap.)
#include "embed_init/methods/method.h"

namespace tokgraft {

Method AutoMethod(Role role, bool two_matrices) {
  return role == Role::kOutput && two_matrices ? Method::kHalving : Method::kMean;
}

}  // namespace tokgraft
