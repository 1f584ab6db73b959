// Certificate: what a merge does to text that the base already encoded.
//
//   L0  identical ids on every valid text that, once normalized, has no character of `scripts`
//   L1  coarsening only: token boundaries disappear, none appears, on any text
//   L2  measured on the text given, nothing proved
//   L3  no promise, nothing measured
//
// `proved` says that the level follows from the two specs alone. For a BPE base: the stages, added
// tokens and flags are equal, every base join keeps its priority, every new join comes after all of
// them, and the base never fuses unknown characters into one token. Joins are made best priority
// first, so every join of the base is made before any new one, and what follows only joins. This
// holds for merge lists, scores and ranks alike.
//
// L0 follows where, besides, a character outside the protected scripts stands in all that a new
// join or piece spells: a text whose normalized form (what the model sees) has none gives them
// nothing to act on. A character is of all scripts of its Script_Extensions; one that is shared by
// all scripts (Common, Inherited) or by a protected one is not outside. A piece that ends inside a
// character, as helper pieces do, is judged by every character that may follow. The raw text would
// not do: U+00A8 U+0300, neither of them Greek, is normalized to U+1FED, which is. The text given
// is encoded by both tokenizers all the same: `new_cuts` counts boundaries that the base did not
// have, `changed_spans` stretches between common boundaries whose ids differ. Boundaries inside
// what was an unknown token are no cuts: nothing was known there.
//
// Unigram and WordPiece bases choose among all pieces at once, so nothing there is a coarsening by
// proof: it is L2, or L0. On a text without a character of `scripts` no new piece occurs, so the
// choice is among the same pieces with the same scores. One score follows the vocabulary, though:
// an unknown character's, which tokenizers and sentencepiece set to the lowest score - 10, so that
// pieces below it lower it too. That changes what competes with unknown characters and, by
// rounding, which of two equal cuts behind one wins. So L0 is claimed of a Unigram base only where
// that score stays as it was (a special piece of tokenizer.json lies below the new ones) or where
// no character is unknown (byte-level pieces with all 256 bytes); else the reason says what holds
// for text of known characters. L0 there is no L1: text in `scripts` may get new cuts.
//
//   StatusOr<Certificate> c = Certify(base, merged, {.texts = documents});
//   c->level;   // "L1"
#ifndef TOKGRAFT_VOCAB_MERGE_CERTIFICATE_H_
#define TOKGRAFT_VOCAB_MERGE_CERTIFICATE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/spec.h"
#include "tokenizer/status.h"
#include "tokenizer/tokenizer.h"
#include "vocab_merge/id_map.h"

namespace tokgraft {

struct Certificate {
  std::string level = "L3";  // "L0".."L3"
  bool proved = false;
  std::string reason{};  // the proof, or what prevents it
  // L0: the scripts of the new pieces, by name; "Unknown" has the code points not assigned.
  std::vector<std::string> scripts{};
  std::uint64_t checked_bytes = 0;
  std::uint64_t base_tokens = 0;    // of the text checked
  std::uint64_t merged_tokens = 0;  // of the text checked
  std::uint64_t new_cuts = 0;
  std::uint64_t changed_spans = 0;

  std::string ToJson() const;
  std::string DebugString() const;
  friend bool operator==(const Certificate&, const Certificate&) = default;
};

struct CertifyOptions {
  std::vector<std::string_view> texts{};  // documents to check on; borrowed for the call
  // L0 is claimed where every new join and piece needs a character outside these scripts.
  std::vector<std::string> protected_scripts = {"Latin"};
  // Where the ids of the base went, if any moved or left: ids are compared through it. nullptr:
  // each is where it was. Borrowed for the call.
  const IdMap* id_map = nullptr;
  int threads = 0;
};

// Errors: those of Compile, where there is text to check on; InvalidArgument: an unknown
// script; Internal: a proved promise that the text refutes.
StatusOr<Certificate> Certify(const TokenizerSpec& base, const TokenizerSpec& merged,
                              const CertifyOptions& options = {});
// The same, of what is compiled already.
StatusOr<Certificate> Certify(const Tokenizer& base, const Tokenizer& merged,
                              const CertifyOptions& options = {});

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_CERTIFICATE_H_
