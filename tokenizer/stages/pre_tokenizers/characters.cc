// The pre-tokenizers that look at one character at a time: Bert, Whitespace, WhitespaceSplit,
// Punctuation, Digits, CharDelimiterSplit, UnicodeScripts, FixedLength, and Metaspace's cut.
#include <cstring>
#include <utility>

#include "tokenizer/stages/pre_tokenizers/step.h"
#include "tokenizer/text/pre_token_classes.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

using pre_tokenizer::SplitBehavior;

// Characters of a set, cut off as `behavior` says.
class SetSplitter : public Splitter {
 public:
  SetSplitter(const CodePointSet& set, SplitBehavior behavior) : set_(&set), behavior_(behavior) {}
  void Split(std::string_view text, SplitBuffers* buffers,
             std::vector<std::string_view>* pieces) const override {
    CutCharacters(
        text, [this](char32_t c) { return set_->Contains(c); }, &buffers->cuts);
    ApplyBehavior(text, behavior_, &buffers->cuts, pieces);
  }

 private:
  const CodePointSet* set_;  // static
  SplitBehavior behavior_;
};

class CharDelimiterSplitter : public Splitter {
 public:
  explicit CharDelimiterSplitter(char32_t delimiter) : delimiter_(delimiter) {}
  void Split(std::string_view text, SplitBuffers* buffers,
             std::vector<std::string_view>* pieces) const override {
    CutCharacters(
        text, [this](char32_t c) { return c == delimiter_; }, &buffers->cuts);
    ApplyBehavior(text, SplitBehavior::kRemoved, &buffers->cuts, pieces);
  }

 private:
  char32_t delimiter_;
};

// A kind for each character; runs of one kind are pieces.
enum class Kind : std::uint8_t { kWord, kOther, kAlone, kDropped };

template <typename KindOf>
void SplitByKind(std::string_view text, KindOf kind_of, std::vector<std::string_view>* pieces) {
  std::size_t begin = 0;
  Kind run = Kind::kDropped;
  for (std::size_t position = 0; position < text.size();) {
    const std::size_t here = position;
    const Kind kind = kind_of(DecodeValid(text, &position));
    if (kind == run && kind != Kind::kAlone) continue;
    if (run != Kind::kDropped && here != begin) pieces->push_back(text.substr(begin, here - begin));
    begin = here;
    run = kind;
  }
  if (run != Kind::kDropped && begin != text.size()) pieces->push_back(text.substr(begin));
}

class BertSplitter : public Splitter {
 public:
  void Split(std::string_view text, SplitBuffers*,
             std::vector<std::string_view>* pieces) const override {
    const auto kind_of = [](char32_t c) {
      if (HfWhiteSpace().Contains(c)) return Kind::kDropped;
      return HfPunctuation().Contains(c) ? Kind::kAlone : Kind::kWord;
    };
    SplitByKind(text, kind_of, pieces);
  }
};

// \w+|[^\w\s]+
class WhitespaceSplitter : public Splitter {
 public:
  void Split(std::string_view text, SplitBuffers*,
             std::vector<std::string_view>* pieces) const override {
    const auto kind_of = [](char32_t c) {
      if (HfWord().Contains(c)) return Kind::kWord;
      return HfWhiteSpace().Contains(c) ? Kind::kDropped : Kind::kOther;
    };
    SplitByKind(text, kind_of, pieces);
  }
};

class FixedLengthSplitter : public Splitter {
 public:
  explicit FixedLengthSplitter(std::uint64_t length) : length_(length) {}
  void Split(std::string_view text, SplitBuffers*,
             std::vector<std::string_view>* pieces) const override {
    std::uint64_t characters = 0;
    std::size_t begin = 0;
    for (std::size_t position = 0; position < text.size();) {
      position += Utf8Length(text[position]);
      if (++characters % length_ != 0 && position != text.size()) continue;
      pieces->push_back(text.substr(begin, position - begin));
      begin = position;
    }
  }

 private:
  std::uint64_t length_;
};

// A cut where the script changes. Characters of any script belong to the piece before them; at the
// start of the text there is none, and they are dropped.
class UnicodeScriptsSplitter : public Splitter {
 public:
  void Split(std::string_view text, SplitBuffers*,
             std::vector<std::string_view>* pieces) const override {
    std::size_t begin = 0;
    std::uint8_t last = 0;
    for (std::size_t position = 0; position < text.size();) {
      const std::size_t here = position;
      const std::uint8_t script = HfScript(DecodeValid(text, &position));
      if (script == 0 || script == last) continue;
      if (last != 0) pieces->push_back(text.substr(begin, here - begin));
      begin = here;
      last = script;
    }
    if (last != 0) pieces->push_back(text.substr(begin));
  }
};

// A cut before every mark.
class MetaspaceSplitter : public Splitter {
 public:
  explicit MetaspaceSplitter(std::string mark) : mark_(std::move(mark)) {}
  void Split(std::string_view text, SplitBuffers*,
             std::vector<std::string_view>* pieces) const override {
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t from = std::min(begin + Utf8Length(text[begin]), text.size());
      const void* found =
          memmem(text.data() + from, text.size() - from, mark_.data(), mark_.size());
      const std::size_t end =
          found == nullptr
              ? text.size()
              : static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
      pieces->push_back(text.substr(begin, end - begin));
      begin = end;
    }
  }

 private:
  std::string mark_;
};

}  // namespace

std::unique_ptr<const Splitter> MakeMetaspaceSplitter(std::string mark) {
  return std::make_unique<MetaspaceSplitter>(std::move(mark));
}
std::unique_ptr<const Splitter> MakeBertSplitter() { return std::make_unique<BertSplitter>(); }
std::unique_ptr<const Splitter> MakeWhitespaceSplitter() {
  return std::make_unique<WhitespaceSplitter>();
}
std::unique_ptr<const Splitter> MakeWhitespaceSplitSplitter() {
  return std::make_unique<SetSplitter>(HfWhiteSpace(), SplitBehavior::kRemoved);
}
std::unique_ptr<const Splitter> MakePunctuationSplitter(SplitBehavior behavior) {
  return std::make_unique<SetSplitter>(HfPunctuation(), behavior);
}
std::unique_ptr<const Splitter> MakeDigitsSplitter(bool individual_digits) {
  return std::make_unique<SetSplitter>(
      HfNumeric(), individual_digits ? SplitBehavior::kIsolated : SplitBehavior::kContiguous);
}
std::unique_ptr<const Splitter> MakeCharDelimiterSplitter(char32_t delimiter) {
  return std::make_unique<CharDelimiterSplitter>(delimiter);
}
std::unique_ptr<const Splitter> MakeUnicodeScriptsSplitter() {
  return std::make_unique<UnicodeScriptsSplitter>();
}
std::unique_ptr<const Splitter> MakeFixedLengthSplitter(std::uint64_t length) {
  return std::make_unique<FixedLengthSplitter>(length);
}

}  // namespace tokgraft
