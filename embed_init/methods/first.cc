// first: the row of the first old piece. As an output row it is right where it matters: the model
// predicts the new token in the places where it used to predict how the token begins.
#include "embed_init/methods/method.h"

namespace tokgraft {

RowEntries FirstRow(const OldPieces& pieces) { return {{pieces.ids.front(), 1.0}}; }

}  // namespace tokgraft
