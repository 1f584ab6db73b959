// Where two tokenizers cut one text: stretches between the boundaries that both have, and the
// boundaries that only the second one has.
//
// Boundaries are compared in bytes of what the tokens spell. Unknown tokens spell nothing, so a
// text that has one is compared by offsets, and a boundary inside what was an unknown token is no
// new cut: nothing was known there.
#ifndef TOKGRAFT_VOCAB_MERGE_EXTEND_CUTS_H_
#define TOKGRAFT_VOCAB_MERGE_EXTEND_CUTS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "tokenizer/spec.h"
#include "tokenizer/token.h"
#include "tokenizer/tokenizer.h"

namespace tokgraft {

// The id of unknown text; nullopt: the model has none.
std::optional<TokenId> UnknownOf(const TokenizerSpec& spec);

// Tokens [begin, end) of each side, between two boundaries that both have.
struct Stretch {
  std::size_t before_begin = 0;
  std::size_t before_end = 0;
  std::size_t after_begin = 0;
  std::size_t after_end = 0;
  std::vector<std::size_t> new_cuts{};  // tokens of the second side that end in a new cut
  // Unknown tokens of the second side where the first knew something.
  std::vector<std::size_t> newly_unknown{};
};

struct CutText {
  std::span<const TokenId> before;
  std::span<const TokenId> after;
  std::vector<std::uint64_t> before_ends{};
  std::vector<std::uint64_t> after_ends{};
  std::optional<TokenId> unknown{};  // of the first side

  bool IsUnknown(std::size_t token) const { return unknown && before[token] == *unknown; }
  // Where a token begins: at the end of the one before it.
  std::uint64_t BeforeBegin(std::size_t token) const {
    return token == 0 ? 0 : before_ends[token - 1];
  }
  std::uint64_t AfterBegin(std::size_t token) const {
    return token == 0 ? 0 : after_ends[token - 1];
  }
};

// Fills in newly_unknown of a stretch whose ends are known.
void FindNewlyUnknown(const CutText& cuts, Stretch* stretch);

// `unknown`: of the first tokenizer.
CutText CutsOf(const Tokenizer& before, std::span<const TokenId> before_ids, const Tokenizer& after,
               std::span<const TokenId> after_ids, std::optional<TokenId> unknown,
               std::string_view text);

// All stretches, in order.
template <typename Visit>
void VisitStretches(const CutText& cuts, Visit visit) {
  constexpr std::uint64_t kNone = ~std::uint64_t{0};
  Stretch stretch;
  std::size_t b = 0;
  std::size_t a = 0;
  std::uint64_t last = 0;  // the boundary of the second side before this one
  while (b < cuts.before.size() || a < cuts.after.size()) {
    const std::uint64_t before_end = b < cuts.before.size() ? cuts.before_ends[b] : kNone;
    const std::uint64_t after_end = a < cuts.after.size() ? cuts.after_ends[a] : kNone;
    if (before_end < after_end) {
      ++b;
      continue;
    }
    ++a;
    if (after_end < before_end) {
      const bool inside_unknown = b < cuts.before.size() && cuts.IsUnknown(b);
      if (after_end > last && !inside_unknown) stretch.new_cuts.push_back(a - 1);
      last = after_end;
      continue;
    }
    ++b;
    last = after_end;
    stretch.before_end = b;
    stretch.after_end = a;
    if (cuts.unknown) FindNewlyUnknown(cuts, &stretch);
    visit(stretch);
    stretch = {.before_begin = b,
               .before_end = b,
               .after_begin = a,
               .after_end = a,
               .new_cuts = {},
               .newly_unknown = {}};
  }
  stretch.before_end = b;
  stretch.after_end = a;
  if (stretch.before_begin < b || stretch.after_begin < a) visit(stretch);
}

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_EXTEND_CUTS_H_
