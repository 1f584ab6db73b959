#include "vocab_merge/extend/scripts.h"

#include <unicode/uchar.h>
#include <unicode/uscript.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <span>
#include <utility>

#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

UScriptCode ScriptOf(char32_t c) {
  UErrorCode status = U_ZERO_ERROR;
  const UScriptCode code = uscript_getScript(static_cast<UChar32>(c), &status);
  return U_FAILURE(status) ? USCRIPT_UNKNOWN : code;
}

bool IsShared(UScriptCode code) { return code == USCRIPT_COMMON || code == USCRIPT_INHERITED; }

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Adds what `scripts` has, unless they have a script in common.
void AddUnlessMet(const std::set<std::string>& scripts, std::set<std::string>* names) {
  const auto met = [&](const std::string& name) { return names->contains(name); };
  if (std::none_of(scripts.begin(), scripts.end(), met)) {
    names->insert(scripts.begin(), scripts.end());
  }
}

// A piece without the end of a character at its start and the start of one at its end.
struct CutPiece {
  std::string_view whole;
  std::string_view end;
};

CutPiece CutAtCharacters(std::string_view piece) {
  std::size_t begin = 0;
  while (begin < piece.size() && IsContinuation(piece[begin])) ++begin;
  std::size_t lead = piece.size();
  while (lead > begin && IsContinuation(piece[lead - 1])) --lead;
  if (lead == begin) return {};  // nothing but continuation bytes
  --lead;
  const bool is_cut = Utf8Length(piece[lead]) > piece.size() - lead;
  const std::size_t end = is_cut ? lead : piece.size();
  return {piece.substr(begin, end - begin), piece.substr(end)};
}

}  // namespace

StatusOr<ScriptSet> ScriptSet::Parse(const std::vector<std::string>& names) {
  ScriptSet out;
  for (const std::string& name : names) {
    const std::int32_t code = u_getPropertyValueEnum(UCHAR_SCRIPT, name.c_str());
    if (code == UCHAR_INVALID_CODE) {
      return InvalidArgumentError(Cat("script: \"", name,
                                      "\" is no script, a Unicode name or code was expected (Han, "
                                      "Hiragana, Cyrl); see the Script property of Unicode"));
    }
    out.codes_.insert(code);
  }
  return out;
}

bool ScriptSet::Covers(std::string_view piece) const {
  if (!IsValidUtf8(piece)) return false;
  bool any = false;
  for (std::size_t at = 0; at < piece.size();) {
    const char32_t c = DecodeValid(piece, &at);
    const UScriptCode script = ScriptOf(c);
    bool here = codes_.contains(script);
    for (auto it = codes_.begin(); !here && IsShared(script) && it != codes_.end(); ++it) {
      here = uscript_hasScript(static_cast<UChar32>(c), static_cast<UScriptCode>(*it));
    }
    any |= here;
    if (!here && !IsShared(script) && u_isalpha(static_cast<UChar32>(c))) return false;
  }
  return any;
}

std::set<std::string> ScriptSet::ForeignScripts(char32_t c) const {
  std::array<UScriptCode, 64> codes{};
  UErrorCode status = U_ZERO_ERROR;
  const std::int32_t count = uscript_getScriptExtensions(static_cast<UChar32>(c), codes.data(),
                                                         std::ssize(codes), &status);
  std::set<std::string> out;
  if (U_FAILURE(status)) return out;
  for (const UScriptCode code : std::span(codes).first(static_cast<std::size_t>(count))) {
    if (IsShared(code) || codes_.contains(code)) return {};
    out.insert(uscript_getName(code));
  }
  return out;
}

bool ScriptSet::AllForeign(char32_t first, char32_t last, std::set<std::string>* names) const {
  std::set<std::string> found = *names;
  for (char32_t c = first; c <= last; ++c) {
    if (U_IS_SURROGATE(c)) continue;
    const std::set<std::string> scripts = ForeignScripts(c);
    if (scripts.empty()) return false;
    AddUnlessMet(scripts, &found);
  }
  *names = std::move(found);
  return true;
}

bool ScriptSet::HasForeign(std::string_view piece, std::set<std::string>* names) const {
  const CutPiece cut = CutAtCharacters(piece);
  if (!IsValidUtf8(cut.whole)) return true;  // no valid text has it
  for (std::size_t at = 0; at < cut.whole.size();) {
    const std::set<std::string> scripts = ForeignScripts(DecodeValid(cut.whole, &at));
    if (scripts.empty()) continue;
    AddUnlessMet(scripts, names);
    return true;
  }
  if (cut.end.empty()) return false;
  // The code points that start with these bytes lie side by side.
  const std::size_t size = Utf8Length(cut.end[0]);
  std::string lowest(cut.end);
  std::string highest(cut.end);
  lowest.resize(size, '\x80');
  highest.resize(size, '\xBF');
  std::size_t at = 0;
  constexpr std::array<char32_t, 5> kShortest = {0, 0, 0x80, 0x800, 0x10000};
  const char32_t first = std::max(DecodeValid(lowest, &at), kShortest[size]);
  at = 0;
  const char32_t last = std::min<char32_t>(DecodeValid(highest, &at), UCHAR_MAX_VALUE);
  return AllForeign(first, last, names);
}

std::string UnicodeVersion() {
  UVersionInfo version{};
  u_getUnicodeVersion(version);
  return Cat(static_cast<int>(version[0]), ".", static_cast<int>(version[1]));
}

}  // namespace tokgraft
