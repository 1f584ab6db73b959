// The families of conflict: each looks at the facts of a merge and adds its findings. One file per
// family; a new code is a new finding there, a new family a new file and a line in CheckAll.
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
#include "vocab_merge/alignment.h"
#include "vocab_merge/conflict.h"
#include "vocab_merge/id_map.h"
#include "vocab_merge/rules/token_list.h"

namespace tokgraft {

// Why a donor piece was refused: the first stage of the pipeline that stands in its way.
enum class Cause : std::uint8_t {
  kAddedToken,    // B6
  kNormalizer,    // B5
  kPreTokenizer,  // B3
  kDigits,        // B4
  kNoPath,        // B1
};

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
  std::unordered_map<TokenId, ListedToken> base_by_id{};
  std::unordered_map<TokenId, ListedToken> donor_by_id{};
};

void CheckIdentity(const MergeFacts& facts, ConflictReport* report);         // A1-A8
void CheckReachability(const MergeFacts& facts, ConflictReport* report);     // B1, B3-B6, B8
void CheckMergesAndScores(const MergeFacts& facts, ConflictReport* report);  // C1-C4
void CheckAlphabetAndIds(const MergeFacts& facts, ConflictReport* report);   // D1-D5, D13, D17
void CheckStages(const MergeFacts& facts, ConflictReport* report);           // D6, D11
void CheckSpecialTokens(const MergeFacts& facts, ConflictReport* report);    // D7-D10

// All families; findings by code.
ConflictReport CheckAll(const MergeFacts& facts);

// Adds `finding` where it concerns anything: its count is that of the longer list of ids unless
// given. Sorts the ids, marks the code as looked for.
void AddFinding(Finding finding, ConflictReport* report);
void LookedFor(std::initializer_list<std::string_view> codes, ConflictReport* report);

constexpr std::size_t kMaxExamples = 8;

// A piece for people: "text" in quotes, other bytes as \xNN.
std::string ShowPiece(std::string_view bytes);

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_RULES_RULE_H_
