// Diff: are two tokenizers the same function?
//
// Two files may look different and be the same tokenizer (keys in another order, merges as "a b" or
// as pairs), or look alike and differ in one flag that moves ids. Diff answers with a proof or with
// a text:
//
//   StatusOr<TokenizerSpec> a = Load("old/"), b = Load("new/");
//   StatusOr<DiffReport> report = Diff(*a, *b);
//   report->verdict;                          // kSame, kDifferent or kUndecided
//   report->counter_example->text;            // where kDifferent: a text whose ids differ
//   std::string hash = ContentHash(*a);       // 64 hex digits; equal where kSame
//
// The proof: everything that takes part in encoding and decoding is written down in one canonical
// form (pieces by id and bytes, merges by their effective rank, stages without the fields that only
// move offsets) and compared; ContentHash is its SHA-256. Where the forms differ, a text is sought
// whose ids differ: pieces of both, alone and after a space, added tokens, texts of many scripts,
// and the corpora given. Where none is found the tokenizers may still be one function, told in two
// ways (a merge list and ranks): the verdict is "undecided", with the number of texts that agreed.
//
//   {a, b, verdict: "same" | "different" | "undecided", proof, hash: {a, b},
//    pieces: {a, b, shared, same_id, only_a, only_b, only_a_ids, only_b_ids, only_a_classes, ...},
//    merges: {a, b, shared, inverted_share}, differences: [{kind, count, message, examples}],
//    counter_example: {kind, text, ids_a, ids_b, pieces_a, pieces_b} | null,
//    cut_example: the same, of a text that is also cut in other places | null,
//    checked: {texts, bytes}}
#ifndef TOKGRAFT_VOCAB_MERGE_DIFF_H_
#define TOKGRAFT_VOCAB_MERGE_DIFF_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/corpus.h"
#include "tokenizer/spec.h"
#include "tokenizer/status.h"
#include "tokenizer/token.h"
#include "tokenizer/tokenizer.h"

namespace tokgraft {

struct DiffOptions {
  std::vector<Corpus> corpora{};  // more texts to seek a difference in, a line a document
  int threads = 0;                // 0: all cores; the result does not depend on it
};

enum class Verdict : std::uint8_t {
  kSame,       // proved
  kDifferent,  // a text shows it
  kUndecided,  // told in different ways; no text was found that shows a difference
};
std::string_view VerdictName(Verdict verdict);  // "same", "different", "undecided"

struct Difference {
  std::string kind{};  // "pieces", "ids", "kinds", "scores", "merges", "model", "added tokens",
                       // "normalizer", "pre-tokenizer", "template", "decoder", "reference"
  std::uint64_t count = 0;  // pieces, merges or tokens concerned; 1 for a stage
  std::string message{};    // in plain words
  std::vector<std::string> examples{};
  friend bool operator==(const Difference&, const Difference&) = default;
};

struct CounterExample {
  std::string kind{};  // "ids", "ids with special tokens", "decoding"
  std::string text{};
  std::vector<TokenId> ids_a{};
  std::vector<TokenId> ids_b{};
  std::vector<std::string> pieces_a{};  // "decoding": the text that each gives
  std::vector<std::string> pieces_b{};
  friend bool operator==(const CounterExample&, const CounterExample&) = default;
};

// Pieces by their bytes; specials by their names.
struct PieceDiff {
  std::uint64_t a = 0;  // tokens, added ones included
  std::uint64_t b = 0;
  std::uint64_t shared = 0;
  std::uint64_t same_id = 0;                              // of these
  std::vector<TokenId> only_a{};                          // ids in a, ascending
  std::vector<TokenId> only_b{};                          // ids in b
  std::map<std::string, std::uint64_t> only_a_classes{};  // "digits", "han", ..., "mixed"
  std::map<std::string, std::uint64_t> only_b_classes{};
  friend bool operator==(const PieceDiff&, const PieceDiff&) = default;
};

struct MergeDiff {
  std::uint64_t a = 0;  // merges, or pieces that have a rank or a score
  std::uint64_t b = 0;
  std::uint64_t shared = 0;
  double inverted_share = 0;  // of all pairs of shared ones: those whose order differs
  friend bool operator==(const MergeDiff&, const MergeDiff&) = default;
};

struct DiffReport {
  std::string a;  // files
  std::string b;
  Verdict verdict = Verdict::kUndecided;
  std::string proof{};  // why, in a sentence
  std::string hash_a{};
  std::string hash_b{};
  PieceDiff pieces{};
  MergeDiff merges{};
  std::vector<Difference> differences{};
  std::optional<CounterExample> counter_example{};
  std::optional<CounterExample> cut_example{};
  std::uint64_t checked_texts = 0;
  std::uint64_t checked_bytes = 0;

  std::string ToJson() const;
  std::string DebugString() const;  // for people
  friend bool operator==(const DiffReport&, const DiffReport&) = default;
};

// A tokenizer that cannot be compiled is compared too; no text is sought then. Errors: those of
// reading a corpus.
StatusOr<DiffReport> Diff(const TokenizerSpec& a, const TokenizerSpec& b,
                          const DiffOptions& options = {});
StatusOr<DiffReport> Diff(const Tokenizer& a, const Tokenizer& b, const DiffOptions& options = {});

// SHA-256 of the canonical form, in hex.
std::string ContentHash(const TokenizerSpec& spec);

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_DIFF_H_
