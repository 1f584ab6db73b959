// The page of a forecast, word by word, and the same as JSON.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "embed_init/forecast.h"

namespace tokgraft {
namespace {

Forecast MadeForecast() {
  Forecast forecast;
  forecast.corpora = {{.name = "de",
                       .bytes = 1000,
                       .tokens_before = 400,
                       .tokens_after = 250,
                       .new_tokens = 100,
                       .other_cuts = 1200,
                       .new_byte_share = 0.5,
                       .pieces_per_new = 2.5,
                       .change = 0.4,
                       .low = 0.25,
                       .high = 0.5,
                       .break_even_tokens = 2.4e6},
                      {.name = "en", .bytes = 10, .tokens_before = 4, .tokens_after = 4}};
  forecast.digits_after = {.longest = 3, .joins_space = true};
  forecast.weak = {7, 9};
  forecast.new_of_weak = 1;
  forecast.verdict = SwapVerdict::kWarmUp;
  forecast.reason = "so it is";
  forecast.warnings = {"mind this"};
  return forecast;
}

TEST(ForecastReportTest, ThePage) {
  EXPECT_EQ(MadeForecast().ToText(), R"(Forecast: warm-up: so it is
  corpus  on new tokens  old pieces each  other cuts  bits/byte   95 of 100 swaps  tokens to break even
  de               50 %              2.5       1,200     +0.400  +0.250 to +0.500             2 million
  en                0 %              0.0           0     +0.000  +0.000 to +0.000                     0
  by measured swaps of a model of 135M, rows being sums of old rows
  2 old rows that training hardly ever touched
  Warning: mind this
)");
}

TEST(ForecastReportTest, JsonHasEveryField) {
  EXPECT_EQ(nlohmann::json::parse(MadeForecast().ToJson()), nlohmann::json::parse(R"json({
    "verdict": "warm-up", "reason": "so it is",
    "corpora": [
      {"name": "de", "bytes": 1000, "tokens_before": 400, "tokens_after": 250, "new_tokens": 100, "other_cuts": 1200,
       "new_byte_share": 0.5, "pieces_per_new": 2.5, "change": 0.4, "interval": [0.25, 0.5],
       "break_even_tokens": 2400000.0, "measured": false},
      {"name": "en", "bytes": 10, "tokens_before": 4, "tokens_after": 4, "new_tokens": 0, "other_cuts": 0,
       "new_byte_share": 0.0, "pieces_per_new": 0.0, "change": 0.0, "interval": [0.0, 0.0],
       "break_even_tokens": 0.0, "measured": false}],
    "digits": {"before": {"longest": 1, "joins_space": false},
               "after": {"longest": 3, "joins_space": true}},
    "weak": {"count": 2, "ids": [7, 9], "new_tokens": 1, "donor": null},
    "warnings": ["mind this"]})json"));
}

}  // namespace
}  // namespace tokgraft
