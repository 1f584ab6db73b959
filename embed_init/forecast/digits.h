// How a tokenizer cuts numbers.
#ifndef TOKGRAFT_EMBED_INIT_FORECAST_DIGITS_H_
#define TOKGRAFT_EMBED_INIT_FORECAST_DIGITS_H_

#include "embed_init/forecast.h"
#include "tokenizer/tokenizer.h"

namespace tokgraft {

// Seen in the tokens of some numbers of up to eight digits, at the start of a text and after words.
DigitPolicy DigitPolicyOf(const Tokenizer& tokenizer);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_FORECAST_DIGITS_H_
