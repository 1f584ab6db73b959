// Witnesses: for each new id a text whose encoding contains it.
//
// Texts are tried from simple to contrived: the piece itself, the piece between neighbours of every
// sort (13 to its left, 13 to its right), what stands around it in the piece that it was made for;
// for a fragment of a character every completion into valid UTF-8 up to a bound. What the compiled
// tokenizer does not emit in any of them counts as dead.
#ifndef TOKGRAFT_VOCAB_MERGE_EXTEND_WITNESS_H_
#define TOKGRAFT_VOCAB_MERGE_EXTEND_WITNESS_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/token.h"
#include "tokenizer/tokenizer.h"

namespace tokgraft {

struct WitnessQuery {
  TokenId id = 0;
  std::string_view bytes{};
  std::string_view owner{};  // a longer piece that contains `bytes`; may be empty
  std::string_view known{};  // a text that may still do; tried first; may be empty
};

struct WitnessOptions {
  bool allow_bytes = false;  // texts that are not UTF-8 too
  int threads = 0;
  std::span<const std::string> lefts{};  // texts to try on the left too, before the usual ones
};

// How many neighbours are tried on each side, and completions of a fragment; for messages.
constexpr int kLeftContexts = 13;
constexpr int kRightContexts = 13;
constexpr int kFragmentContexts = 640;

// [queries.size()]; empty: no witness.
std::vector<std::string> FindWitnesses(const Tokenizer& tokenizer,
                                       std::span<const WitnessQuery> queries,
                                       const WitnessOptions& options);

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_EXTEND_WITNESS_H_
