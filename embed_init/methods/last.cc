// last: the row of the last old piece. As an input row it is what the model reads where the token
// ends, and so nearest to what it makes its next guess from.
#include "embed_init/methods/method.h"

namespace tokgraft {

RowEntries LastRow(const OldPieces& pieces) { return {{pieces.ids.back(), 1.0}}; }

}  // namespace tokgraft
