// Which old piece says what which new token says: alignment of parallel text by expectation
// maximisation.
//
// IBM model 1 (Brown et al. 1993), then the same with a prior that prefers the diagonal
// (fast_align: Dyer, Chahuneau, Smith 2013). Each of the m old pieces of a line comes from one of
// its n new tokens, or from nothing:
//
//   p(old j from new i) = (1 - p0) exp(-tension |j/m - i/n|) / Z_j * t(old | new)
//   p(old j from nothing) = p0 * t(old | nothing)
//
// Model 1 is tension 0. Every round finds the expected counts, and from these t and, with the
// prior, the tension at which the expected distance is that of the counts (its exact maximum, by
// bisection; fast_align takes steps towards it). Beside them only a number per piece of the text is
// kept: a round goes through lines for the normalisers, then through new tokens for their counts,
// each by one thread. So the counts are the same on any number of threads.
#ifndef TOKGRAFT_EMBED_INIT_ALIGNMENT_TOKEN_ALIGNMENT_H_
#define TOKGRAFT_EMBED_INIT_ALIGNMENT_TOKEN_ALIGNMENT_H_

#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

namespace tokgraft {

// Lines of two texts as ids: line i is [splits[i], splits[i + 1]) of each.
struct TokenPairs {
  std::vector<std::uint32_t> old_ids;
  std::vector<std::uint32_t> new_ids;
  std::vector<std::uint64_t> old_splits = {0};
  std::vector<std::uint64_t> new_splits = {0};

  std::size_t size() const { return old_splits.size() - 1; }
  void Add(std::span<const std::uint32_t> old_line, std::span<const std::uint32_t> new_line);
};

struct AlignmentOptions {
  int uniform_rounds = 3;   // of model 1
  int diagonal_rounds = 4;  // with the prior
  double null_probability = 0.08;
  double tension = 4;  // to start with; kept in [0.1, 14]
  // Shares of t(. | new) below this are dropped after a round, so that at most 1 / least_share old
  // pieces are remembered for a new token, however much text there is.
  double least_share = 1e-4;
  int threads = 0;  // 0: all cores
  std::function<void(double fraction)> progress = {};
};

// Expected counts in the last round.
struct TokenAlignment {
  std::vector<std::uint32_t> new_ids;  // that occur, ascending
  // Parallel to new_ids: (old id, count), by old id.
  std::vector<std::vector<std::pair<std::uint32_t, double>>> counts;
  double tension = 0;
  std::vector<double> log_likelihoods;  // nats, at the start of each round

  // Of a new token that does not occur: empty.
  std::span<const std::pair<std::uint32_t, double>> CountsOf(std::uint32_t new_id) const;
};

// Lines with nothing on a side say nothing.
TokenAlignment AlignTokens(const TokenPairs& pairs, const AlignmentOptions& options = {});

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_ALIGNMENT_TOKEN_ALIGNMENT_H_
