#include "tokenizer/stages/regex_set.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "tokenizer/text/general_category.h"
#include "tokenizer/text/pre_token_classes.h"

namespace tokgraft {
namespace {

constexpr char32_t kEnd = 0x110000;

CodePointRanges Normalized(CodePointRanges ranges) {
  std::sort(ranges.begin(), ranges.end());
  CodePointRanges out;
  for (const auto& [begin, end] : ranges) {
    if (begin >= end) continue;
    if (!out.empty() && begin <= out.back().second) {
      out.back().second = std::max(out.back().second, end);
    } else {
      out.emplace_back(begin, end);
    }
  }
  return out;
}

CodePointRanges FromFlat(std::span<const char32_t> flat) {
  CodePointRanges out;
  for (std::size_t i = 0; i < flat.size(); i += 2) out.emplace_back(flat[i], flat[i + 1]);
  return out;
}

// Two letters, or one letter for all categories that start with it, in the order of the enum.
constexpr std::string_view kCategoryNames =
    "LuLlLtLmLoMnMcMeNdNlNoPcPdPsPePiPfPoSmScSkSoZsZlZpCcCfCsCoCn";

// Whether the category at `place` of the list above is meant by `name` ("L", "Lu").
bool IsMeant(std::string_view name, std::size_t place) {
  return kCategoryNames.substr(2 * place, 2).starts_with(name);
}

CodePointRanges CategorySet(std::string_view name) {
  const std::span<const std::uint32_t> starts = CategoryStarts();
  CodePointRanges out;
  for (std::size_t i = 0; i < starts.size(); ++i) {
    if (!IsMeant(name, starts[i] & 31)) continue;
    out.emplace_back(starts[i] >> 5, i + 1 < starts.size() ? starts[i + 1] >> 5 : kEnd);
  }
  return Normalized(std::move(out));
}

struct LongName {
  std::string_view name;
  std::string_view category;
};
constexpr std::array kLongNames = {
    LongName{"letter", "L"},
    LongName{"uppercaseletter", "Lu"},
    LongName{"lowercaseletter", "Ll"},
    LongName{"titlecaseletter", "Lt"},
    LongName{"modifierletter", "Lm"},
    LongName{"otherletter", "Lo"},
    LongName{"mark", "M"},
    LongName{"nonspacingmark", "Mn"},
    LongName{"spacingmark", "Mc"},
    LongName{"enclosingmark", "Me"},
    LongName{"number", "N"},
    LongName{"decimalnumber", "Nd"},
    LongName{"letternumber", "Nl"},
    LongName{"othernumber", "No"},
    LongName{"punctuation", "P"},
    LongName{"connectorpunctuation", "Pc"},
    LongName{"dashpunctuation", "Pd"},
    LongName{"openpunctuation", "Ps"},
    LongName{"closepunctuation", "Pe"},
    LongName{"initialpunctuation", "Pi"},
    LongName{"finalpunctuation", "Pf"},
    LongName{"otherpunctuation", "Po"},
    LongName{"symbol", "S"},
    LongName{"mathsymbol", "Sm"},
    LongName{"currencysymbol", "Sc"},
    LongName{"modifiersymbol", "Sk"},
    LongName{"othersymbol", "So"},
    LongName{"separator", "Z"},
    LongName{"spaceseparator", "Zs"},
    LongName{"lineseparator", "Zl"},
    LongName{"paragraphseparator", "Zp"},
    LongName{"format", "Cf"},
    LongName{"control", "Cc"},
};

// Categories that hold surrogates, which no text has, are left out of what names can mean: the
// engines disagree on Cs, and C holds it.
std::optional<std::string> CategoryOf(std::string_view plain) {
  for (const LongName& known : kLongNames) {
    if (known.name == plain) return std::string(known.category);
  }
  if (plain.empty() || plain.size() > 2 || plain == "cs" || plain == "c") return std::nullopt;
  std::string name(plain);
  name[0] = static_cast<char>(name[0] - 'a' + 'A');
  for (std::size_t place = 0; 2 * place < kCategoryNames.size(); ++place) {
    if (IsMeant(name, place)) return name;
  }
  return std::nullopt;
}

std::string Plain(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == ' ' || c == '_' || c == '-') continue;
    out.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c);
  }
  return out;
}

CodePointRanges Characters(std::string_view characters) {
  CodePointRanges out;
  for (const char c : characters) {
    const auto code = static_cast<char32_t>(static_cast<unsigned char>(c));
    out.emplace_back(code, code + 1);
  }
  return Normalized(std::move(out));
}

const CodePointRanges kAsciiDigits = {{'0', '9' + 1}};

}  // namespace

CodePointRanges SetUnion(const CodePointRanges& a, const CodePointRanges& b) {
  CodePointRanges all = a;
  all.insert(all.end(), b.begin(), b.end());
  return Normalized(std::move(all));
}

CodePointRanges SetComplement(const CodePointRanges& a) {
  CodePointRanges out;
  char32_t from = 0;
  for (const auto& [begin, end] : a) {
    if (from < begin) out.emplace_back(from, begin);
    from = end;
  }
  if (from < kEnd) out.emplace_back(from, kEnd);
  return out;
}

CodePointRanges SetIntersection(const CodePointRanges& a, const CodePointRanges& b) {
  return SetComplement(SetUnion(SetComplement(a), SetComplement(b)));
}

CodePointRanges FoldAscii(const CodePointRanges& a) {
  CodePointRanges more = a;
  const auto has = [&a](char32_t c) {
    return std::any_of(a.begin(), a.end(),
                       [c](const auto& range) { return range.first <= c && c < range.second; });
  };
  for (char32_t lower = 'a'; lower <= 'z'; ++lower) {
    const char32_t upper = lower - 'a' + 'A';
    if (!has(lower) && !has(upper)) continue;
    more.emplace_back(lower, lower + 1);
    more.emplace_back(upper, upper + 1);
    if (lower == 's') more.emplace_back(0x17F, 0x180);
    if (lower == 'k') more.emplace_back(0x212A, 0x212B);
  }
  return Normalized(std::move(more));
}

CodePointRanges WhiteSpaceSet() { return FromFlat(WhiteSpaceRanges()); }
CodePointRanges DigitSet() { return CategorySet("Nd"); }
CodePointRanges OnigurumaWordSet() {
  return SetUnion(OnigurumaBracketWordSet(), {{0xB2, 0xB4}, {0xB9, 0xBA}, {0xBC, 0xBF}});
}
CodePointRanges OnigurumaBracketWordSet() { return FromFlat(OnigurumaWordRanges()); }
CodePointRanges RustWordSet() { return FromFlat(RustWordRanges()); }

std::optional<CodePointRanges> PropertySet(std::string_view name) {
  const std::string plain = Plain(name);
  if (const auto category = CategoryOf(plain)) return CategorySet(*category);
  if (plain == "han") return FromFlat(HanRanges());
  if (plain == "whitespace") return WhiteSpaceSet();
  if (plain == "any") return CodePointRanges{{0, kEnd}};
  if (plain == "ascii") return CodePointRanges{{0, 0x80}};
  if (plain == "alphabetic") return FromFlat(AlphabeticRanges());
  if (plain == "uppercase") return FromFlat(UppercaseRanges());
  if (plain == "lowercase") return FromFlat(LowercaseRanges());
  return std::nullopt;
}

std::optional<CodePointRanges> UnicodeBracketSet(std::string_view name) {
  if (name == "alpha") return FromFlat(AlphabeticRanges());
  if (name == "alnum") return SetUnion(FromFlat(AlphabeticRanges()), DigitSet());
  if (name == "upper") return FromFlat(UppercaseRanges());
  if (name == "lower") return FromFlat(LowercaseRanges());
  if (name == "digit") return DigitSet();
  if (name == "space") return WhiteSpaceSet();
  if (name == "word") return OnigurumaBracketWordSet();
  if (name == "blank") return SetUnion(CategorySet("Zs"), Characters("\t"));
  if (name == "cntrl") return CategorySet("Cc");
  if (name == "punct") return SetUnion(CategorySet("P"), CategorySet("S"));
  const CodePointRanges visible =
      SetComplement(SetUnion(SetUnion(CategorySet("Z"), CategorySet("Cc")), CategorySet("Cn")));
  if (name == "graph") return visible;
  if (name == "print") return SetUnion(visible, CategorySet("Zs"));
  if (name == "ascii" || name == "xdigit") return AsciiBracketSet(name);
  return std::nullopt;
}

std::optional<CodePointRanges> AsciiBracketSet(std::string_view name) {
  const CodePointRanges upper = {{'A', 'Z' + 1}};
  const CodePointRanges lower = {{'a', 'z' + 1}};
  const CodePointRanges alpha = SetUnion(upper, lower);
  if (name == "alpha") return alpha;
  if (name == "alnum") return SetUnion(alpha, kAsciiDigits);
  if (name == "word") return SetUnion(SetUnion(alpha, kAsciiDigits), Characters("_"));
  if (name == "upper") return upper;
  if (name == "lower") return lower;
  if (name == "digit") return kAsciiDigits;
  if (name == "xdigit") return SetUnion(kAsciiDigits, Characters("abcdefABCDEF"));
  if (name == "ascii") return CodePointRanges{{0, 0x80}};
  if (name == "space") return Characters("\t\n\v\f\r ");
  if (name == "blank") return Characters("\t ");
  if (name == "cntrl") return CodePointRanges{{0, 0x20}, {0x7F, 0x80}};
  if (name == "graph") return CodePointRanges{{0x21, 0x7F}};
  if (name == "print") return CodePointRanges{{0x20, 0x7F}};
  if (name == "punct") {
    return CodePointRanges{{0x21, 0x30}, {0x3A, 0x41}, {0x5B, 0x61}, {0x7B, 0x7F}};
  }
  return std::nullopt;
}

}  // namespace tokgraft
