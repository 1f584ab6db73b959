#include "vocab_merge/trim/keep.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "tokenizer/text/utf8.h"
#include "vocab_merge/extend/batches.h"
#include "vocab_merge/extend/chain.h"
#include "vocab_merge/rules/token_list.h"
#include "vocab_merge/trim/literals.h"

namespace tokgraft {
namespace {

bool HasByteFallback(const TokenizerSpec& spec) {
  if (spec.spelling == Spelling::kByteLevel || spec.spelling == Spelling::kRaw) return true;
  if (const auto* bpe = std::get_if<BpeModel>(&spec.model)) return bpe->byte_fallback;
  const auto* unigram = std::get_if<UnigramModel>(&spec.model);
  return unigram != nullptr && unigram->byte_fallback;
}

bool IsOneUnit(std::string_view bytes, bool of_bytes) {
  if (bytes.empty()) return false;
  return bytes.size() == (of_bytes ? 1 : Utf8Length(bytes.front()));
}

}  // namespace

void KeepFoundations(const TokenizerSpec& spec, KeepSet* keep, std::uint64_t* special,
                     std::uint64_t* alphabet) {
  for (const AddedToken& token : spec.added_tokens) keep->Add(token.id, special);
  const bool byte_level = spec.spelling == Spelling::kByteLevel || spec.spelling == Spelling::kRaw;
  const bool covers_bytes = HasByteFallback(spec);
  const bool by_score = std::holds_alternative<UnigramModel>(spec.model);
  std::optional<TokenId> lowest;
  double lowest_score = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < spec.vocab.size(); ++i) {
    const Piece piece = spec.vocab.entry(i);
    if (piece.kind == PieceKind::kByte) {
      keep->Add(piece.id, alphabet);
    } else if (piece.kind != PieceKind::kNormal) {
      keep->Add(piece.id, special);
    } else if (byte_level || !covers_bytes) {
      if (IsOneUnit(piece.bytes, byte_level)) keep->Add(piece.id, alphabet);
    }
    if (by_score && piece.kind == PieceKind::kNormal && piece.score < lowest_score) {
      lowest_score = piece.score;
      lowest = piece.id;
    }
  }
  // The score of an unknown character hangs on the lowest of all.
  if (lowest) keep->Add(*lowest, alphabet);
  const SpecialRoles& roles = spec.roles;
  for (const std::optional<TokenId>& id :
       {roles.bos, roles.eos, roles.unk, roles.pad, roles.sep, roles.cls, roles.mask}) {
    if (id) keep->Add(*id, special);
  }
  if (const auto* wordpiece = std::get_if<WordPieceModel>(&spec.model)) {
    const auto unk = spec.vocab.FindSpelling(wordpiece->unk_spelling);
    if (unk) keep->Add(*unk, special);
  } else if (const auto* bpe = std::get_if<BpeModel>(&spec.model)) {
    if (bpe->unk) keep->Add(*bpe->unk, special);
  } else if (const auto* unigram = std::get_if<UnigramModel>(&spec.model)) {
    if (unigram->unk) keep->Add(*unigram->unk, special);
  }
}

void KeepUsed(const Tokenizer& tokenizer, std::span<const std::string_view> documents, int threads,
              KeepSet* keep, std::uint64_t* reason) {
  for (const auto batch : Batches(documents)) {
    for (const TokenId id : tokenizer.EncodeBatch(batch, threads).ids) keep->Add(id, reason);
  }
}

Status CheckJoins(const TokenizerSpec& spec) {
  const auto* bpe = std::get_if<BpeModel>(&spec.model);
  if (bpe == nullptr) return {};
  if (!bpe->continuing_subword_prefix.value_or("").empty() ||
      !bpe->end_of_word_suffix.value_or("").empty()) {
    return UnimplementedError(
        Cat(spec.source,
            ": model: a BPE model that marks the inside or end of words cannot be "
            "trimmed, one without continuing_subword_prefix and end_of_word_suffix "
            "was expected"));
  }
  return {};
}

Status KeepIntermediates(const TokenizerSpec& spec, KeepSet* keep, std::uint64_t* reason) {
  if (!std::holds_alternative<BpeModel>(spec.model)) return {};
  TOKGRAFT_RETURN_IF_ERROR(CheckJoins(spec));
  TOKGRAFT_ASSIGN_OR_RETURN(const ChainBuilder builder, ChainBuilder::Make(spec));
  const KeepSet wanted = *keep;
  for (std::size_t i = 0; i < spec.vocab.size(); ++i) {
    const Piece piece = spec.vocab.entry(i);
    if (!wanted.Has(piece.id)) continue;
    // None: only whole words (ignore_merges) or the matcher of declared tokens find it.
    const auto made = builder.Derive(piece.bytes);
    if (!made || made->back() != piece.id) continue;
    for (const TokenId id : *made) keep->Add(id, reason);
  }
  return {};
}

std::vector<std::optional<TokenId>> NumberAnew(const KeepSet& keep) {
  std::vector<std::optional<TokenId>> out(keep.size());
  TokenId next = 0;
  for (std::size_t id = 0; id < keep.size(); ++id) {
    if (keep.Has(static_cast<TokenId>(id))) out[id] = next++;
  }
  return out;
}

void KeepLiterals(const Tokenizer& tokenizer, int threads, KeepSet* keep, std::uint64_t* reason) {
  for (const std::string& chat_template : ChatTemplates(tokenizer.spec())) {
    const std::vector<std::string> literals = TemplateLiterals(chat_template);
    const std::vector<std::string_view> views(literals.begin(), literals.end());
    KeepUsed(tokenizer, views, threads, keep, reason);
  }
}

std::vector<RemovedPiece> RemovedPieces(const TokenizerSpec& spec,
                                        const std::vector<std::optional<TokenId>>& new_ids) {
  std::vector<RemovedPiece> out;
  for (const auto& [id, token] : TokensById(ListTokens(spec))) {
    if (!new_ids[id]) out.push_back({.base_id = id, .bytes = std::string(token.bytes)});
  }
  std::sort(out.begin(), out.end(),
            [](const RemovedPiece& a, const RemovedPiece& b) { return a.base_id < b.base_id; });
  return out;
}

}  // namespace tokgraft
