#include "vocab_merge/extend/candidates.h"

#include <algorithm>
#include <tuple>

#include "vocab_merge/rules/token_list.h"

namespace tokgraft {

bool ShorterFirst(const Candidate& a, const Candidate& b) {
  return std::tuple(a.bytes.size(), a.donor_id) < std::tuple(b.bytes.size(), b.donor_id);
}

std::vector<Candidate> MakeCandidates(const TokenizerSpec& donor,
                                      const std::vector<TokenId>& donor_ids) {
  const std::unordered_map<TokenId, ListedToken> tokens = TokensById(ListTokens(donor));
  std::vector<Candidate> out;
  out.reserve(donor_ids.size());
  for (const TokenId id : donor_ids) {
    const auto token = tokens.find(id);
    if (token != tokens.end()) out.push_back({id, token->second.bytes});
  }
  std::sort(out.begin(), out.end(), ShorterFirst);
  return out;
}

std::vector<std::string_view> BytesOf(const std::vector<Candidate>& candidates) {
  std::vector<std::string_view> out;
  out.reserve(candidates.size());
  for (const Candidate& candidate : candidates) out.push_back(candidate.bytes);
  return out;
}

}  // namespace tokgraft
