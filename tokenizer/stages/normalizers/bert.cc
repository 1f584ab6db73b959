// BertNormalizer: cleaning, spaces around ideographs, accents, lowercase, in this order.
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/stages/normalizers/step.h"
#include "tokenizer/stages/normalizers/transform.h"
#include "tokenizer/text/unicode_data.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

class Bert final : public NormalizerStep {
 public:
  explicit Bert(const normalizer::Bert& options)
      : options_(options),
        strips_accents_(options.strip_accents.value_or(options.lowercase)),
        decompose_(MakeUnicodeForm(normalizer::UnicodeForm::kNfd)),
        lowercase_(MakeLowercase()) {}

  bool Apply(std::string_view text, std::string* out) const override {
    std::string cleaned;
    std::string decomposed;
    std::string bare;
    if (Clean(text, &cleaned)) text = cleaned;
    if (strips_accents_) {
      if (decompose_->Apply(text, &decomposed)) text = decomposed;
      if (DropAccents(text, &bare)) text = bare;
    }
    if (options_.lowercase && lowercase_->Apply(text, out)) return true;
    out->append(text);
    return true;
  }

  void Apply(AlignedText* text) const override {
    if (options_.clean_text) {
      FilterAligned([](char32_t c) { return !IsBertRemoved(c); }, text);
      MapSpaces(text);
    }
    if (options_.handle_chinese_chars) SurroundIdeographs(text);
    if (strips_accents_) {
      decompose_->Apply(text);
      FilterAligned([](char32_t c) { return !IsBertNonspacing(c); }, text);
    }
    if (options_.lowercase) lowercase_->Apply(text);
  }

 private:
  // clean_text and handle_chinese_chars.
  bool Clean(std::string_view text, std::string* out) const {
    if (!options_.clean_text && !options_.handle_chinese_chars) return false;
    out->reserve(text.size() + text.size() / 8);
    for (std::size_t position = 0; position < text.size();) {
      const char byte = text[position];
      if (byte >= ' ' && byte < 0x7F) {
        out->push_back(byte);
        ++position;
        continue;
      }
      const std::size_t start = position;
      const char32_t c = DecodeValid(text, &position);
      if (options_.clean_text && IsBertRemoved(c)) continue;
      if (options_.clean_text && IsWhitespace(c)) {
        out->push_back(' ');
      } else if (options_.handle_chinese_chars && IsBertIdeograph(c)) {
        out->push_back(' ');
        out->append(text.substr(start, position - start));
        out->push_back(' ');
      } else {
        out->append(text.substr(start, position - start));
      }
    }
    return true;
  }

  static bool DropAccents(std::string_view text, std::string* out) {
    std::size_t done = 0;
    for (std::size_t position = 0; position < text.size();) {
      const std::size_t start = position;
      if (!IsBertNonspacing(DecodeValid(text, &position))) continue;
      out->append(text.substr(done, start - done));
      done = position;
    }
    if (done == 0) return false;
    out->append(text.substr(done));
    return true;
  }

  static void MapSpaces(AlignedText* text) {
    std::vector<CharChange> changes;
    changes.reserve(text->text.size());
    for (std::size_t position = 0; position < text->text.size();) {
      const char32_t c = DecodeValid(text->text, &position);
      changes.push_back({IsWhitespace(c) ? U' ' : c, 0});
    }
    Transform(changes, 0, text);
  }

  static void SurroundIdeographs(AlignedText* text) {
    std::vector<CharChange> changes;
    changes.reserve(text->text.size());
    for (std::size_t position = 0; position < text->text.size();) {
      const char32_t c = DecodeValid(text->text, &position);
      if (IsBertIdeograph(c)) {
        changes.insert(changes.end(), {{U' ', 0}, {c, 1}, {U' ', 1}});
      } else {
        changes.push_back({c, 0});
      }
    }
    Transform(changes, 0, text);
  }

  normalizer::Bert options_;
  bool strips_accents_;
  NormalizerStepPtr decompose_;
  NormalizerStepPtr lowercase_;
};

}  // namespace

NormalizerStepPtr MakeBert(const normalizer::Bert& options) {
  return std::make_unique<Bert>(options);
}

}  // namespace tokgraft
