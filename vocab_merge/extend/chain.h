// Chains of joins: how pieces are added to a BPE vocabulary so that each can be reached.
//
// A piece is encoded with the vocabulary so far; while that gives several tokens, two neighbours
// get a new join, which comes after every join so far. Since a new join has the last turn, the
// encoding of the piece runs as before up to the point where it got stuck, then goes on: each piece
// becomes one token, and a later chain cannot undo an earlier one.
//
// Which neighbours: a pair whose concatenation is a piece already; else one that makes whole
// characters; else one inside a character; leftmost first. A product that did not exist is a helper
// piece. Vocabularies without a merge list (scores, ranks) join whatever concatenates to a piece,
// so there a chain adds pieces only.
#ifndef TOKGRAFT_VOCAB_MERGE_EXTEND_CHAIN_H_
#define TOKGRAFT_VOCAB_MERGE_EXTEND_CHAIN_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/spec.h"
#include "tokenizer/status.h"

namespace tokgraft {

struct NewPiece {
  std::string bytes{};
  std::size_t owner = 0;  // index of the wanted piece whose chain made it
  std::uint32_t merges_begin = 0;
  std::uint32_t merges_end = 0;  // [begin, end) of Growth::merges; the last one makes this piece
  // What its last join joins, in every order of joins; nullopt: a unit, or a missing character.
  std::optional<TokenId> left{};
  std::optional<TokenId> right{};
  std::uint32_t saves = 0;  // tokens that making it once saves
  friend bool operator==(const NewPiece&, const NewPiece&) = default;
};

struct Growth {
  TokenId first_id = 0;                // pieces[i] has the id first_id + i
  std::vector<NewPiece> pieces{};      // in order of creation
  std::vector<Merge> merges{};         // in order of rank; empty where the base has no merge list
  std::vector<std::size_t> refused{};  // wanted pieces that no allowed chain makes
  std::vector<std::size_t> unpaid{};  // wanted pieces whose chains the limit did not leave room for
  friend bool operator==(const Growth&, const Growth&) = default;
};

// Bytes of pieces that may not be added as helpers.
using ForbiddenPieces = std::set<std::string, std::less<>>;

inline constexpr std::uint64_t kNoLimit = ~std::uint64_t{0};

class ChainBuilder {
 public:
  // Borrows `base`. Unimplemented: a model that is not BPE, or marks the inside or end of words.
  static StatusOr<ChainBuilder> Make(const TokenizerSpec& base);

  // Adds `wanted` in this order (shorter pieces first make shorter chains). Pieces that exist are
  // skipped, and so are those that would need more than `limit` new pieces in all.
  Growth Build(std::span<const std::string_view> wanted, const ForbiddenPieces& forbidden,
               std::uint64_t limit = kNoLimit) const;

  // What the base joins on the way to one token with these bytes: its units, every product, itself
  // last, with repetitions. nullopt: no joins end there. Quadratic in the length, so pieces longer
  // than 16 KiB have none.
  std::optional<std::vector<TokenId>> Derive(std::string_view bytes) const;

  // Whether the model joins bytes; else it joins characters.
  bool joins_bytes() const;
  // Whether any two neighbours join where their concatenation is a piece; else a merge list says.
  bool joins_by_text() const;

  struct BaseJoin {
    double turn = 0;  // lowest first
    TokenId product = 0;
  };
  // The join of two tokens of the base, by its merge list.
  std::optional<BaseJoin> FindMerge(TokenId left, TokenId right) const;
  // The join into a piece of the base with these bytes, where joins go by text.
  std::optional<BaseJoin> FindText(std::string_view bytes) const;
  // The id of the base's piece with these bytes that joins can make.
  std::optional<TokenId> FindPiece(std::string_view bytes) const;
  // Whether no new piece can have these bytes: a token of the base is spelled like that already, or
  // the base cannot spell them.
  bool SpellingTaken(std::string_view bytes) const;

  struct Tables;

 private:
  std::shared_ptr<const Tables> tables_;
};

// The base with `growth`: pieces and merges appended, scores below all others, and (tokenizer.json)
// added tokens made part of the vocabulary at their ids. InvalidArgument: a spelling exists
// already.
StatusOr<TokenizerSpec> ExtendSpec(const TokenizerSpec& base, const Growth& growth);

// Makes added tokens part of the vocabulary at their ids: readers of tokenizer.json number one that
// is not there by the size of the vocabulary, whatever id the file declares (D17). Unimplemented:
// as a piece the model would find one in text that it is not looked for in now.
Status FoldAddedTokens(TokenizerSpec* spec);

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_EXTEND_CHAIN_H_
