// Vectors of tokens, trained on a text: the continuous bag of words of fastText (arXiv:1607.04606,
// arXiv:1301.3781) with tokens in place of words and bytes in place of characters.
//
// A token's vector is the mean of a row of its own and of one for each of its byte n-grams (3 to 6,
// marks for begin and end counted). The mean of all rows of the tokens around a place predicts the
// token there, against tokens drawn by the square root of their counts. The numbers are fastText's
// defaults (window drawn from 1 to 5, rate 0.05 falling to 0, frequent tokens passed over at 1e-4)
// and, in TrainingOptions, those of FOCUS (arXiv:2305.14481).
//
// One thread trains, in the order of the text: the vectors are the same bytes on any machine of one
// kind, with any number of cores. 4 MB of text take about half a minute, 10 MB one to two. Memory:
// 4 bytes for a token of the text, 4 * columns for each token and each n-gram that is kept, of
// which there are 2^20 at most, as n-grams are hashed; 100 to 500 MB for a vocabulary of 50,000 to
// 250,000.
#ifndef TOKGRAFT_EMBED_INIT_VECTORS_TRAINING_H_
#define TOKGRAFT_EMBED_INIT_VECTORS_TRAINING_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tokenizer/status.h"
#include "tokenizer/token.h"
#include "tokenizer/tokenizer.h"

namespace tokgraft {

struct TokenizedText {
  std::vector<TokenId> ids;
  std::vector<std::size_t> ends;  // of each document, in ids
};
// A document a line. Errors: those of ReadDocuments; InvalidArgument: a file without text.
StatusOr<TokenizedText> TokenizeLines(const std::string& path, const Tokenizer& tokenizer);

struct TrainingOptions {
  std::size_t columns = 100;
  std::uint64_t epochs = 3;
  std::uint64_t min_count = 10;  // rarer tokens are left out of the text, and have no vector
  int negatives = 10;            // tokens drawn against each that is predicted
  std::uint64_t seed = 0;
  std::function<void(double fraction)> progress = {};  // from the calling thread
};

struct TrainedVectors {
  std::size_t columns = 0;
  std::vector<TokenId> ids = {};   // that have a vector, ascending
  std::vector<float> values = {};  // [ids, columns]
};
// `tokenizer` says what bytes the tokens are. FailedPrecondition: fewer than two tokens stand
// min_count times in the text.
StatusOr<TrainedVectors> TrainVectors(const TokenizedText& text, const Tokenizer& tokenizer,
                                      const TrainingOptions& options = {});

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_VECTORS_TRAINING_H_
