// intersect: what both tokenizers have, with what the base needs to make it, numbered anew.
#include <algorithm>
#include <utility>

#include "vocab_merge/rules/rule.h"
#include "vocab_merge/strategies/strategy.h"
#include "vocab_merge/trim.h"

namespace tokgraft {

StatusOr<MergeResult> Intersect(const TokenizerSpec& base, const TokenizerSpec& donor,
                                const MergeOptions& options) {
  TOKGRAFT_RETURN_IF_ERROR(CheckNoSelection("intersect", options));
  TOKGRAFT_ASSIGN_OR_RETURN(const Alignment alignment, Align(base, donor));
  TrimOptions trim;
  trim.threads = options.threads;
  for (const std::optional<TokenId>& id : alignment.donor_to_base) {
    if (id) trim.ids.push_back(*id);
  }
  if (trim.ids.empty()) {
    return InvalidArgumentError(
        "strategy: \"intersect\": the two have no token in common, so nothing would be left");
  }
  if (options.progress) options.progress("trim", 0);
  TOKGRAFT_ASSIGN_OR_RETURN(TrimResult trimmed, Trim(base, trim));
  MergeResult result;
  result.tokenizer = std::move(trimmed.tokenizer);
  IdMap& map = result.id_map = std::move(trimmed.id_map);
  map.strategy = "intersect";
  for (const std::optional<TokenId>& id : alignment.donor_to_base) {
    map.donor_to_merged.push_back(id ? map.base_to_merged[*id] : std::nullopt);
  }
  const std::vector<RefusedPiece> none;
  result.conflicts = CheckAll(MakeFacts(base, donor, alignment, map, none));
  TOKGRAFT_RETURN_IF_ERROR(CertifyResult(base, options, &result));
  return result;
}

}  // namespace tokgraft
