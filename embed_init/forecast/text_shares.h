// How much of a text a change of vocabulary touches: counts, no model.
#ifndef TOKGRAFT_EMBED_INIT_FORECAST_TEXT_SHARES_H_
#define TOKGRAFT_EMBED_INIT_FORECAST_TEXT_SHARES_H_

#include <cstdint>
#include <vector>

#include "embed_init/init_plan.h"
#include "tokenizer/corpus.h"
#include "tokenizer/status.h"
#include "tokenizer/tokenizer.h"
#include "vocab_merge/id_map.h"

namespace tokgraft {

struct TextShares {
  std::uint64_t bytes = 0;
  std::uint64_t tokens_before = 0;
  std::uint64_t tokens_after = 0;
  std::uint64_t new_tokens = 0;  // of tokens_after
  std::uint64_t new_bytes = 0;   // bytes that these stand for
  // Places where text is cut otherwise into old tokens: runs of tokens that are not new and that
  // the old tokenizer has not there.
  std::uint64_t other_cuts = 0;
  std::uint64_t old_pieces = 0;  // that the new tokens are made of
  std::uint64_t seen = 0;        // different new tokens

  friend bool operator==(const TextShares&, const TextShares&) = default;
};

// `pieces` as SplitIntoOldPieces gives them, in the order of id_map.added. Memory: a batch of
// documents and its tokens. Errors: those of ForEachBatch.
StatusOr<TextShares> CountShares(const Tokenizer& before, const Tokenizer& after,
                                 const IdMap& id_map, const std::vector<OldPieces>& pieces,
                                 const Corpus& corpus, Documents documents, int threads);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_FORECAST_TEXT_SHARES_H_
