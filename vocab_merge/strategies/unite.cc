// union: the base with everything that the donor has: all its pieces, as `extend` adds them, and
// its special and declared tokens by name.
#include <algorithm>
#include <unordered_set>
#include <utility>

#include "tokenizer/base/report_text.h"
#include "tokenizer/tokenizer.h"
#include "vocab_merge/extend/chain.h"
#include "vocab_merge/extend/witness.h"
#include "vocab_merge/rules/rule.h"
#include "vocab_merge/strategies/strategy.h"
#include "vocab_merge/strategies/unigram_union.h"

namespace tokgraft {
namespace {

// How the donor declares a token; a .model only knows that it is one.
AddedToken Declaration(const TokenizerSpec& donor, const ListedToken& token) {
  const auto at = std::find_if(donor.added_tokens.begin(), donor.added_tokens.end(),
                               [&](const AddedToken& t) { return t.content == token.bytes; });
  if (at != donor.added_tokens.end()) return *at;
  AddedToken out;
  out.content = std::string(token.bytes);
  out.special = token.token_class == TokenClass::kSpecial;
  return out;
}

// The donor's special and declared tokens whose names mean nothing to the merged tokenizer yet.
std::vector<ListedToken> NewNames(const TokenizerSpec& merged, const TokenizerSpec& donor,
                                  const IdMap& map) {
  std::unordered_set<std::string_view> names;
  const std::vector<ListedToken> merged_tokens = ListTokens(merged);
  for (const ListedToken& token : merged_tokens) {
    names.insert(token.spelling);
    names.insert(token.bytes);
  }
  std::vector<ListedToken> out;
  for (const ListedToken& token : FirstOfEachId(ListTokens(donor))) {
    if (token.token_class != TokenClass::kSpecial && token.token_class != TokenClass::kDeclared) {
      continue;
    }
    if (map.donor_to_merged[token.id] || token.bytes.empty()) continue;
    if (names.insert(token.bytes).second) out.push_back(token);
  }
  return out;
}

void AddName(const TokenizerSpec& donor, const ListedToken& token, TokenId id,
             TokenizerSpec* merged) {
  AddedToken declaration = Declaration(donor, token);
  declaration.id = id;
  const bool in_vocab = merged->format == Format::kSentencePiece || merged->format == Format::kGguf;
  if (in_vocab) {
    merged->vocab.Add(
        {.id = id,
         .bytes = token.bytes,
         .spelling = token.bytes,
         .kind = declaration.special ? PieceKind::kControl : PieceKind::kUserDefined});
  } else {
    merged->added_tokens.push_back(std::move(declaration));
  }
}

// The names are found in a text before the model runs, so they may hide a piece that contains one,
// or a name another. Returns the ids that no text brings out any more; a name that a text cannot
// spell (sentencepiece's control pieces) is none of them.
std::vector<TokenId> FindWitnessesAgain(const Tokenizer& tokenizer, const MergeOptions& options,
                                        IdMap* map) {
  std::vector<WitnessQuery> queries;
  for (const AddedPiece& piece : map->added) {
    queries.push_back({.id = piece.id, .bytes = piece.bytes, .known = piece.witness});
  }
  std::vector<std::string> found = FindWitnesses(
      tokenizer, queries, {.allow_bytes = options.allow_bytes, .threads = options.threads});
  std::vector<TokenId> hidden;
  for (std::size_t i = 0; i < found.size(); ++i) {
    AddedPiece& piece = map->added[i];
    if (found[i].empty() && tokenizer.token_kind(piece.id) != PieceKind::kControl) {
      hidden.push_back(piece.id);
    }
    piece.witness = std::move(found[i]);
  }
  return hidden;
}

void TellHidden(const IdMap& map, const std::vector<TokenId>& hidden, ConflictReport* report) {
  Finding finding{
      .code = "B6",
      .severity = Severity::kWarning,
      .count = hidden.size(),
      .message = Cat(Counted(hidden.size(), "new id is", "new ids are"),
                     " in no encoding: an added token that is part of it is found first"),
      .action = "kept, since a union has all of both; trim takes them out"};
  for (const AddedPiece& piece : map.added) {
    if (std::find(hidden.begin(), hidden.end(), piece.id) == hidden.end()) continue;
    if (piece.donor_id) finding.donor_ids.push_back(*piece.donor_id);
    if (finding.examples.size() < kMaxExamples) finding.examples.push_back(ShowPiece(piece.bytes));
  }
  AddFinding(std::move(finding), report);
  SortByCode(report);
}

}  // namespace

StatusOr<MergeResult> Unite(const TokenizerSpec& base, const TokenizerSpec& donor,
                            const MergeOptions& options) {
  if (std::holds_alternative<UnigramModel>(base.model)) return UniteUnigram(base, donor, options);
  TOKGRAFT_RETURN_IF_ERROR(CheckNoSelection("union", options));
  MergeOptions extend = options;
  extend.strategy = "extend";
  extend.protect = options.old_text();
  extend.corpus = {};  // nothing is chosen
  TOKGRAFT_ASSIGN_OR_RETURN(MergeResult result, MergeTokenizers(base, donor, extend));
  IdMap& map = result.id_map;
  map.strategy = "union";
  for (const ListedToken& token : NewNames(result.tokenizer, donor, map)) {
    const auto id = static_cast<TokenId>(map.merged_size++);
    AddName(donor, token, id, &result.tokenizer);
    map.added.push_back({.id = id, .bytes = std::string(token.bytes), .donor_id = token.id});
    map.donor_to_merged[token.id] = id;
  }
  if (result.tokenizer.format == Format::kTokenizerJson) {
    TOKGRAFT_RETURN_IF_ERROR(FoldAddedTokens(&result.tokenizer));
  }
  TOKGRAFT_ASSIGN_OR_RETURN(const Tokenizer tokenizer, Compile(result.tokenizer));
  const std::vector<TokenId> hidden = FindWitnessesAgain(tokenizer, extend, &map);
  TOKGRAFT_RETURN_IF_ERROR(CheckAgain(base, donor, &result));
  TellHidden(map, hidden, &result.conflicts);
  TOKGRAFT_RETURN_IF_ERROR(CertifyResult(base, extend, &result));
  return result;
}

}  // namespace tokgraft
