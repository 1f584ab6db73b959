#include "embed_init/forecast/calibration.h"

#include <algorithm>

namespace tokgraft {
namespace {

double PerByte(std::uint64_t count, const TextShares& shares) {
  return shares.bytes == 0 ? 0 : static_cast<double>(count) / static_cast<double>(shares.bytes);
}

}  // namespace

ExpectedChange ExpectChange(const TextShares& shares) {
  const double change = PerByte(shares.new_tokens, shares);
  return {.change = change, .low = 0, .high = 2 * change};
}

double TokensToBreakEven(double change, std::uint64_t added) {
  return change * static_cast<double>(added);
}

}  // namespace tokgraft
