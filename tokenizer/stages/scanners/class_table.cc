#include "tokenizer/stages/scanners/class_table.h"

#include <algorithm>
#include <map>
#include <span>
#include <string>

#include "tokenizer/text/general_category.h"
#include "tokenizer/text/pre_token_classes.h"

namespace tokgraft {
namespace {

constexpr std::size_t kCodePoints = 0x110000;
constexpr std::size_t kPage = 128;

CharClass ClassOf(GeneralCategory category) {
  using enum GeneralCategory;
  if (category == kLu || category == kLt) return kUpper;
  if (category == kLl) return kLower;
  if (category <= kLo) return kCaseless;
  if (category <= kMe) return kMark;
  if (category <= kNo) return kNumber;
  if (category <= kSo) return kSymbol;
  return 0;
}

void Add(std::span<const char32_t> ranges, CharClass bit, std::vector<CharClass>* classes) {
  for (std::size_t i = 0; i < ranges.size(); i += 2) {
    for (char32_t c = ranges[i]; c < ranges[i + 1]; ++c) (*classes)[c] |= bit;
  }
}

std::vector<CharClass> Classes() {
  std::vector<CharClass> classes(kCodePoints);
  const std::span<const std::uint32_t> starts = CategoryStarts();
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const std::size_t end = i + 1 < starts.size() ? starts[i + 1] >> 5 : kCodePoints;
    const CharClass bits = ClassOf(static_cast<GeneralCategory>(starts[i] & 31));
    for (std::size_t c = starts[i] >> 5; c < end; ++c) classes[c] = bits;
  }
  Add(WhiteSpaceRanges(), kSpace, &classes);
  Add(HanRanges(), kHan, &classes);
  return classes;
}

}  // namespace

ClassTable::ClassTable(const std::vector<CharClass>& classes) {
  std::map<std::string, std::uint16_t> seen;
  for (std::size_t page = 0; page < kCodePoints / kPage; ++page) {
    const auto begin = classes.begin() + static_cast<std::ptrdiff_t>(page * kPage);
    const auto [place, is_new] =
        seen.try_emplace({begin, begin + kPage}, static_cast<std::uint16_t>(seen.size()));
    if (is_new) blocks_.insert(blocks_.end(), begin, begin + kPage);
    pages_.push_back(place->second);
  }
}

const ClassTable& ClassTable::Unicode16() {
  static const ClassTable table(Classes());
  return table;
}

const ClassTable& ClassTable::LlamaCpp() {
  static const ClassTable table = [] {
    std::vector<CharClass> classes = Classes();
    const std::span<const char32_t> unknown = UnknownToLlamaCpp();
    for (std::size_t i = 0; i < unknown.size(); i += 2) {
      for (char32_t c = unknown[i]; c < unknown[i + 1]; ++c) classes[c] = 0;
    }
    return ClassTable(classes);
  }();
  return table;
}

}  // namespace tokgraft
