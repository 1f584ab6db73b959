// The families of conflict: each looks at the facts of a merge, or of one tokenizer, and adds its
// findings. One file per family; a new code is a new finding there, a new family a new file and a
// line in CheckAll and LintAll. A defect that both look for has one detector (detect.h).
#ifndef TOKGRAFT_VOCAB_MERGE_RULES_RULE_H_
#define TOKGRAFT_VOCAB_MERGE_RULES_RULE_H_

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tokenizer/spec.h"
#include "tokenizer/status.h"
#include "tokenizer/token.h"
#include "tokenizer/tokenizer.h"
#include "vocab_merge/alignment.h"
#include "vocab_merge/conflict.h"
#include "vocab_merge/id_map.h"
#include "vocab_merge/lint.h"
#include "vocab_merge/rules/cause.h"
#include "vocab_merge/rules/detect.h"
#include "vocab_merge/rules/places.h"
#include "vocab_merge/rules/token_list.h"

namespace tokgraft {

// ---- A merge -----------------------------------------------------------------------------------
struct RefusedPiece {
  TokenId donor_id = 0;
  std::string bytes{};
  Cause cause = Cause::kNoPath;
  std::string becomes{};  // kNormalizer: what the normalizer makes of it
};

struct MergeFacts {
  const TokenizerSpec& base;
  const TokenizerSpec& donor;
  const Alignment& alignment;
  const IdMap& id_map;
  const std::vector<RefusedPiece>& refused;
  std::vector<ListedToken> base_tokens{};
  std::vector<ListedToken> donor_tokens{};
  std::vector<ListedToken> donor_used{};  // of several tokens on one id the first
  std::unordered_map<TokenId, ListedToken> base_by_id{};
  std::unordered_map<TokenId, ListedToken> donor_by_id{};

  // Where the two contradict each other, whose way holds: the base's, but under `swap`.
  bool donor_holds() const { return id_map.strategy == "swap"; }
  // What was done, by whose way holds.
  std::string Done(std::string_view if_base_holds, std::string_view if_donor_holds) const {
    return std::string(donor_holds() ? if_donor_holds : if_base_holds);
  }
};

// Lists the tokens of both; everything is borrowed.
MergeFacts MakeFacts(const TokenizerSpec& base, const TokenizerSpec& donor,
                     const Alignment& alignment, const IdMap& id_map,
                     const std::vector<RefusedPiece>& refused);

void CheckIdentity(const MergeFacts& facts, ConflictReport* report);         // A1-A8
void CheckReachability(const MergeFacts& facts, ConflictReport* report);     // B1, B3-B6, B8
void CheckMergesAndScores(const MergeFacts& facts, ConflictReport* report);  // C1-C4
void CheckAlphabetAndIds(const MergeFacts& facts, ConflictReport* report);   // D1-D5, D13, D17
void CheckStages(const MergeFacts& facts, ConflictReport* report);           // D6, D11
void CheckSpecialTokens(const MergeFacts& facts, ConflictReport* report);    // D7-D10

// All families; findings by code.
ConflictReport CheckAll(const MergeFacts& facts);

// By code; those of one code stay in their order.
void SortByCode(ConflictReport* report);

// Adds `finding` where it concerns anything: its count is that of the longer list of ids unless
// given. Sorts the ids, marks the code as looked for.
void AddFinding(Finding finding, ConflictReport* report);
void LookedFor(std::initializer_list<std::string_view> codes, ConflictReport* report);

// ---- One tokenizer -----------------------------------------------------------------------------
struct LintFacts {
  const TokenizerSpec& spec;
  const LintOptions& options;
  const Tokenizer* tokenizer = nullptr;  // null: it does not compile
  std::string why_not{};                 // then
  std::vector<ListedToken> tokens{};
  Places places;
};

void LintIdentity(const LintFacts& facts, LintReport* report);          // A5-A8
Status LintReachability(const LintFacts& facts, LintReport* report);    // B1-B8, D12
Status LintScaffolding(const LintFacts& facts, LintReport* report);     // B9
void LintMergesAndScores(const LintFacts& facts, LintReport* report);   // C1, C2, C4-C6, C8
void LintAlphabetAndIds(const LintFacts& facts, LintReport* report);    // D1-D3, D5, D13, D17
void LintStages(const LintFacts& facts, LintReport* report);            // D6, D14
void LintSpecialTokens(const LintFacts& facts, LintReport* report);     // D9, D15
Status LintModelDirectory(const LintFacts& facts, LintReport* report);  // D4, D10

// All families; findings by code.
StatusOr<LintReport> LintAll(const LintFacts& facts);

// Adds `finding` with what was detected, where that is anything; places are filled in.
void AddFinding(LintFinding finding, Detected detected, const LintFacts& facts, LintReport* report);
void LookedFor(std::initializer_list<std::string_view> codes, LintReport* report);

// "A5" before "B1", "D5" before "D17".
bool CodeLess(std::string_view a, std::string_view b);

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_RULES_RULE_H_
