// NFC, NFD, NFKC, NFKD as HF computes them: standard forms over the characters of Unicode 9.0.
//
// A character that 9.0 lacks is a starter that neither decomposes nor composes. Text that ICU
// calls normalized is normalized here too (ICU knows more marks and more mappings, never fewer), so
// only the parts around a character that is not go through the algorithm.
#include <unicode/normalizer2.h>
#include <unicode/stringpiece.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/utf16.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/stages/normalizers/step.h"
#include "tokenizer/stages/normalizers/transform.h"
#include "tokenizer/text/ascii.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

using normalizer::UnicodeForm;

bool IsCompatible(UnicodeForm form) {
  return form == UnicodeForm::kNfkc || form == UnicodeForm::kNfkd;
}
bool Composes(UnicodeForm form) { return form == UnicodeForm::kNfc || form == UnicodeForm::kNfkc; }

// Whether the character was assigned in Unicode 9.0.
bool IsKnown(char32_t c) {
  UVersionInfo age;
  u_charAge(static_cast<UChar32>(c), age);
  return age[0] != 0 && age[0] <= 9;
}

struct Instances {
  const UNormalizer2* decompose = nullptr;  // full mappings of the form's kind
  const UNormalizer2* compose = nullptr;    // canonical pairs
  const icu::Normalizer2* check = nullptr;  // the form itself
};

Instances GetInstances(UnicodeForm form) {
  UErrorCode error = U_ZERO_ERROR;
  Instances instances;
  instances.decompose =
      IsCompatible(form) ? unorm2_getNFKDInstance(&error) : unorm2_getNFDInstance(&error);
  instances.compose = unorm2_getNFCInstance(&error);
  switch (form) {
    case UnicodeForm::kNfc:
      instances.check = icu::Normalizer2::getNFCInstance(error);
      break;
    case UnicodeForm::kNfd:
      instances.check = icu::Normalizer2::getNFDInstance(error);
      break;
    case UnicodeForm::kNfkc:
      instances.check = icu::Normalizer2::getNFKCInstance(error);
      break;
    case UnicodeForm::kNfkd:
      instances.check = icu::Normalizer2::getNFKDInstance(error);
      break;
  }
  return instances;
}

struct Mark {
  std::uint8_t ccc = 0;
  CharChange character;
};

// Decomposes, sorts marks by combining class, composes; one text after another.
class Normalization {
 public:
  Normalization(UnicodeForm form, const Instances& instances, std::vector<CharChange>* out)
      : composes_(Composes(form)), instances_(instances), out_(out) {}

  void Add(char32_t c) {
    if (c < 0x80) return AddDecomposed({c, 0}, 0);
    std::array<UChar, 32> buffer;  // the longest mapping, of U+FDFA, has 18 units
    UErrorCode error = U_ZERO_ERROR;
    const bool known = IsKnown(c);
    const std::int32_t length =
        known
            ? unorm2_getDecomposition(instances_.decompose, static_cast<UChar32>(c), buffer.data(),
                                      static_cast<std::int32_t>(buffer.size()), &error)
            : -1;
    if (length < 0) return AddDecomposed({c, 0}, known ? CombiningClass(c) : std::uint8_t{0});
    for (std::int32_t i = 0; i < length;) {
      const std::int32_t change = i > 0 ? 1 : 0;
      UChar32 part = 0;
      U16_NEXT(buffer.data(), i, length, part);
      const auto character = static_cast<char32_t>(part);
      AddDecomposed({character, change}, CombiningClass(character));
    }
  }

  void Finish() {
    Flush();
    if (starter_) out_->push_back(*starter_);
    out_->insert(out_->end(), blocked_.begin(), blocked_.end());
    starter_.reset();
    blocked_.clear();
    last_ccc_.reset();
  }

 private:
  std::uint8_t CombiningClass(char32_t c) const {
    return unorm2_getCombiningClass(instances_.compose, static_cast<UChar32>(c));
  }

  void AddDecomposed(CharChange character, std::uint8_t ccc) {
    if (ccc != 0) {
      marks_.push_back({ccc, character});
      return;
    }
    Flush();
    Emit(character, 0);
  }

  // Emits the marks since the last starter in canonical order.
  void Flush() {
    if (marks_.size() > 1) {
      std::stable_sort(marks_.begin(), marks_.end(),
                       [](const Mark& a, const Mark& b) { return a.ccc < b.ccc; });
    }
    for (const Mark& mark : marks_) Emit(mark.character, mark.ccc);
    marks_.clear();
  }

  // Takes the next character of the decomposed, ordered text.
  void Emit(CharChange character, std::uint8_t ccc) {
    if (!composes_ || (!starter_ && ccc != 0)) {
      out_->push_back(character);
      return;
    }
    if (!starter_) {
      starter_ = character;
      return;
    }
    const bool is_blocked = last_ccc_ && *last_ccc_ >= ccc;
    if (!is_blocked) {
      if (const std::optional<char32_t> product = Compose(starter_->c, character.c)) {
        starter_ = CharChange{*product, starter_->change + character.change - 1};
        return;
      }
    }
    if (ccc == 0) {
      out_->push_back(*starter_);
      out_->insert(out_->end(), blocked_.begin(), blocked_.end());
      blocked_.clear();
      last_ccc_.reset();
      starter_ = character;
      return;
    }
    blocked_.push_back(character);
    last_ccc_ = ccc;
  }

  std::optional<char32_t> Compose(char32_t a, char32_t b) const {
    if (b < 0x300) return std::nullopt;
    const UChar32 product =
        unorm2_composePair(instances_.compose, static_cast<UChar32>(a), static_cast<UChar32>(b));
    if (product < 0 || !IsKnown(static_cast<char32_t>(product))) return std::nullopt;
    return static_cast<char32_t>(product);
  }

  bool composes_;
  Instances instances_;
  std::vector<CharChange>* out_;
  std::vector<Mark> marks_;            // since the last starter, unsorted
  std::optional<CharChange> starter_;  // waits for marks that compose with it
  std::vector<CharChange> blocked_;    // marks after it that did not
  std::optional<std::uint8_t> last_ccc_;
};

class UnicodeFormStep final : public NormalizerStep {
 public:
  explicit UnicodeFormStep(UnicodeForm form) : form_(form), instances_(GetInstances(form)) {}

  bool Apply(std::string_view text, std::string* out) const override {
    std::size_t done = 0;  // everything before is in `out`, if anything changed
    bool changed = false;
    std::vector<CharChange> changes;
    for (std::size_t begin = NextCheck(text, 0); begin < text.size();) {
      const std::size_t end = NextBreak(text, begin + kBlock);
      const std::string_view block = text.substr(begin, end - begin);
      if (!IsNormalized(block)) {
        out->append(text, done, begin - done);
        done = end;
        changed = true;
        changes.clear();
        Run(block, &changes);
        for (const CharChange& change : changes) AppendUtf8(change.c, out);
      }
      begin = NextCheck(text, end);
    }
    if (changed) out->append(text.substr(done));
    return changed;
  }
  void Apply(AlignedText* text) const override {
    if (FindNonAscii(text->text, 0) == text->text.size()) return;
    std::vector<CharChange> changes;
    changes.reserve(text->text.size());
    Run(text->text, &changes);
    Transform(changes, 0, text);
  }

  void Run(std::string_view text, std::vector<CharChange>* out) const {
    Normalization normalization(form_, instances_, out);
    for (std::size_t position = 0; position < text.size();) {
      normalization.Add(DecodeValid(text, &position));
    }
    normalization.Finish();
  }

 private:
  // Text is checked in blocks that end where nothing crosses, so that one character that changes
  // does not send a whole document through the slow path. A block grows long only where no
  // character starts anew (a run of marks): ICU's check is quadratic in that, so it is not asked.
  static constexpr std::size_t kBlock = 256;
  static constexpr std::size_t kMaxBlock = 1024;

  // ASCII needs no check, but for its last character, which may compose with what follows.
  static std::size_t NextCheck(std::string_view text, std::size_t from) {
    const std::size_t found = FindNonAscii(text, from);
    return found == text.size() || found == from ? found : found - 1;
  }
  std::size_t NextBreak(std::string_view text, std::size_t at) const {
    if (at >= text.size()) return text.size();
    while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) --at;
    while (at < text.size()) {
      std::size_t next = at;
      // What starts anew in ICU's Unicode does so in an older one.
      if (instances_.check->hasBoundaryBefore(static_cast<UChar32>(DecodeValid(text, &next)))) {
        break;
      }
      at = next;
    }
    return at;
  }
  // False is always safe.
  bool IsNormalized(std::string_view text) const {
    if (text.size() > kMaxBlock) return false;
    UErrorCode error = U_ZERO_ERROR;
    return instances_.check->isNormalizedUTF8(
               icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())), error) &&
           U_SUCCESS(error);
  }

  UnicodeForm form_;
  Instances instances_;
};

}  // namespace

NormalizerStepPtr MakeUnicodeForm(UnicodeForm form) {
  return std::make_unique<UnicodeFormStep>(form);
}

}  // namespace tokgraft
