// Detectors: a defect of one vocabulary, found in one place for the merge and for lint. What is
// said about it, and what is done, is the caller's.
#ifndef TOKGRAFT_VOCAB_MERGE_RULES_DETECT_H_
#define TOKGRAFT_VOCAB_MERGE_RULES_DETECT_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/spec.h"
#include "tokenizer/token.h"
#include "vocab_merge/lint.h"
#include "vocab_merge/rules/token_list.h"

namespace tokgraft {

constexpr std::size_t kMaxExamples = 8;

struct Detected {
  std::vector<TokenId> ids{};
  std::uint64_t count = 0;              // where it is not the number of ids
  std::vector<LintExample> examples{};  // the first few; LintExample::place only where it is known
                                        // beside the id

  // Counts `id`; `text` is called only while examples are wanted.
  void Add(TokenId id, const std::function<std::string()>& text);
  // An example without an id of its own.
  void AddExample(LintExample example);
  std::uint64_t size() const { return count != 0 ? count : ids.size(); }
  std::vector<std::string> Texts() const;  // of the examples, with their places where given
};

// A piece for people: "text" in quotes, other bytes as \xNN.
std::string ShowPiece(std::string_view bytes);

// identity.cc
Detected SharedBytes(const TokenizerSpec& spec, const std::vector<ListedToken>& tokens);  // A5
Detected RepeatedSpellings(const TokenizerSpec& spec,
                           const std::vector<ListedToken>& tokens);  // A6
Detected RepeatedInFile(const TokenizerSpec& spec);                  // A6
Detected SharedIds(const std::vector<ListedToken>& tokens);          // A8
struct EqualForms {
  Detected canonical;   // equal to another piece after NFC
  Detected compatible;  // after NFKC only
};
EqualForms FindEqualForms(const std::vector<ListedToken>& tokens,
                          const std::function<bool(std::string_view)>& is_piece);  // A7

// merges_and_scores.cc
const BpeModel* MergeListOf(const TokenizerSpec& spec);  // null: no merge list
Detected BrokenMerges(const TokenizerSpec& spec);        // C1
struct Repeats {
  Detected repeated_pairs;  // C2: products of pairs that stand in the list again
  Detected several_pairs;   // C4: products of several pairs
  std::size_t products = 0;
};
Repeats FindRepeats(const BpeModel& bpe);
// The merges that count, in order of rank: of a pair that stands in the list again, only the line
// that the reference goes by. Empty where there is no merge list.
std::vector<Merge> EffectiveMerges(const TokenizerSpec& spec);
// Inversions of a sequence of distinct numbers (C3), by merge sort; sorts it.
std::uint64_t CountInversions(std::vector<std::uint32_t>* values);

// alphabet_and_ids.cc
enum class Alphabet : std::uint8_t { kNone, kBytes, kFallback };
Alphabet AlphabetOf(const TokenizerSpec& spec);
Detected MissingBytes(const TokenizerSpec& spec);        // D1, D2: bytes, without ids
Detected Holes(const std::vector<ListedToken>& tokens);  // D3
Detected IgnoredIds(const TokenizerSpec& spec);          // D5
bool WritesMergesAsText(const TokenizerSpec& spec);      // "a b", not pairs
Detected UnlistedAddedTokens(const TokenizerSpec& spec,
                             const std::vector<ListedToken>& tokens);  // D17

// stages.cc
bool AddsPrefix(const TokenizerSpec& spec);  // whether a space is put before the text
TokenizerSpec WithoutPrefix(TokenizerSpec spec);
Detected StaleTemplateIds(const TokenizerSpec& spec,
                          const std::vector<ListedToken>& tokens);  // D6

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_RULES_DETECT_H_
