// ConflictReport: what stood in the way of a merge, what was done about it, and why.
//
// A conflict has a code of the taxonomy: A identity of pieces, B reachability, C merges and scores,
// D alphabet, ids, stages and special tokens. `counts` names every code that was looked for, also
// those that were not found (0), so that "none" can be told from "not checked".
//
//   {counts: {CODE: ids concerned}, policies: {NAME: whose rule holds},
//    findings: [{code, severity, count, base_ids, donor_ids, message, action, examples, witness}]}
//
// A donor piece that is refused because nothing could emit it has exactly one primary code of
// B1 (no path of joins), B3 (cut by the pre-tokenizer), B4 (cut by its rule for digits),
// B5 (changed by the normalizer), B6 (shadowed by an added token). B8 (incomplete UTF-8) tells of a
// piece's nature and comes beside them.
//
//   std::cout << merged.conflicts.counts.at("B3") << " pieces are cut by the base's splitter\n";
//   for (const Finding& finding : merged.conflicts.findings) {
//     if (finding.severity == Severity::kError) std::cerr << finding.message << "\n";
//   }
#ifndef TOKGRAFT_VOCAB_MERGE_CONFLICT_H_
#define TOKGRAFT_VOCAB_MERGE_CONFLICT_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/token.h"

namespace tokgraft {

enum class Severity : std::uint8_t {
  kNote,     // handled, nothing is lost
  kWarning,  // handled, and something was left out or should be known
  kError,    // the input is broken; what it says there was not used
};

std::string_view SeverityName(Severity severity);  // "note", "warning", "error"

struct Finding {
  std::string code{};  // "A1" ... "D17"
  Severity severity = Severity::kNote;
  std::uint64_t count = 0;           // ids concerned
  std::vector<TokenId> base_ids{};   // in the base, ascending
  std::vector<TokenId> donor_ids{};  // in the donor, ascending
  std::string message{};             // what is so
  std::string action{};              // what the merge did, and why
  std::vector<std::string> examples{};
  std::string witness{};  // a text that shows it; may be empty
  friend bool operator==(const Finding&, const Finding&) = default;
};

struct ConflictReport {
  std::map<std::string, std::uint64_t> counts;
  std::vector<Finding> findings{};  // by code
  // Whose rule holds, by what it is about: "specials", "digits", "normalizer", "pre_tokenizer",
  // "duplicates", "byte_alphabet", "padding". See policies.h.
  std::map<std::string, std::string> policies{};

  std::string ToJson() const;
  std::string DebugString() const;  // a table: code, count, message, action
  friend bool operator==(const ConflictReport&, const ConflictReport&) = default;
};

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_CONFLICT_H_
