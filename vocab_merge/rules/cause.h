// Why nothing emits a piece: the stages of its tokenizer are asked one after the other, each
// through a tokenizer that has only this stage left.
#ifndef TOKGRAFT_VOCAB_MERGE_RULES_CAUSE_H_
#define TOKGRAFT_VOCAB_MERGE_RULES_CAUSE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/spec.h"
#include "tokenizer/status.h"
#include "tokenizer/token.h"
#include "vocab_merge/extend/witness.h"

namespace tokgraft {

// The first stage of the pipeline that stands in a piece's way.
enum class Cause : std::uint8_t {
  kAddedToken,    // B6
  kNormalizer,    // B5
  kPreTokenizer,  // B3
  kDigits,        // B4
  kNoPath,        // B1
};

struct DeadPiece {
  std::optional<TokenId> id{};  // in the spec; absent: it has no such piece, nor a way to make one
  std::string_view bytes{};
  Cause cause = Cause::kNoPath;
  std::string becomes{};  // kNormalizer: what the normalizer makes of it
};

// Fills in `cause` and `becomes` of pieces that `spec`'s tokenizer emits in no text that was tried.
Status ExplainDead(const TokenizerSpec& spec, const WitnessOptions& options,
                   std::vector<DeadPiece>* pieces);

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_RULES_CAUSE_H_
