// Forecast of forecast.h, for machines and for people.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "embed_init/forecast.h"
#include "tokenizer/base/report_text.h"

namespace tokgraft {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kIdsInJson = 1000;

Json JsonOf(const DigitPolicy& policy) {
  return {{"longest", policy.longest}, {"joins_space", policy.joins_space}};
}

std::string Signed(double value) { return Cat(value < 0 ? "" : "+", Fixed(value, 3)); }

// "40 million": two digits are all that such an estimate has.
std::string Roughly(double tokens) {
  if (tokens < 1e6) return Cat(Fixed(std::max(1.0, tokens / 1e3), 0), " thousand");
  return tokens < 1e9 ? Cat(Fixed(tokens / 1e6, 0), " million")
                      : Cat(Fixed(tokens / 1e9, 0), " billion");
}

}  // namespace

std::string Forecast::ToJson() const {
  Json json;
  json["verdict"] = SwapVerdictName(verdict);
  json["reason"] = reason;
  json["corpora"] = Json::array();
  for (const CorpusForecast& corpus : corpora) {
    json["corpora"].push_back({{"name", corpus.name},
                               {"bytes", corpus.bytes},
                               {"tokens_before", corpus.tokens_before},
                               {"tokens_after", corpus.tokens_after},
                               {"new_tokens", corpus.new_tokens},
                               {"other_cuts", corpus.other_cuts},
                               {"new_byte_share", corpus.new_byte_share},
                               {"pieces_per_new", corpus.pieces_per_new},
                               {"change", corpus.change},
                               {"interval", {corpus.low, corpus.high}},
                               {"break_even_tokens", corpus.break_even_tokens},
                               {"measured", corpus.measured}});
  }
  json["digits"] = {{"before", JsonOf(digits_before)}, {"after", JsonOf(digits_after)}};
  json["weak"] = {{"count", weak.size()},
                  {"ids", std::vector<TokenId>(
                              weak.begin(), weak.begin() + static_cast<std::ptrdiff_t>(
                                                               std::min(weak.size(), kIdsInJson)))},
                  {"new_tokens", new_of_weak},
                  {"donor", donor_weak ? Json(*donor_weak) : Json(nullptr)}};
  json["warnings"] = warnings;
  return ReadableJson(json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

std::string Forecast::ToText() const {
  if (corpora.empty()) return "Forecast: none; name a corpus to see what the swap costs on it\n";
  std::vector<std::vector<std::string>> rows = {{"corpus", "on new tokens", "old pieces each",
                                                 "other cuts", "bits/byte", "95 of 100 swaps",
                                                 "tokens to break even"}};
  for (const CorpusForecast& corpus : corpora) {
    rows.push_back({corpus.name, Cat(Fixed(100 * corpus.new_byte_share, 0), " %"),
                    Fixed(corpus.pieces_per_new, 1), Grouped(corpus.other_cuts),
                    Signed(corpus.change), Cat(Signed(corpus.low), " to ", Signed(corpus.high)),
                    corpus.break_even_tokens > 0 ? Roughly(corpus.break_even_tokens) : "0"});
  }
  std::string text =
      Cat("Forecast: ", SwapVerdictName(verdict), ": ", reason, "\n", Table(rows, {.indent = "  "}),
          "  by measured swaps of a model of 135M, rows being sums of old rows\n");
  if (!weak.empty()) {
    text += Cat("  ", Counted(weak.size(), "old row"), " that training hardly ever touched\n");
  }
  for (const std::string& warning : warnings) text += Cat("  Warning: ", warning, "\n");
  return text;
}

}  // namespace tokgraft
