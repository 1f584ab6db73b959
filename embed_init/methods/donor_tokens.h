// Which rows of a donor model belong to tokens of the model, and which to wanted ones.
#ifndef TOKGRAFT_EMBED_INIT_METHODS_DONOR_TOKENS_H_
#define TOKGRAFT_EMBED_INIT_METHODS_DONOR_TOKENS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "embed_init/methods/method.h"
#include "tokenizer/status.h"
#include "tokenizer/tokenizer.h"
#include "vocab_merge/id_map.h"

namespace tokgraft {

struct DonorTokens {
  std::vector<Anchor> anchors;                       // by donor row
  std::vector<std::optional<std::uint32_t>> wanted;  // [id_map.added] the donor's row
  std::uint64_t beyond = 0;  // tokens of the donor's tokenizer that have no row
};

// By the tokenizer in the donor model's directory: the same canonical bytes are the same token, so
// the merge may have had another donor (a trimmed one, pieces learnt from text), and anchors are
// tokens that the new vocabulary drops, too. A special token is looked for only where the tokenizer
// is the donor of the merge. Without a tokenizer there, by what the id map says of the donor.
// FailedPrecondition: neither is there. Errors of Load: the tokenizer is broken.
StatusOr<DonorTokens> FindDonorTokens(const std::string& donor_model, std::uint64_t donor_rows,
                                      const IdMap& id_map, const Tokenizer& base,
                                      std::uint64_t old_rows);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_METHODS_DONOR_TOKENS_H_
