#include "embed_init/forecast/digits.h"

#include <algorithm>
#include <string>

namespace tokgraft {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

DigitPolicy DigitPolicyOf(const Tokenizer& tokenizer) {
  DigitPolicy policy;
  for (std::uint64_t number = 1; number < 100'000'000; number = number * 3 / 2 + 7) {
    const std::string digits = std::to_string(number);
    for (const std::string& text : {digits, "in " + digits, "x=" + digits + ";", "a\n" + digits}) {
      for (const Span& span : tokenizer.Encode(text).offsets) {
        const std::string_view token =
            std::string_view(text).substr(span.begin, span.end - span.begin);
        const auto count =
            static_cast<std::uint64_t>(std::count_if(token.begin(), token.end(), IsDigit));
        policy.longest = std::max(policy.longest, count);
        if (count > 0 && token.front() == ' ') policy.joins_space = true;
      }
    }
  }
  return policy;
}

}  // namespace tokgraft
