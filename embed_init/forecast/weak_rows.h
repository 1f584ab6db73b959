// Rows that training hardly ever touched.
//
// After Land and Bartolo, "Fishing for Magikarp" (arXiv:2405.05417): rows of tokens that no text
// can have were shaped by the softmax alone, so they all point the same way from the mean of all
// rows, and a row that points there too was never learnt. What no text can have: a byte that UTF-8
// has not (0xC0, 0xC1, 0xF5 to 0xFF) as a token of its own, and rows beyond the vocabulary. A model
// without any shows its untrained rows by their being the same number for number.
#ifndef TOKGRAFT_EMBED_INIT_FORECAST_WEAK_ROWS_H_
#define TOKGRAFT_EMBED_INIT_FORECAST_WEAK_ROWS_H_

#include <vector>

#include "embed_init/kernels/rows.h"
#include "tokenizer/token.h"
#include "tokenizer/tokenizer.h"

namespace tokgraft {

// Ids of `tokenizer` with such rows, ascending. `rows` are of the output matrix where there is one:
// it is the softmax that moves them. Rows with numbers that are not finite, and rows of zeros, are
// among them. Reads the matrix twice.
std::vector<TokenId> WeakRows(const MatrixView& rows, const Tokenizer& tokenizer, int threads = 0);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_FORECAST_WEAK_ROWS_H_
