// A validating scanner without recursion: a stack of open brackets and one "what may come next".
#include "tokenizer/base/json_syntax.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <system_error>

#include "tokenizer/status.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Of a number beyond the range of a double: is it too small (no fault, it reads as 0)? The library
// does not say; the power of ten of its first digit that is not 0 does.
bool IsTiny(std::string_view number) {
  const std::string_view digits = number.substr(0, number.find_first_of("eE"));
  const auto point = static_cast<std::int64_t>(std::min(digits.find('.'), digits.size()));
  const auto first = static_cast<std::int64_t>(digits.find_first_of("123456789"));
  std::int64_t exponent = 0;
  std::string_view power = number.substr(std::min(digits.size() + 1, number.size()));
  if (power.starts_with('+')) power.remove_prefix(1);
  if (std::from_chars(power.data(), power.data() + power.size(), exponent).ec ==
      std::errc::result_out_of_range) {
    return power.starts_with('-');
  }
  return exponent < first - point;
}

class Scanner {
 public:
  Scanner(std::string_view text, std::size_t max_depth, std::vector<std::size_t>* wide_integers)
      : text_(text), max_depth_(max_depth), wide_integers_(wide_integers) {}

  std::optional<JsonFault> Run() {
    if (Document()) return std::nullopt;
    return fault_;
  }

 private:
  enum class Next { kValue, kValueOrEnd, kKey, kKeyOrEnd, kCommaOrEnd };

  bool Fail(std::size_t offset, std::string what) {
    fault_ = {.offset = offset, .what = std::move(what), .truncated = offset >= text_.size()};
    return false;
  }
  bool Unexpected(std::string_view expected) {
    if (at_ >= text_.size()) return Fail(text_.size(), Cat("the file ends, ", expected));
    const char c = text_[at_];
    const bool plain = c > ' ' && c < 0x7F;
    return Fail(at_, plain ? Cat("unexpected '", c, "', ", expected)
                           : Cat("unexpected byte ", unsigned{static_cast<unsigned char>(c)}, ", ",
                                 expected));
  }
  void SkipSpace() {
    while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
  }
  bool At(char c) const { return at_ < text_.size() && text_[at_] == c; }

  bool Document() {
    Next next = Next::kValue;
    do {
      SkipSpace();
      if (!Step(&next)) return false;
    } while (!open_.empty());
    SkipSpace();
    if (at_ == text_.size()) return true;
    return Unexpected("the end of the file was expected after the value");
  }

  // Consumes one token and sets what may follow it.
  bool Step(Next* next) {
    const bool may_close =
        *next == Next::kValueOrEnd || *next == Next::kKeyOrEnd || *next == Next::kCommaOrEnd;
    if (may_close && At(open_.back() == '{' ? '}' : ']')) {
      ++at_;
      open_.pop_back();
      *next = Next::kCommaOrEnd;
      return true;
    }
    switch (*next) {
      case Next::kCommaOrEnd:
        if (!At(',')) {
          return Unexpected(open_.back() == '{' ? "',' or '}' was expected"
                                                : "',' or ']' was expected");
        }
        ++at_;
        *next = open_.back() == '{' ? Next::kKey : Next::kValue;
        return true;
      case Next::kKey:
      case Next::kKeyOrEnd:
        if (!At('"')) return Unexpected("a key in double quotes was expected");
        if (!String()) return false;
        SkipSpace();
        if (!At(':')) return Unexpected("':' was expected");
        ++at_;
        *next = Next::kValue;
        return true;
      case Next::kValue:
      case Next::kValueOrEnd:
        return Value(next);
    }
    return false;
  }

  bool Value(Next* next) {
    *next = Next::kCommaOrEnd;
    if (At('{') || At('[')) {
      if (open_.size() == max_depth_) {
        return Fail(at_, Cat("nested deeper than ", max_depth_, " levels"));
      }
      open_.push_back(text_[at_]);
      *next = text_[at_] == '{' ? Next::kKeyOrEnd : Next::kValueOrEnd;
      ++at_;
      return true;
    }
    if (At('"')) return String();
    if (At('-') || (at_ < text_.size() && IsDigit(text_[at_]))) return Number();
    for (const std::string_view word : {"true", "false", "null"}) {
      if (At(word[0])) return Word(word);
    }
    return Unexpected("a value was expected");
  }

  bool Word(std::string_view word) {
    for (const char c : word) {
      if (!At(c)) return Unexpected(Cat("'", word, "' was expected"));
      ++at_;
    }
    return true;
  }

  bool Digits() {
    if (at_ >= text_.size() || !IsDigit(text_[at_])) return Unexpected("a digit was expected");
    while (at_ < text_.size() && IsDigit(text_[at_])) ++at_;
    return true;
  }

  bool Number() {
    const std::size_t begin = at_;
    if (At('-')) ++at_;
    if (At('0')) {
      ++at_;
      if (at_ < text_.size() && IsDigit(text_[at_])) {
        return Unexpected("no digit was expected after a leading zero");
      }
    } else if (!Digits()) {
      return false;
    }
    bool whole = true;
    if (At('.')) {
      whole = false;
      ++at_;
      if (!Digits()) return false;
    }
    if (At('e') || At('E')) {
      whole = false;
      ++at_;
      if (At('+') || At('-')) ++at_;
      if (!Digits()) return false;
    }
    return Fits(text_.substr(begin, at_ - begin), whole);
  }

  bool Fits(std::string_view number, bool whole) {
    const char* const end = number.data() + number.size();
    double value = 0;
    const std::from_chars_result result = std::from_chars(number.data(), end, value);
    if (result.ec == std::errc::result_out_of_range && !IsTiny(number)) {
      return Fail(at_ - number.size(), "a number beyond the range of a double");
    }
    if (!whole || number.size() < 19) return true;
    std::int64_t narrow = 0;
    std::uint64_t wide = 0;
    if (std::from_chars(number.data(), end, narrow).ec != std::errc() &&
        std::from_chars(number.data(), end, wide).ec != std::errc()) {
      wide_integers_->push_back(at_);
    }
    return true;
  }

  bool String() {
    const std::size_t begin = at_++;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return true;
      }
      if (c == '\\') {
        if (!Escape()) return false;
      } else if (static_cast<unsigned char>(c) < 0x20) {
        return Unexpected("control characters in a string must be escaped");
      } else {
        std::size_t bad = 0;
        const std::size_t length = CheckCharacter(text_.substr(at_), &bad);
        if (length == 0) {
          if (at_ + bad == text_.size()) return Fail(text_.size(), "the file ends in a character");
          return Fail(at_, "bytes that are not UTF-8");
        }
        at_ += length;
      }
    }
    return Fail(text_.size(), Cat("the file ends in the string that begins at byte ", begin));
  }

  bool Escape() {
    const std::size_t begin = at_++;
    if (at_ >= text_.size()) return Unexpected("an escape was expected");
    const char c = text_[at_];
    if (c != 'u') {
      if (std::string_view("\"\\/bfnrt").find(c) == std::string_view::npos) {
        return Unexpected("an escape was expected");
      }
      ++at_;
      return true;
    }
    ++at_;
    std::uint32_t unit = 0;
    if (!HexUnit(&unit)) return false;
    if (unit < 0xD800 || unit > 0xDFFF) return true;
    std::uint32_t low = 0;
    if (unit <= 0xDBFF && text_.substr(at_, 2) == "\\u") {
      at_ += 2;
      if (!HexUnit(&low)) return false;
    }
    if (low >= 0xDC00 && low <= 0xDFFF) return true;
    return Fail(begin, "half of a surrogate pair, which is no character");
  }

  bool HexUnit(std::uint32_t* unit) {
    for (int i = 0; i < 4; ++i, ++at_) {
      const std::size_t digit = at_ < text_.size()
                                    ? std::string_view("0123456789abcdefABCDEF").find(text_[at_])
                                    : std::string_view::npos;
      if (digit == std::string_view::npos) return Unexpected("a hexadecimal digit was expected");
      *unit = *unit * 16 + static_cast<std::uint32_t>(digit < 16 ? digit : digit - 6);
    }
    return true;
  }

  std::string_view text_;
  std::size_t max_depth_;
  std::vector<std::size_t>* wide_integers_;
  std::size_t at_ = 0;
  std::string open_;  // the brackets that are open, innermost last
  JsonFault fault_;
};

}  // namespace

std::optional<JsonFault> FindJsonFault(std::string_view text, std::size_t max_depth,
                                       std::vector<std::size_t>* wide_integers) {
  return Scanner(text, max_depth, wide_integers).Run();
}

}  // namespace tokgraft
