// Noise with the covariance of the old rows, without computing the covariance.
//
// A sum of k randomly drawn centred rows with random signs, divided by sqrt(k), has exactly the
// covariance of the rows, and by the central limit is close to normal. So noise costs k rows per
// new row, not a factorisation of a [columns, columns] matrix. Draws are keyed by (seed, row): they
// depend on neither order nor threads.
#ifndef TOKGRAFT_EMBED_INIT_KERNELS_NOISE_H_
#define TOKGRAFT_EMBED_INIT_KERNELS_NOISE_H_

#include <cstdint>
#include <span>

#include "embed_init/kernels/rows.h"

namespace tokgraft {

inline constexpr int kNoiseDraws = 64;

// One draw: which old row, and with which sign.
struct NoiseDraw {
  std::uint64_t row = 0;
  bool negative = false;
};
NoiseDraw DrawNoise(std::uint64_t seed, std::uint64_t row, int draw, std::uint64_t old_tokens);

// Adds the noise of new row `row` to sum [columns]; term [columns] is scratch.
void AddNoise(const Composition& composition, std::uint64_t row, std::span<double> sum,
              std::span<double> term);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_KERNELS_NOISE_H_
