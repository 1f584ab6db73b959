#include "vocab_merge/policies/digits.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <vector>

namespace tokgraft {
namespace {

constexpr std::string_view kNumber = "\\p{N}";

// An alternative of a regex that is digits only: `\p{N}` and what says how often.
struct DigitAlternative {
  std::size_t begin = 0;  // of the quantifier
  std::size_t size = 0;
  std::size_t run = 1;
};

// "{1,3}" -> 3; nullopt: something else.
std::optional<std::size_t> BoundedRun(std::string_view quantifier) {
  constexpr std::string_view kFrom = "{1,";
  if (!quantifier.starts_with(kFrom) || !quantifier.ends_with('}')) return std::nullopt;
  const std::string_view digits =
      quantifier.substr(kFrom.size(), quantifier.size() - kFrom.size() - 1);
  std::size_t run = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), run);
  if (error != std::errc() || end != digits.data() + digits.size() || run == 0) return std::nullopt;
  return run;
}

std::optional<DigitAlternative> FindAlternative(std::string_view regex) {
  for (std::size_t at = regex.find(kNumber); at != regex.npos; at = regex.find(kNumber, at + 1)) {
    const std::string_view before = regex.substr(0, at);
    if (!before.empty() && !before.ends_with('|') && !before.ends_with("| ?")) continue;
    const std::size_t begin = at + kNumber.size();
    const std::size_t end = std::min(regex.find('|', begin), regex.size());
    const std::string_view quantifier = regex.substr(begin, end - begin);
    if (quantifier.empty()) return DigitAlternative{begin, 0, 1};
    if (quantifier == "+") return DigitAlternative{begin, 1, kAnyRun};
    if (const auto run = BoundedRun(quantifier)) return DigitAlternative{begin, end - begin, *run};
  }
  return std::nullopt;
}

std::optional<DigitAlternative> FindAlternative(const PreTokenizer& step) {
  const auto* split = std::get_if<pre_tokenizer::Split>(&step);
  if (split == nullptr || !split->pattern.is_regex) return std::nullopt;
  return FindAlternative(split->pattern.text);
}

std::string Quantifier(std::size_t run) {
  if (run == 1) return "";
  return run == kAnyRun ? "+" : Cat("{1,", run, "}");
}

std::optional<std::size_t> RunOf(const PreTokenizer& step) {
  if (const auto found = FindAlternative(step)) return found->run;
  if (const auto* digits = std::get_if<pre_tokenizer::Digits>(&step)) {
    return digits->individual_digits ? 1 : kAnyRun;
  }
  const auto* byte_level = std::get_if<pre_tokenizer::ByteLevel>(&step);
  if (byte_level != nullptr && byte_level->use_regex) return kAnyRun;
  return std::nullopt;
}

}  // namespace

std::optional<std::size_t> LongestDigitRun(const TokenizerSpec& spec) {
  std::optional<std::size_t> shortest;
  for (const PreTokenizer& step : spec.pre_tokenizers) {
    const std::optional<std::size_t> run = RunOf(step);
    if (run && (!shortest || *run < *shortest)) shortest = run;
  }
  return shortest;
}

StatusOr<std::vector<PreTokenizer>> WithDigitRun(const TokenizerSpec& spec, std::size_t run) {
  std::vector<PreTokenizer> out = spec.pre_tokenizers;
  bool found = false;
  for (PreTokenizer& step : out) {
    const std::optional<std::size_t> now = RunOf(step);
    if (!now) continue;
    found = true;
    if (*now >= run) continue;
    if (const auto alternative = FindAlternative(step)) {
      std::string& text = std::get<pre_tokenizer::Split>(step).pattern.text;
      text.replace(alternative->begin, alternative->size, Quantifier(run));
      continue;
    }
    // A Digits stage of single digits.
    if (run == kAnyRun) {
      std::get<pre_tokenizer::Digits>(step).individual_digits = false;
    } else {
      pre_tokenizer::Split split;
      split.pattern = {.text = Cat(kNumber, Quantifier(run)), .is_regex = true};
      step = split;
    }
  }
  if (found) return out;
  return UnimplementedError(Cat(spec.source,
                                ": pre_tokenizer: no rule for digits was recognised, \\p{N} as an "
                                "alternative of its own or a Digits stage was expected; keep the "
                                "rule, or take the donor's pre-tokenizer"));
}

}  // namespace tokgraft
