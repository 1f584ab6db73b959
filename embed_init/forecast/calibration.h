// From counts of a text to what a change of vocabulary costs it: a line through measured swaps.
#ifndef TOKGRAFT_EMBED_INIT_FORECAST_CALIBRATION_H_
#define TOKGRAFT_EMBED_INIT_FORECAST_CALIBRATION_H_

#include "embed_init/forecast/text_shares.h"

namespace tokgraft {

struct ExpectedChange {
  double change = 0;  // bits per byte
  double low = 0;
  double high = 0;
};
ExpectedChange ExpectChange(const TextShares& shares);

// Tokens of continued training until a loss of `change` bits per byte is made good.
double TokensToBreakEven(double change, std::uint64_t added);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_FORECAST_CALIBRATION_H_
