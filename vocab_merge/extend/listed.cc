#include "vocab_merge/extend/listed.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "tokenizer/base/report_text.h"
#include "vocab_merge/extend/candidates.h"
#include "vocab_merge/rules/detect.h"
#include "vocab_merge/rules/token_list.h"

namespace tokgraft {
namespace {

constexpr std::size_t kShown = 5;

// `words.txt:3 "foo", words.txt:9 "bar" and 7 more`.
std::string ShowPieces(const std::vector<const WantedPiece*>& pieces) {
  std::string out;
  for (std::size_t i = 0; i < std::min(pieces.size(), kShown); ++i) {
    out += Cat(i == 0 ? "" : ", ", pieces[i]->place, " ", ShowPiece(pieces[i]->bytes));
  }
  if (pieces.size() > kShown) out += Cat(" and ", Grouped(pieces.size() - kShown), " more");
  return out;
}

Status CannotTake(const std::vector<const WantedPiece*>& pieces, const TokenizerSpec& donor) {
  const std::string rest =
      pieces.size() == 1
          ? ""
          : Cat(" (", Grouped(pieces.size()), " pieces of the list: ", ShowPieces(pieces), ")");
  return InvalidArgumentError(Cat(pieces[0]->place, ": ", ShowPiece(pieces[0]->bytes),
                                  " is no piece of the donor ", donor.source, rest,
                                  ", text that is one token there was expected, with the blank "
                                  "before it if it has one; take it out of the list"));
}

}  // namespace

StatusOr<Selection> SelectListed(const TokenizerSpec& base, const TokenizerSpec& donor,
                                 const Alignment& alignment,
                                 const std::vector<WantedPiece>& pieces) {
  std::unordered_map<std::string_view, TokenId> missing;
  const std::vector<Candidate> candidates = MakeCandidates(donor, alignment.missing);
  for (const Candidate& candidate : candidates) {
    missing.emplace(candidate.bytes, candidate.donor_id);
  }
  std::unordered_set<std::string_view> in_base;
  const std::vector<ListedToken> base_tokens = ListTokens(base);
  for (const ListedToken& token : base_tokens) {
    if (token.token_class != TokenClass::kUnused) in_base.insert(token.bytes);
  }
  Selection selection;
  std::unordered_set<TokenId> taken;
  std::vector<const WantedPiece*> known;
  std::vector<const WantedPiece*> foreign;
  for (const WantedPiece& piece : pieces) {
    const auto at = missing.find(piece.bytes);
    if (at != missing.end()) {
      if (taken.insert(at->second).second) selection.pieces.push_back({.donor_id = at->second});
    } else {
      (in_base.contains(piece.bytes) ? known : foreign).push_back(&piece);
    }
  }
  if (!foreign.empty()) return CannotTake(foreign, donor);
  if (!known.empty()) {
    selection.notes.push_back(Cat(Counted(known.size(), "piece"), " of the list ",
                                  known.size() == 1 ? "is" : "are",
                                  " in the base already: ", ShowPieces(known)));
  }
  for (const TokenId id : alignment.missing) {
    if (!taken.contains(id)) selection.outside_scripts.push_back(id);
  }
  std::sort(selection.outside_scripts.begin(), selection.outside_scripts.end());
  return selection;
}

}  // namespace tokgraft
