// Precompiled: sentencepiece's map as HF applies it, which is not how sentencepiece does.
//
// A grapheme cluster below 6 bytes is looked up whole: the SHORTEST of its prefixes that is a key
// decides what the whole cluster becomes. Otherwise each of its characters is looked up alone.
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tokenizer/stages/normalizers/charsmap.h"
#include "tokenizer/stages/normalizers/step.h"
#include "tokenizer/stages/normalizers/transform.h"
#include "tokenizer/text/grapheme.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

constexpr std::size_t kLongCluster = 6;  // bytes

class Precompiled final : public NormalizerStep {
 public:
  explicit Precompiled(Charsmap charsmap) : charsmap_(std::move(charsmap)) {
    for (unsigned byte = 0; byte < plain_.size(); ++byte) {
      plain_[byte] = byte != '\r' && !charsmap_.IsKey(static_cast<unsigned char>(byte));
    }
  }

  bool Apply(std::string_view text, std::string* out) const override {
    bool changed = false;
    std::size_t done = 0;  // everything before is in `out`, if anything changed
    ForEachReplacement(text, [&](std::size_t begin, std::size_t end, std::string_view content) {
      changed = true;
      out->append(text, done, begin - done);
      out->append(content);
      done = end;
    });
    if (changed) out->append(text.substr(done));
    return changed;
  }

  void Apply(AlignedText* text) const override {
    std::vector<CharChange> changes;
    changes.reserve(text->text.size());
    std::size_t done = 0;
    const auto copy_until = [&](std::size_t end) {
      while (done < end) changes.push_back({DecodeValid(text->text, &done), 0});
    };
    bool changed = false;
    ForEachReplacement(
        text->text, [&](std::size_t begin, std::size_t end, std::string_view content) {
          changed = true;
          copy_until(begin);
          const std::string_view old = std::string_view(text->text).substr(begin, end - begin);
          AppendReplacement(CountCharacters(old), content, &changes);
          done = end;
        });
    if (!changed) return;
    copy_until(text->text.size());
    Transform(changes, 0, text);
  }

 private:
  // Calls f(begin, end, content) for each part of `text` that becomes `content`.
  template <typename F>
  void ForEachReplacement(std::string_view text, F f) const {
    const auto is_ascii = [&](std::size_t i) { return static_cast<unsigned char>(text[i]) < 0x80; };
    for (std::size_t position = 0; position < text.size();) {
      // An ASCII character before another is a cluster of its own.
      if (is_ascii(position) && plain_[static_cast<unsigned char>(text[position])] &&
          (position + 1 == text.size() || is_ascii(position + 1))) {
        ++position;
        continue;
      }
      const std::size_t end = position + GraphemeLength(text.substr(position));
      if (end - position < kLongCluster) {
        if (const auto content = Lookup(text.substr(position, end - position))) {
          f(position, end, *content);
          position = end;
          continue;
        }
      }
      while (position < end) {
        const std::size_t length = Utf8Length(text[position]);
        if (const auto content = Lookup(text.substr(position, length))) {
          f(position, position + length, *content);
        }
        position += length;
      }
    }
  }

  std::optional<std::string_view> Lookup(std::string_view chunk) const {
    // The reference ends a key at a zero byte.
    std::optional<std::string_view> content;
    charsmap_.ForEachPrefix(chunk.substr(0, chunk.find('\0')), [&](std::size_t, std::uint32_t v) {
      content = charsmap_.Replacement(v);
      return false;
    });
    return content;
  }

  // `count` old characters become `content`: the changes that HF records, which lose those removed
  // at the very start.
  static void AppendReplacement(std::size_t count, std::string_view content,
                                std::vector<CharChange>* changes) {
    const std::size_t start = changes->size();
    for (std::size_t i = 0; i < content.size();) changes->push_back({DecodeValid(content, &i), 0});
    const std::size_t added = changes->size() - start;
    for (std::size_t i = count; i < added; ++i) (*changes)[start + i].change = 1;
    if (added < count && !changes->empty()) {
      changes->back().change -= static_cast<std::int32_t>(count - added);
    }
  }

  Charsmap charsmap_;
  std::array<bool, 0x80> plain_{};
};

}  // namespace

StatusOr<NormalizerStepPtr> MakePrecompiled(const normalizer::Precompiled& options) {
  TOKGRAFT_ASSIGN_OR_RETURN(Charsmap charsmap, Charsmap::Parse(options.charsmap));
  return NormalizerStepPtr(new Precompiled(std::move(charsmap)));
}

}  // namespace tokgraft
