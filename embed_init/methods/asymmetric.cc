// asymmetric: input and output rows serve two ends, so each gets its own rule. Reading a token is
// reading its pieces (mean); predicting it is predicting how it begins (first).
#include "embed_init/methods/method.h"

namespace tokgraft {

Method AsymmetricMethod(Role role) { return role == Role::kInput ? Method::kMean : Method::kFirst; }

}  // namespace tokgraft
