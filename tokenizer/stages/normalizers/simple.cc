// The steps that look at one character at a time: Lowercase, Nmt, StripAccents, ByteLevel; and
// Prepend and Strip, which look at the ends only.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tokenizer/stages/normalizers/step.h"
#include "tokenizer/stages/normalizers/transform.h"
#include "tokenizer/text/byte_alphabet.h"
#include "tokenizer/text/unicode_data.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

class Lowercase final : public NormalizerStep {
 public:
  bool Apply(std::string_view text, std::string* out) const override {
    std::size_t position = 0;
    while (position < text.size() && IsFixed(text[position])) ++position;
    if (position == text.size()) return false;
    out->reserve(out->size() + text.size());
    out->append(text.substr(0, position));
    while (position < text.size()) {
      const char byte = text[position];
      if (static_cast<unsigned char>(byte) < 0x80) {
        out->push_back(IsFixed(byte) ? byte : static_cast<char>(byte + ('a' - 'A')));
        ++position;
      } else {
        AppendLowercase(DecodeValid(text, &position), out);
      }
    }
    return true;
  }
  void Apply(AlignedText* text) const override {
    std::vector<CharChange> changes;
    changes.reserve(text->text.size());
    std::string lower;
    for (std::size_t position = 0; position < text->text.size();) {
      lower.clear();
      AppendLowercase(DecodeValid(text->text, &position), &lower);
      for (std::size_t i = 0; i < lower.size();) {
        const std::int32_t change = i > 0 ? 1 : 0;
        changes.push_back({DecodeValid(lower, &i), change});
      }
    }
    Transform(changes, 0, text);
  }

 private:
  static bool IsFixed(char byte) {
    return static_cast<unsigned char>(byte) < 0x80 && (byte < 'A' || byte > 'Z');
  }
};

// The cleaning rules of Google's NMT: control characters vanish, all kinds of space become one.
class Nmt final : public NormalizerStep {
 public:
  bool Apply(std::string_view text, std::string* out) const override {
    out->reserve(out->size() + text.size());
    for (std::size_t position = 0; position < text.size();) {
      const char32_t c = DecodeValid(text, &position);
      if (!Vanishes(c)) AppendUtf8(Map(c), out);
    }
    return true;
  }
  void Apply(AlignedText* text) const override {
    FilterAligned([](char32_t c) { return !Vanishes(c); }, text);
    std::vector<CharChange> changes;
    changes.reserve(text->text.size());
    for (std::size_t position = 0; position < text->text.size();) {
      changes.push_back({Map(DecodeValid(text->text, &position)), 0});
    }
    Transform(changes, 0, text);
  }

 private:
  static bool Vanishes(char32_t c) {
    return (c >= 0x01 && c <= 0x08) || c == 0x0B || (c >= 0x0E && c <= 0x1F) || c == 0x7F ||
           c == 0x8F || c == 0x9F;
  }
  static char32_t Map(char32_t c) {
    const bool space = c == 0x09 || c == 0x0A || c == 0x0C || c == 0x0D || c == 0x1680 ||
                       (c >= 0x200B && c <= 0x200F) || c == 0x2028 || c == 0x2029 || c == 0x2581 ||
                       c == 0xFEFF || c == 0xFFFD;
    return space ? U' ' : c;
  }
};

class StripAccents final : public NormalizerStep {
 public:
  bool Apply(std::string_view text, std::string* out) const override {
    std::size_t done = 0;
    for (std::size_t position = 0; position < text.size();) {
      const std::size_t start = position;
      if (!IsCombiningMark(DecodeValid(text, &position))) continue;
      out->append(text.substr(done, start - done));
      done = position;
    }
    if (done == 0) return false;
    out->append(text.substr(done));
    return true;
  }
  void Apply(AlignedText* text) const override {
    FilterAligned([](char32_t c) { return !IsCombiningMark(c); }, text);
  }
};

class ByteLevel final : public NormalizerStep {
 public:
  bool Apply(std::string_view text, std::string* out) const override {
    out->reserve(out->size() + text.size() + text.size() / 2);
    for (const char byte : text) AppendUtf8(ByteToAlphabet(static_cast<unsigned char>(byte)), out);
    return true;
  }
  void Apply(AlignedText* text) const override {
    std::vector<CharChange> changes;
    changes.reserve(text->text.size());
    for (const char byte : text->text) {
      const auto b = static_cast<unsigned char>(byte);
      changes.push_back({ByteToAlphabet(b), (b & 0xC0) == 0x80 ? 1 : 0});
    }
    Transform(changes, 0, text);
  }
};

class Prepend final : public NormalizerStep {
 public:
  explicit Prepend(std::string prefix) : prefix_(std::move(prefix)) {}
  bool Apply(std::string_view text, std::string* out) const override {
    if (text.empty() || prefix_.empty()) return false;
    out->reserve(out->size() + prefix_.size() + text.size());
    out->append(prefix_);
    out->append(text);
    return true;
  }
  // The prefix takes the origin of the first character.
  void Apply(AlignedText* text) const override {
    if (text->text.empty()) return;
    const Span first = text->origin.front();
    text->text.insert(0, prefix_);
    text->origin.insert(text->origin.begin(), prefix_.size(), first);
  }

 private:
  std::string prefix_;
};

class Strip final : public NormalizerStep {
 public:
  explicit Strip(const normalizer::Strip& options) : options_(options) {}
  bool Apply(std::string_view text, std::string* out) const override {
    const auto [begin, end] = Kept(text);
    if (begin == 0 && end == text.size()) return false;
    out->append(text.substr(begin, end - begin));
    return true;
  }
  void Apply(AlignedText* text) const override {
    const auto [begin, end] = Kept(text->text);
    text->text = text->text.substr(begin, end - begin);
    text->origin.erase(text->origin.begin() + static_cast<std::ptrdiff_t>(end), text->origin.end());
    text->origin.erase(text->origin.begin(),
                       text->origin.begin() + static_cast<std::ptrdiff_t>(begin));
  }

 private:
  std::pair<std::size_t, std::size_t> Kept(std::string_view text) const {
    std::size_t begin = 0;
    std::size_t end = text.size();
    while (options_.left && begin < end) {
      std::size_t next = begin;
      if (!IsWhitespace(DecodeValid(text, &next))) break;
      begin = next;
    }
    while (options_.right && end > begin) {
      std::size_t start = end - 1;
      while ((static_cast<unsigned char>(text[start]) & 0xC0) == 0x80) --start;
      std::size_t next = start;
      if (!IsWhitespace(DecodeValid(text, &next))) break;
      end = start;
    }
    return {begin, end};
  }
  normalizer::Strip options_;
};

}  // namespace

NormalizerStepPtr MakeLowercase() { return std::make_unique<Lowercase>(); }
NormalizerStepPtr MakeNmt() { return std::make_unique<Nmt>(); }
NormalizerStepPtr MakeStripAccents() { return std::make_unique<StripAccents>(); }
NormalizerStepPtr MakeByteLevel() { return std::make_unique<ByteLevel>(); }
NormalizerStepPtr MakePrepend(const normalizer::Prepend& options) {
  return std::make_unique<Prepend>(options.prepend);
}
NormalizerStepPtr MakeStrip(const normalizer::Strip& options) {
  return std::make_unique<Strip>(options);
}

}  // namespace tokgraft
