// From counts of a text to what a change of vocabulary costs it: a line through measured swaps.
//
// benchmarks/swap/forecast.py measured SmolLM2-135M before and after 25 changes (4,000, 1,000 and
// 500 pieces learnt from German, Chinese, Japanese, Korean, Russian, Hindi and English;
// vocabularies of GPT-2, Llama 2 and 3, Qwen3, Gemma 3, GPT-4o and DeepSeek-V3 in place of its
// own), each on two texts, rows being sums of old rows. Two counts tell what that cost, in bits per
// byte:
//
//   21 (new tokens a byte) / (old pieces of a new token) + 21 (other cuts a byte)
//
// New tokens of few pieces cost most: what is long was bytes to the model before, of which it
// predicts all but the first for little. Each swap forecast from the others: root mean square error
// 0.11 to 0.20, of values that spread by 0.4; rank correlation 0.90 to 0.95; 95 of 100 lie within
// 0.46 (0.1 + forecast).
#ifndef TOKGRAFT_EMBED_INIT_FORECAST_CALIBRATION_H_
#define TOKGRAFT_EMBED_INIT_FORECAST_CALIBRATION_H_

#include <cstdint>

#include "embed_init/forecast/text_shares.h"

namespace tokgraft {

struct ExpectedChange {
  double change = 0;  // bits per byte
  double low = 0;
  double high = 0;
};
ExpectedChange ExpectChange(const TextShares& shares);

// Below this many bits per byte a change is within what texts of one kind differ by.
inline constexpr double kNoChange = 0.02;

// Tokens of continued training until a loss of `change` bits per byte has fallen below kNoChange;
// `seen`: new tokens of the text. What is left after t tokens for each of them is taken to be
// change (1 + t / 5)^-0.4: the power that joins what 40,000 tokens made of 4,000 new tokens here
// (64 % of the loss left) and what 131 million made of 17,000 in a published swap of Qwen3-4B (some
// 5 %). An order of magnitude, not more.
double TokensToBreakEven(double change, std::uint64_t seen);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_FORECAST_CALIBRATION_H_
