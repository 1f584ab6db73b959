// Do two tokenizers give the same ids? Looks for a text on which they do not.
//
// The texts: every piece of both vocabularies, alone and in contexts; all assigned code points in
// contexts that their class decides (beside letters, digits, spaces, apostrophes); white space and
// the like; mixtures of pieces drawn from a fixed seed. Nothing found is no proof: `bytes` says how
// much was tried.
#ifndef TOKGRAFT_TOKENIZER_CONVERT_COMPARE_IDS_H_
#define TOKGRAFT_TOKENIZER_CONVERT_COMPARE_IDS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/tokenizer.h"

namespace tokgraft {

struct IdComparison {
  std::uint64_t texts = 0;
  std::uint64_t bytes = 0;
  std::uint64_t changed_texts = 0;
  std::uint64_t changed_bytes = 0;            // of the texts that changed
  std::optional<std::string> counterexample;  // the first one found, made short
};

// How far to look.
enum class Search : std::uint8_t {
  kPieces,      // pieces and mixtures: the vocabularies
  kEverything,  // code points too: the stages
};

// Stops at the first text on which ids differ. `first`: texts to begin with.
IdComparison FindDifference(const Tokenizer& a, const Tokenizer& b, Search search,
                            const std::vector<std::string>& first = {});

// Encodes every text, and counts those that change.
IdComparison CompareTexts(const Tokenizer& a, const Tokenizer& b,
                          const std::vector<std::string_view>& texts);

// Lines of mixed pieces of `a`, from a fixed seed: text to measure on where there is none.
std::vector<std::string> MixedTexts(const Tokenizer& a, std::size_t lines);

// "..." with what cannot be printed escaped, cut after some characters.
std::string QuotedForMessage(std::string_view text);

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_CONVERT_COMPARE_IDS_H_
