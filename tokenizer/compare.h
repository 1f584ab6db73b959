// Which of these tokenizers needs fewer tokens, and is the difference real? Comparison: the ratio
// of token counts per corpus and pair, with a confidence interval and a verdict that says "no
// difference" when none can be told.
//
//   StatusOr<Comparison> c = Compare({{"llama3", llama3}, {"qwen3", qwen3}}, {{"en", "en.txt"}});
//   std::cout << c->ToTable();     // en  qwen3/llama3  1.027 [1.024, 1.031]  llama3 needs 2.7 %
//   ...
//
// Method: both tokenizers encode the same documents, so documents are resampled in pairs and the
// statistic is the ratio of sums (Efron and Tibshirani, An Introduction to the Bootstrap, 1993,
// percentile interval). Unpaired intervals would be some thirty times wider. Neighbouring documents
// are resampled together where there are more than 10,000. P-values of all pairs and corpora are
// corrected by Holm's step-down method (1979); an interval has the level 1 - alpha of its own.
#ifndef TOKGRAFT_TOKENIZER_COMPARE_H_
#define TOKGRAFT_TOKENIZER_COMPARE_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tokenizer/corpus.h"
#include "tokenizer/status.h"
#include "tokenizer/tokenizer.h"

namespace tokgraft {

struct PairComparison {
  std::string corpus;
  std::string a;
  std::string b;
  double ratio = 1;  // tokens of a / tokens of b, on the whole corpus
  double low = 1;    // confidence interval of the ratio
  double high = 1;
  double p = 1;            // two-sided, of the ratio being 1; at least 1 / (resamples + 1)
  double p_corrected = 1;  // by Holm's method over all pairs and corpora
  std::string verdict;     // "a needs 2.7 % fewer tokens", "no difference"
  friend bool operator==(const PairComparison&, const PairComparison&) = default;
};

struct CorpusTokens {
  std::string corpus;
  std::uint64_t documents = 0;
  std::uint64_t bytes = 0;
  std::vector<std::uint64_t> tokens;  // by tokenizer
  friend bool operator==(const CorpusTokens&, const CorpusTokens&) = default;
};

struct Comparison {
  std::vector<std::string> tokenizers;
  std::vector<CorpusTokens> corpora;
  std::vector<PairComparison> pairs;  // by corpus, then by pair
  double alpha = 0.05;
  int resamples = 0;

  std::string ToJson() const;
  std::string ToTable() const;
  friend bool operator==(const Comparison&, const Comparison&) = default;
};

struct CompareOptions {
  Documents documents = Documents::kLine;
  double alpha = 0.05;
  int resamples = 2000;
  std::uint64_t seed = 0;
  int threads = 0;  // 0: all cores; the result does not depend on it
  std::function<void(std::string_view stage, double fraction)> progress;  // may be empty
};

// InvalidArgument: fewer than two tokenizers, a name twice, options out of range; else the errors
// of ForEachBatch.
StatusOr<Comparison> Compare(const std::vector<std::pair<std::string, Tokenizer>>& tokenizers,
                             const std::vector<Corpus>& corpora,
                             const CompareOptions& options = {});

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_COMPARE_H_
