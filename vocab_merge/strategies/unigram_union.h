// union of two Unigram models: all pieces of both, on one scale of probability.
//
// A piece's new score is log(w * p_base + (1 - w) * p_donor), where a vocabulary that lacks the
// piece gives the probability of its best cut of it, unknown characters at its unknown score. All
// are divided by their sum, so that the probabilities of the normal pieces add up to 1, as floats.
// On demand the scores are then estimated on a corpus: in each round a piece gets the logarithm of
// its share in all cuts of the corpus, weighted by their probability; what the corpus never shows
// keeps a floor below all others. Old scores change, so nothing is proved: the certificate measures
// it.
#ifndef TOKGRAFT_VOCAB_MERGE_STRATEGIES_UNIGRAM_UNION_H_
#define TOKGRAFT_VOCAB_MERGE_STRATEGIES_UNIGRAM_UNION_H_

#include <vector>

#include "tokenizer/spec.h"
#include "tokenizer/status.h"
#include "vocab_merge/merge.h"

namespace tokgraft {

// Unimplemented: a donor of another kind. InvalidArgument: a weight outside (0, 1), rounds without
// a corpus, a budget or scripts.
StatusOr<MergeResult> UniteUnigram(const TokenizerSpec& base, const TokenizerSpec& donor,
                                   const MergeOptions& options);

// Scores less one number each, rounded to floats, so that the sum of exp(score) is 1.
std::vector<double> NormalizedScores(std::vector<double> scores);

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_STRATEGIES_UNIGRAM_UNION_H_
