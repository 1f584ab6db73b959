#include "tokenizer/text/grapheme.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "tokenizer/text/code_point_set.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

enum class GraphemeClass : std::uint8_t {
  kOther,
  kControl,  // CR and LF too
  kExtend,
  kSpacingMark,
  kZwj,
  kPrepend,
  kPictographic,
  kConsonant,
  kHangulL,
  kHangulV,
  kHangulT,
  kHangulLv,
  kHangulLvt,
  kHangulSyllable,  // in the table: LV every 28, LVT between
};
using enum GraphemeClass;

struct GraphemeRow {
  char32_t first;
  char32_t last;
  GraphemeClass kind;
};

#include "tokenizer/text/hf_grapheme_tables.inc"

constexpr CodePointSet kConjunctLinker(kHfConjunctLinker);
constexpr CodePointSet kConjunctExtend(kHfConjunctExtend);

GraphemeClass ClassOf(char32_t c) {
  if (c >= 0x20 && c < 0x7F) return kOther;
  const auto* row =
      std::upper_bound(std::begin(kHfGraphemeClass), std::end(kHfGraphemeClass), c,
                       [](char32_t value, const GraphemeRow& r) { return value < r.first; });
  if (row == std::begin(kHfGraphemeClass)) return kOther;
  --row;
  if (c > row->last) return kOther;
  if (row->kind != kHangulSyllable) return row->kind;
  return (c - row->first) % 28 == 0 ? kHangulLv : kHangulLvt;
}

bool HangulJoins(GraphemeClass before, GraphemeClass after) {
  switch (before) {
    case kHangulL:
      return after == kHangulL || after == kHangulV || after == kHangulLv || after == kHangulLvt;
    case kHangulLv:
    case kHangulV:
      return after == kHangulV || after == kHangulT;
    case kHangulLvt:
    case kHangulT:
      return after == kHangulT;
    default:
      return false;
  }
}

// What of the cluster so far decides whether it goes on.
class Cluster {
 public:
  explicit Cluster(char32_t first) { Add(first, ClassOf(first)); }

  // Whether `c` belongs to the cluster; if so it is added.
  bool Take(char32_t c) {
    const GraphemeClass kind = ClassOf(c);
    if (!Joins(c, kind)) return false;
    Add(c, kind);
    return true;
  }

 private:
  bool Joins(char32_t c, GraphemeClass kind) const {
    if (last_class_ == kControl || kind == kControl) return last_ == '\r' && c == '\n';
    if (kind == kExtend || kind == kZwj || kind == kSpacingMark) return true;
    if (last_class_ == kPrepend) return true;
    if (kind == kPictographic) return last_class_ == kZwj && after_pictograph_;
    if (kind == kConsonant) {
      return (last_class_ == kExtend || last_class_ == kZwj) && conjunct_ == Conjunct::kLinked;
    }
    return HangulJoins(last_class_, kind);
  }

  void Add(char32_t c, GraphemeClass kind) {
    // A pictograph, marks, one ZWJ.
    after_pictograph_ = kind == kPictographic || (after_pictograph_ && last_class_ != kZwj &&
                                                  (kind == kExtend || kind == kZwj));
    if (kind == kConsonant) {
      conjunct_ = Conjunct::kOpen;
    } else if (conjunct_ != Conjunct::kNone) {
      if (kConjunctLinker.Contains(c)) {
        conjunct_ = Conjunct::kLinked;
      } else if (!kConjunctExtend.Contains(c)) {
        conjunct_ = Conjunct::kNone;
      }
    }
    last_ = c;
    last_class_ = kind;
  }

  enum class Conjunct : std::uint8_t { kNone, kOpen, kLinked };
  char32_t last_ = 0;
  GraphemeClass last_class_ = kOther;
  bool after_pictograph_ = false;
  Conjunct conjunct_ = Conjunct::kNone;
};

}  // namespace

std::size_t GraphemeLength(std::string_view text) {
  std::size_t length = 0;
  Cluster cluster(DecodeValid(text, &length));
  while (length < text.size()) {
    std::size_t next = length;
    if (!cluster.Take(DecodeValid(text, &next))) break;
    length = next;
  }
  return length;
}

}  // namespace tokgraft
