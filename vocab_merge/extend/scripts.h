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
  // A character of a script outside this set; the names of its scripts are added to `names`. Bytes
  // that are not UTF-8 have none: they may become any character.
  bool HasForeign(std::string_view piece, std::set<std::string>* names) const;

 private:
  std::set<std::int32_t> codes_;  // UScriptCode
};

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_EXTEND_SCRIPTS_H_
