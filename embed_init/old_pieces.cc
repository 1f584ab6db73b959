// Splitting new tokens into old ones: SplitIntoOldPieces of init_plan.h.
//
// Both tokenizers turn a text into the same stream of bytes, cut in different places. The old
// pieces of a new token are the old tokens that tile exactly its bytes of that stream. The text is
// the witness where there is one (the token in its real context), else the token's own bytes behind
// a few harmless contexts, which takes care of tokenizers that put a space in front of a text.
#include <algorithm>
#include <array>

#include "embed_init/init_plan.h"
#include "tokenizer/base/parallel.h"

namespace tokgraft {
namespace {

constexpr std::size_t kTokensPerTask = 64;

// Ids with the bytes they stand for, end to end.
struct Stream {
  std::vector<TokenId> ids;
  std::vector<std::size_t> starts;  // [ids + 1] in bytes
  std::string bytes;
};

Stream Encode(const Tokenizer& tokenizer, std::string_view text) {
  Stream stream;
  tokenizer.EncodeIds(text, &stream.ids);
  stream.starts.push_back(0);
  for (const TokenId id : stream.ids) {
    stream.bytes += tokenizer.token_bytes(id).value_or(std::string_view());
    stream.starts.push_back(stream.bytes.size());
  }
  return stream;
}

// The old tokens that tile [begin, end) of the stream and spell `bytes`; empty: there are none.
OldPieces Tile(const Tokenizer& base, const Stream& stream, std::size_t begin, std::size_t end,
               std::string_view bytes) {
  OldPieces pieces;
  if (end > stream.bytes.size() || stream.bytes.compare(begin, end - begin, bytes) != 0) return {};
  const auto first = std::lower_bound(stream.starts.begin(), stream.starts.end(), begin);
  if (first == stream.starts.end() || *first != begin) return {};
  for (auto i = static_cast<std::size_t>(first - stream.starts.begin());
       i < stream.ids.size() && stream.starts[i + 1] <= end; ++i) {
    const TokenId id = stream.ids[i];
    const std::optional<PieceKind> kind = base.token_kind(id);
    if (!kind || *kind == PieceKind::kUnknown) return {};
    const std::size_t size = stream.starts[i + 1] - stream.starts[i];
    if (size == 0) continue;
    pieces.ids.push_back(id);
    pieces.size_bytes.push_back(static_cast<std::uint32_t>(size));
    if (stream.starts[i + 1] == end) return pieces;
  }
  return {};
}

OldPieces FromWitness(const AddedPiece& token, const Tokenizer& base, const Tokenizer& merged) {
  if (token.witness.empty()) return {};
  const Stream after = Encode(merged, token.witness);
  const auto at = std::find(after.ids.begin(), after.ids.end(), token.id);
  if (at == after.ids.end()) return {};
  const auto index = static_cast<std::size_t>(at - after.ids.begin());
  const Stream before = Encode(base, token.witness);
  if (before.bytes != after.bytes) return {};
  return Tile(base, before, after.starts[index], after.starts[index + 1], token.bytes);
}

OldPieces FromBytes(const AddedPiece& token, const Tokenizer& base) {
  static constexpr std::array<std::string_view, 5> kContexts = {"", "\n", ".", "a", "1"};
  for (const std::string_view context : kContexts) {
    const Stream stream = Encode(base, std::string(context) + token.bytes);
    if (stream.bytes.size() < token.bytes.size()) continue;
    const std::size_t begin = stream.bytes.size() - token.bytes.size();
    OldPieces pieces = Tile(base, stream, begin, stream.bytes.size(), token.bytes);
    if (!pieces.ids.empty()) return pieces;
  }
  // A fragment of a character, in a vocabulary that has single bytes: one by one.
  OldPieces pieces;
  for (const char byte : token.bytes) {
    const std::optional<TokenId> id = base.token_id(std::string_view(&byte, 1));
    const std::optional<PieceKind> kind = id ? base.token_kind(*id) : std::nullopt;
    if (!kind || *kind == PieceKind::kUnknown || *kind == PieceKind::kControl) return {};
    pieces.ids.push_back(*id);
    pieces.size_bytes.push_back(1);
  }
  return pieces;
}

// The base token of the role that `donor_id` has in the donor.
std::optional<TokenId> SameRole(const SpecialRoles& base, const SpecialRoles& donor,
                                TokenId donor_id) {
  const std::pair<std::optional<TokenId>, std::optional<TokenId>> roles[] = {
      {donor.bos, base.bos}, {donor.eos, base.eos}, {donor.unk, base.unk},  {donor.pad, base.pad},
      {donor.sep, base.sep}, {donor.cls, base.cls}, {donor.mask, base.mask}};
  for (const auto& [theirs, ours] : roles) {
    if (theirs == donor_id && ours) return ours;
  }
  return std::nullopt;
}

// That the map says of both tokenizers what they are: else rows would go to other tokens.
Status CheckTokens(const IdMap& id_map, const Tokenizer& base, const Tokenizer& merged) {
  std::vector<bool> named(merged.vocab_size(), false);
  for (std::size_t i = 0; i < id_map.base_to_merged.size(); ++i) {
    const std::optional<std::string_view> before = base.token_bytes(static_cast<TokenId>(i));
    if (!before) continue;
    const std::optional<TokenId> id = id_map.base_to_merged[i];
    if (!id && (id_map.strategy == "extend" || id_map.strategy == "union")) {
      return InvalidArgumentError(Cat("id map: base_to_merged[", i, "]: is null, ", i,
                                      " was expected: the base has this token; make the id map "
                                      "again"));
    }
    if (id && merged.token_bytes(*id) != before) {
      return InvalidArgumentError(Cat("id map: base_to_merged[", i, "]: names id ", *id,
                                      ", another token of the merged tokenizer; make the id map "
                                      "again, or give the tokenizers that were merged"));
    }
    if (id) named[*id] = true;
  }
  for (std::size_t i = 0; i < id_map.added.size(); ++i) {
    const AddedPiece& token = id_map.added[i];
    if (merged.token_bytes(token.id) != token.bytes) {
      return InvalidArgumentError(Cat("id map: added[", i, "]: id ", token.id,
                                      " has other bytes in the merged tokenizer; make the id map "
                                      "again, or give the tokenizer that came of this merge"));
    }
    named[token.id] = true;
  }
  for (std::size_t id = 0; id < named.size(); ++id) {
    if (named[id] || !merged.token_bytes(static_cast<TokenId>(id))) continue;
    return InvalidArgumentError(Cat("id map: added: does not name id ", id, " of the merged ",
                                    "tokenizer; make the id map again"));
  }
  return absl::OkStatus();
}

}  // namespace

StatusOr<std::vector<OldPieces>> SplitIntoOldPieces(const IdMap& id_map, const Tokenizer& base,
                                                    const Tokenizer* merged,
                                                    const TokenizerSpec* donor) {
  if (id_map.base_size != base.vocab_size()) {
    return InvalidArgumentError(Cat("id map: base_size: is ", id_map.base_size,
                                    ", the base tokenizer has ", base.vocab_size(),
                                    " ids; give the tokenizer that was merged"));
  }
  if (merged != nullptr && merged->vocab_size() != id_map.merged_size) {
    return InvalidArgumentError(Cat("id map: merged_size: is ", id_map.merged_size,
                                    ", the merged tokenizer has ", merged->vocab_size(),
                                    " ids; give the tokenizer that came of this merge"));
  }
  if (merged != nullptr) TOKGRAFT_RETURN_IF_ERROR(CheckTokens(id_map, base, *merged));
  // Under `swap` the merged tokenizer is the donor.
  const SpecialRoles* roles = donor != nullptr ? &donor->roles : nullptr;
  if (merged != nullptr && id_map.strategy == "swap") roles = &merged->spec().roles;
  std::vector<OldPieces> pieces(id_map.added.size());
  ParallelFor(pieces.size(), kTokensPerTask, 0, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const AddedPiece& token = id_map.added[i];
      if (roles != nullptr && token.donor_id) {
        if (const auto same = SameRole(base.spec().roles, *roles, *token.donor_id)) {
          pieces[i] = {.ids = {*same},
                       .size_bytes = {static_cast<std::uint32_t>(token.bytes.size())}};
          continue;
        }
      }
      if (merged != nullptr) pieces[i] = FromWitness(token, base, *merged);
      if (pieces[i].ids.empty()) pieces[i] = FromBytes(token, base);
    }
  });
  return pieces;
}

}  // namespace tokgraft
