#include "embed_init/kernels/noise.h"

#include <cmath>

namespace tokgraft {
namespace {

// The finaliser of SplitMix64: every bit of the input changes half the bits of the output.
std::uint64_t Mix(std::uint64_t value) {
  value += 0x9E3779B97F4A7C15u;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9u;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBu;
  return value ^ (value >> 31);
}

}  // namespace

NoiseDraw DrawNoise(std::uint64_t seed, std::uint64_t row, int draw, std::uint64_t old_tokens) {
  const std::uint64_t key = Mix(Mix(Mix(seed) ^ row) ^ static_cast<std::uint64_t>(draw));
  return {.row = (key >> 1) % old_tokens, .negative = (key & 1) != 0};
}

void AddNoise(const Composition& c, std::uint64_t row, std::span<double> sum,
              std::span<double> term) {
  if (c.plan->old_tokens == 0) return;
  const double scale = c.role->noise / std::sqrt(static_cast<double>(kNoiseDraws));
  for (int draw = 0; draw < kNoiseDraws; ++draw) {
    const NoiseDraw drawn = DrawNoise(c.plan->seed, row, draw, c.plan->old_tokens);
    ReadRow(c.old, drawn.row, term);
    const double factor = drawn.negative ? -scale : scale;
    for (std::size_t j = 0; j < sum.size(); ++j) {
      const double centred = term[j] - c.mean[j];
      if (std::isfinite(centred)) sum[j] += factor * centred;
    }
  }
}

}  // namespace tokgraft
