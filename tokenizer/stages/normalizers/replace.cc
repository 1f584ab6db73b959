// Replace: a literal or a regex becomes a fixed text, leftmost matches first.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tokenizer/stages/normalizers/step.h"
#include "tokenizer/stages/regex.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

// Appends `content` for the match [begin, end) of `text`: it takes the origin of the last byte
// before `end`; where nothing is before, an empty origin at the start.
void AppendReplacement(const AlignedText& text, std::size_t end, std::string_view content,
                       AlignedText* out) {
  const Span origin = end == 0 ? Span{text.source.begin, text.source.begin} : text.origin[end - 1];
  out->text.append(content);
  out->origin.insert(out->origin.end(), content.size(), origin);
}

void AppendPart(const AlignedText& text, std::size_t begin, std::size_t end, AlignedText* out) {
  out->text.append(text.text, begin, end - begin);
  out->origin.insert(out->origin.end(), text.origin.begin() + static_cast<std::ptrdiff_t>(begin),
                     text.origin.begin() + static_cast<std::ptrdiff_t>(end));
}

// ForEachMatch(text, f) of a derived class calls f(begin, end) for each match in order.
template <typename Derived>
class ReplaceStep : public NormalizerStep {
 public:
  explicit ReplaceStep(std::string content) : content_(std::move(content)) {}
  bool Apply(std::string_view text, std::string* out) const override {
    std::size_t done = 0;
    bool any = false;
    static_cast<const Derived*>(this)->ForEachMatch(text, [&](std::size_t begin, std::size_t end) {
      any = true;
      out->append(text.substr(done, begin - done));
      out->append(content_);
      done = end;
    });
    if (any) out->append(text.substr(done));
    return any;
  }
  void Apply(AlignedText* text) const override {
    AlignedText out;
    out.source = text->source;
    std::size_t done = 0;
    static_cast<const Derived*>(this)->ForEachMatch(text->text,
                                                    [&](std::size_t begin, std::size_t end) {
                                                      AppendPart(*text, done, begin, &out);
                                                      AppendReplacement(*text, end, content_, &out);
                                                      done = end;
                                                    });
    AppendPart(*text, done, text->text.size(), &out);
    *text = std::move(out);
  }

 protected:
  const std::string& content() const { return content_; }

 private:
  std::string content_;
};

class ReplaceLiteral final : public ReplaceStep<ReplaceLiteral> {
 public:
  ReplaceLiteral(std::string pattern, std::string content)
      : ReplaceStep(std::move(content)), pattern_(std::move(pattern)) {}
  template <typename F>
  void ForEachMatch(std::string_view text, F f) const {
    for (std::size_t at = text.find(pattern_); at != std::string_view::npos;
         at = text.find(pattern_, at + pattern_.size())) {
      f(at, at + pattern_.size());
    }
  }

 private:
  std::string pattern_;
};

// One byte, the common " " to "▁": counts first, then writes without growing.
class ReplaceByte final : public ReplaceStep<ReplaceByte> {
 public:
  ReplaceByte(char pattern, std::string replacement)
      : ReplaceStep(std::move(replacement)), pattern_(pattern) {
    for (std::size_t byte = 0; byte < words_.size(); ++byte) {
      words_[byte] = {static_cast<char>(byte)};
      lengths_[byte] = 1;
    }
    if (content().size() > kWord) return;
    const auto byte = static_cast<unsigned char>(pattern);
    words_[byte] = {};
    std::copy(content().begin(), content().end(), words_[byte].begin());
    lengths_[byte] = static_cast<std::uint8_t>(content().size());
  }
  template <typename F>
  void ForEachMatch(std::string_view text, F f) const {
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == pattern_) f(i, i + 1);
    }
  }
  bool Apply(std::string_view text, std::string* out) const override {
    std::size_t count = 0;
    for (const char c : text) count += c == pattern_;
    if (count == 0) return false;
    const std::size_t old_size = out->size();
    const std::size_t new_size = old_size + text.size() - count + count * content().size();
    out->resize(new_size + kWord);
    char* const to = out->data() + old_size;
    content().size() <= kWord ? WriteWords(text, to) : Write(text, to);
    out->resize(new_size);
    return true;
  }
  using ReplaceStep::Apply;

 private:
  static constexpr std::size_t kWord = 4;

  // Without branches: what a byte becomes is one store that may spill past its end.
  void WriteWords(std::string_view text, char* to) const {
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      std::memcpy(to, words_[byte].data(), kWord);
      to += lengths_[byte];
    }
  }
  void Write(std::string_view text, char* to) const {
    for (const char c : text) {
      if (c == pattern_) {
        std::memcpy(to, content().data(), content().size());
        to += content().size();
      } else {
        *to++ = c;
      }
    }
  }

  char pattern_;
  std::array<std::array<char, kWord>, 256> words_{};  // what each byte becomes, if it fits
  std::array<std::uint8_t, 256> lengths_{};
};

class ReplaceRegex final : public ReplaceStep<ReplaceRegex> {
 public:
  ReplaceRegex(Regex pattern, std::string content)
      : ReplaceStep(std::move(content)), pattern_(std::move(pattern)) {}
  // Empty text is never searched, even for a pattern that matches nothing.
  template <typename F>
  void ForEachMatch(std::string_view text, F f) const {
    if (text.empty()) return;
    std::vector<RegexMatch> matches;
    pattern_.FindAll(text, &matches);
    for (const RegexMatch& match : matches) f(match.begin, match.end);
  }
  bool may_insert_before_all() const override {
    return pattern_.may_match_empty() && !content().empty();
  }

 private:
  Regex pattern_;
};

// The empty pattern matches before every character and at the end; in empty text nowhere.
class ReplaceEmpty final : public ReplaceStep<ReplaceEmpty> {
 public:
  using ReplaceStep::ReplaceStep;
  template <typename F>
  void ForEachMatch(std::string_view text, F f) const {
    if (text.empty()) return;
    for (std::size_t i = 0; i < text.size(); i += Utf8Length(text[i])) f(i, i);
    f(text.size(), text.size());
  }
  bool may_insert_before_all() const override { return !content().empty(); }
};

}  // namespace

StatusOr<NormalizerStepPtr> MakeReplace(const normalizer::Replace& options, Reference reference) {
  const std::string& pattern = options.pattern.text;
  if (options.pattern.is_regex) {
    StatusOr<Regex> regex = Regex::Compile(pattern, reference);
    if (!regex.ok()) return WithPlace(regex.status(), "Replace");
    return NormalizerStepPtr(new ReplaceRegex(*std::move(regex), options.content));
  }
  if (pattern.empty()) return NormalizerStepPtr(new ReplaceEmpty(options.content));
  if (pattern.size() == 1) return NormalizerStepPtr(new ReplaceByte(pattern[0], options.content));
  return NormalizerStepPtr(new ReplaceLiteral(pattern, options.content));
}

}  // namespace tokgraft
