// Which ids of a vocabulary stay where others go: what no tokenizer should lose, what texts use,
// and what joins make on the way to one of these.
#ifndef TOKGRAFT_VOCAB_MERGE_TRIM_KEEP_H_
#define TOKGRAFT_VOCAB_MERGE_TRIM_KEEP_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "tokenizer/spec.h"
#include "tokenizer/status.h"
#include "tokenizer/token.h"
#include "tokenizer/tokenizer.h"
#include "vocab_merge/id_map.h"

namespace tokgraft {

// The ids that stay. Each is counted under the reason that keeps it first.
class KeepSet {
 public:
  explicit KeepSet(std::size_t size) : kept_(size) {}
  bool Has(TokenId id) const { return id < kept_.size() && kept_[id]; }
  void Add(TokenId id, std::uint64_t* reason) {
    if (id >= kept_.size() || kept_[id]) return;
    kept_[id] = true;
    ++*reason;
  }
  std::size_t size() const { return kept_.size(); }

 private:
  std::vector<bool> kept_;
};

// What no tokenizer should lose, whatever text it is for: special and added tokens (`special`), the
// byte alphabet or, where the model has none, every single character, and the lowest score of a
// Unigram model, on which that of unknown characters hangs (`alphabet`).
void KeepFoundations(const TokenizerSpec& spec, KeepSet* keep, std::uint64_t* special,
                     std::uint64_t* alphabet);

// What the documents use.
void KeepUsed(const Tokenizer& tokenizer, std::span<const std::string_view> documents, int threads,
              KeepSet* keep, std::uint64_t* reason);

// What the literals of the chat templates use.
void KeepLiterals(const Tokenizer& tokenizer, int threads, KeepSet* keep, std::uint64_t* reason);

// Unimplemented: a BPE model that marks the inside or end of words.
Status CheckJoins(const TokenizerSpec& spec);

// What the joins of a BPE model make on the way to the ids that stay. Errors: those of CheckJoins.
Status KeepIntermediates(const TokenizerSpec& spec, KeepSet* keep, std::uint64_t* reason);

// New ids without holes, in the old order; nullopt: it goes.
std::vector<std::optional<TokenId>> NumberAnew(const KeepSet& keep);

// The tokens without a new id, by id.
std::vector<RemovedPiece> RemovedPieces(const TokenizerSpec& spec,
                                        const std::vector<std::optional<TokenId>>& new_ids);

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_TRIM_KEEP_H_
