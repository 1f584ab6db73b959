// Bases that find their pieces whole: Unigram takes the best of all cuts, WordPiece the longest
// piece from the left. No joins lead to a piece there, so a new one needs no helpers: it is put in,
// and competes.
//
// Unigram: new pieces get the highest scores that lie below all old ones, falling in the order in
// which they come, each a float of its own, since files hold floats. So close to the old minimum
// they win wherever the base spends two tokens or more, and never against one old piece.
//
// WordPiece: ` foo` of a vocabulary with spaces is the word start `foo`, a piece without a space is
// `##foo`, inside a word; unless the base always sets it apart (a Chinese character, a sign).
#ifndef TOKGRAFT_VOCAB_MERGE_EXTEND_WHOLE_H_
#define TOKGRAFT_VOCAB_MERGE_EXTEND_WHOLE_H_

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tokenizer/spec.h"
#include "tokenizer/status.h"
#include "tokenizer/token.h"
#include "vocab_merge/alignment.h"
#include "vocab_merge/rules/cause.h"

namespace tokgraft {

// Whether the model is Unigram or WordPiece.
bool FindsWholePieces(const TokenizerSpec& spec);

// A piece in the base's spelling.
struct WholePiece {
  TokenId donor_id = 0;
  std::string bytes{};
  std::string spelling{};
  bool inside_word = false;  // WordPiece
};

// nullopt: the base has no spelling for it, or one that is taken or would mean something else.
std::optional<WholePiece> SpellWhole(const TokenizerSpec& base, std::string_view bytes,
                                     bool inside_word);

// The base with new pieces, on ids from id_limit() on. Added tokens become part of the vocabulary
// at their ids (tokenizer.json). Unimplemented: scores without numbers below them. InvalidArgument:
// a spelling exists already.
StatusOr<TokenizerSpec> AddWhole(const TokenizerSpec& base, std::span<const WholePiece> pieces);

// Pieces of the donor as the base would have them.
struct WholeCandidates {
  std::vector<WholePiece> pieces{};  // in the donor's order of priority, each spelling once
  // Donor ids that have no piece of their own.
  std::vector<std::pair<TokenId, Cause>> unspellable{};
  std::vector<std::pair<TokenId, TokenId>> in_base{};         // and the base piece that they are
  std::vector<std::pair<TokenId, std::size_t>> same_piece{};  // and the one of `pieces`
};

// Of `donor_ids`, which come in the donor's order. Errors: those of Compile.
StatusOr<WholeCandidates> MakeWholeCandidates(const TokenizerSpec& base, const TokenizerSpec& donor,
                                              const std::vector<TokenId>& donor_ids, int threads);

// WordPiece: words after which a piece stands inside a word, for witnesses. Others: none.
std::vector<std::string> WordBegins(const TokenizerSpec& spec);

// The lowest score of the normal pieces; 0 where there is none.
double LowestNormalScore(const TokenizerSpec& spec);

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_EXTEND_WHOLE_H_
