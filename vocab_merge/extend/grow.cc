#include "vocab_merge/extend/grow.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "tokenizer/tokenizer.h"

namespace tokgraft {
namespace {

using Texts = std::unordered_map<std::string, std::string>;  // bytes of a piece to its last witness

std::vector<std::string> Witnesses(const Tokenizer& tokenizer, const Growth& growth,
                                   const std::vector<std::string_view>& wanted, const Texts& known,
                                   const WitnessOptions& options) {
  std::vector<WitnessQuery> queries;
  queries.reserve(growth.pieces.size());
  for (std::size_t i = 0; i < growth.pieces.size(); ++i) {
    const NewPiece& piece = growth.pieces[i];
    const auto it = known.find(piece.bytes);
    queries.push_back({.id = static_cast<TokenId>(growth.first_id + i),
                       .bytes = piece.bytes,
                       .owner = wanted[piece.owner],
                       .known = it == known.end() ? std::string_view() : it->second});
  }
  return FindWitnesses(tokenizer, queries, options);
}

}  // namespace

StatusOr<Grown> Grow(const TokenizerSpec& base, const ChainBuilder& builder,
                     const std::vector<std::string_view>& wanted, const WitnessOptions& options,
                     std::uint64_t limit) {
  Grown grown;
  std::vector<std::string_view> left = wanted;  // what is still wanted
  std::vector<std::size_t> index(wanted.size());
  for (std::size_t i = 0; i < index.size(); ++i) index[i] = i;
  ForbiddenPieces forbidden;
  Texts known;
  while (true) {
    ++grown.rounds;
    grown.growth = builder.Build(left, forbidden, limit);
    TOKGRAFT_ASSIGN_OR_RETURN(TokenizerSpec merged, ExtendSpec(base, grown.growth));
    TOKGRAFT_ASSIGN_OR_RETURN(const Tokenizer tokenizer, Compile(std::move(merged)));
    grown.witnesses = Witnesses(tokenizer, grown.growth, left, known, options);
    // A dead piece is wanted no more and may not help others either, so each round forbids more.
    const std::size_t forbidden_before = forbidden.size();
    for (std::size_t i = 0; i < grown.witnesses.size(); ++i) {
      const std::string& bytes = grown.growth.pieces[i].bytes;
      if (grown.witnesses[i].empty()) {
        forbidden.insert(bytes);
      } else {
        known[bytes] = grown.witnesses[i];
      }
    }
    std::vector<bool> out(left.size());
    for (const std::size_t i : grown.growth.refused) out[i] = true;
    bool changed = false;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < left.size(); ++i) {
      if (out[i] || forbidden.find(left[i]) != forbidden.end()) {
        grown.refused.push_back(index[i]);
        changed = true;
        continue;
      }
      left[kept] = left[i];
      index[kept++] = index[i];
    }
    left.resize(kept);
    index.resize(kept);
    if (!changed && forbidden.size() == forbidden_before) break;
  }
  for (NewPiece& piece : grown.growth.pieces) piece.owner = index[piece.owner];
  std::sort(grown.refused.begin(), grown.refused.end());
  return grown;
}

}  // namespace tokgraft
