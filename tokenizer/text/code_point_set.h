// A set of code points: a table for ASCII, sorted ranges for the rest.
#ifndef TOKGRAFT_TOKENIZER_TEXT_CODE_POINT_SET_H_
#define TOKGRAFT_TOKENIZER_TEXT_CODE_POINT_SET_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace tokgraft {

class CodePointSet {
 public:
  // `ranges`: half-open, flat (begin, end, begin, end, ...), sorted, static.
  constexpr explicit CodePointSet(std::span<const char32_t> ranges) : ranges_(ranges) {
    for (char32_t c = 0; c < ascii_.size(); ++c) ascii_[c] = InRanges(c);
  }
  constexpr bool Contains(char32_t c) const { return c < ascii_.size() ? ascii_[c] : InRanges(c); }

 private:
  // Inside a range the next bound above is its end, at an odd place.
  constexpr bool InRanges(char32_t c) const {
    const auto above = std::upper_bound(ranges_.begin(), ranges_.end(), c);
    return (above - ranges_.begin()) % 2 == 1;
  }

  std::span<const char32_t> ranges_;
  std::array<bool, 128> ascii_{};
};

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_TEXT_CODE_POINT_SET_H_
