#include "embed_init/forecast/calibration.h"

#include <algorithm>
#include <cmath>

namespace tokgraft {
namespace {

constexpr double kOfNew = 21;
constexpr double kOfCuts = 21;
constexpr double kWithin = 0.46;
constexpr double kFloor = 0.1;
constexpr double kHalfway = 5;  // tokens
constexpr double kPower = 0.4;
constexpr std::uint64_t kFewestRows = 1000;  // other cuts have to be learnt too

}  // namespace

ExpectedChange ExpectChange(const TextShares& shares) {
  if (shares.bytes == 0 || (shares.new_tokens == 0 && shares.other_cuts == 0)) return {};
  const auto bytes = static_cast<double>(shares.bytes);
  const auto tokens = static_cast<double>(shares.new_tokens);
  const auto pieces = static_cast<double>(shares.old_pieces);
  const double of_new = pieces > 0 ? kOfNew * tokens * tokens / pieces / bytes : 0;
  const double change = of_new + kOfCuts * static_cast<double>(shares.other_cuts) / bytes;
  const double within = kWithin * (kFloor + change);
  return {.change = change, .low = std::max(0.0, change - within), .high = change + within};
}

double TokensToBreakEven(double change, std::uint64_t seen) {
  if (!(change > kNoChange)) return 0;
  const double each = kHalfway * (std::pow(change / kNoChange, 1 / kPower) - 1);
  return each * static_cast<double>(std::max(seen, kFewestRows));
}

}  // namespace tokgraft
