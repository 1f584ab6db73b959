// Scripts of Unicode, as sets: which pieces are written in which.
#ifndef TOKGRAFT_VOCAB_MERGE_EXTEND_SCRIPTS_H_
#define TOKGRAFT_VOCAB_MERGE_EXTEND_SCRIPTS_H_

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/status.h"

namespace tokgraft {

class ScriptSet {
 public:
  // Names or codes as ICU knows them: "Han", "Hani", "cyrillic". InvalidArgument: no such script.
  static StatusOr<ScriptSet> Parse(const std::vector<std::string>& names);
  bool empty() const { return codes_.empty(); }

  // At least one character of these scripts, and no letter of another (letters that many scripts
  // share do not count). False for bytes that are not UTF-8.
  bool Covers(std::string_view piece) const;
  // Whether every valid text with these bytes has a foreign character: one whose Script_Extensions
  // are none of these scripts, nor Common or Inherited. So much is added to `names` that each such
  // text has a character of a script in it ("Unknown": code points that are not assigned). Where
  // the piece ends inside a character, all characters that may follow count; where it starts inside
  // one or lies within, nothing is known of that character.
  bool HasForeign(std::string_view piece, std::set<std::string>* names) const;

 private:
  // The scripts of a foreign character; empty: it is none.
  std::set<std::string> ForeignScripts(char32_t c) const;
  bool AllForeign(char32_t first, char32_t last, std::set<std::string>* names) const;

  std::set<std::int32_t> codes_;  // UScriptCode
};

// Of the scripts that are told apart here: "15.0".
std::string UnicodeVersion();

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_EXTEND_SCRIPTS_H_
