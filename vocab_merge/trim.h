// Trim: a smaller vocabulary that encodes the kept text as before.
//
// What stays: every id that the kept corpora use, every piece that joins make on the way to one of
// these, and what no tokenizer should lose: special and added tokens, the byte alphabet (or, where
// the model has none, every single character), and the pieces of the literals in the chat template.
// Ids are numbered anew without holes, in the old order, so ranks and scores keep theirs.
//
//   StatusOr<TokenizerSpec> spec = Load("qwen3/");
//   StatusOr<TrimResult> small = Trim(*spec, {.corpus = documents});
//   small->id_map.merged_size;                      // ids that are left
//   StatusOr<SaveReport> saved = Save(small->tokenizer, "qwen3-small/");
//
// The promise: a text whose ids are all kept encodes to the same ids, renumbered. BPE makes the
// joins inside a token in the order in which it makes them when the token stands alone, whatever
// surrounds it; all of these are kept in their order, and fewer joins compete. The best Unigram
// path and the longest WordPiece match stay the best and the longest among fewer. The kept corpora
// are encoded again with the result all the same, and a difference is an Internal error.
#ifndef TOKGRAFT_VOCAB_MERGE_TRIM_H_
#define TOKGRAFT_VOCAB_MERGE_TRIM_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/spec.h"
#include "tokenizer/status.h"
#include "tokenizer/token.h"
#include "vocab_merge/id_map.h"

namespace tokgraft {

struct TrimOptions {
  std::vector<std::string_view> corpus{};  // documents to keep; borrowed for the call
  std::vector<TokenId> ids{};              // ids to keep whether the corpus uses them or not
  int threads = 0;                         // 0: all cores; the result does not depend on it
};

// Why ids stay: each is counted once, under the first reason that applies, in this order.
struct TrimReport {
  std::uint64_t base_size = 0;     // ids before
  std::uint64_t special = 0;       // special, added, unknown and control tokens
  std::uint64_t alphabet = 0;      // bytes, or single characters
  std::uint64_t used = 0;          // by the corpora
  std::uint64_t literals = 0;      // by literals of the chat template
  std::uint64_t asked = 0;         // TrimOptions::ids
  std::uint64_t intermediate = 0;  // made by joins on the way to one of the others
  std::uint64_t removed = 0;
  std::uint64_t checked_documents = 0;  // encoded by both: equal ids, renumbered
  std::uint64_t checked_bytes = 0;
  std::uint64_t checked_tokens = 0;

  std::string ToJson() const;       // an object with these names
  std::string DebugString() const;  // a table
  friend bool operator==(const TrimReport&, const TrimReport&) = default;
};

struct TrimResult {
  TokenizerSpec tokenizer;
  IdMap id_map;  // strategy "trim"; base_to_merged is null for what is removed
  TrimReport report;
};

// Errors: those of Compile. InvalidArgument: nothing to keep, or an id that does not exist.
// Unimplemented: a BPE model that marks the inside or end of words.
StatusOr<TrimResult> Trim(const TokenizerSpec& base, const TrimOptions& options);

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_TRIM_H_
