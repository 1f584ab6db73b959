#include "vocab_merge/extend/scripts.h"

#include <unicode/uchar.h>
#include <unicode/uscript.h>

#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

UScriptCode ScriptOf(char32_t c) {
  UErrorCode status = U_ZERO_ERROR;
  const UScriptCode code = uscript_getScript(static_cast<UChar32>(c), &status);
  return U_FAILURE(status) ? USCRIPT_UNKNOWN : code;
}

bool IsShared(UScriptCode code) { return code == USCRIPT_COMMON || code == USCRIPT_INHERITED; }

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

bool ScriptSet::HasForeign(std::string_view piece, std::set<std::string>* names) const {
  if (!IsValidUtf8(piece)) return false;
  bool any = false;
  for (std::size_t at = 0; at < piece.size();) {
    const UScriptCode script = ScriptOf(DecodeValid(piece, &at));
    if (IsShared(script) || script == USCRIPT_UNKNOWN || codes_.contains(script)) continue;
    any = true;
    names->insert(uscript_getName(script));
  }
  return any;
}

}  // namespace tokgraft
