// Writes tiktoken ranks, and the encoding that stands beside them: the arguments of
// tiktoken.Encoding that ranks leave out (name, pat_str, special_tokens), as JSON.
#include <algorithm>
#include <vector>

#include "tokenizer/base/json_write.h"
#include "tokenizer/formats/base64.h"
#include "tokenizer/formats/tiktoken.h"
#include "tokenizer/formats/tiktoken_patterns.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

// The regex of the splitter, where the stages are those of tiktoken.
StatusOr<const pre_tokenizer::Split*> SplitterOf(const TokenizerSpec& spec) {
  const auto* bpe = std::get_if<BpeModel>(&spec.model);
  if (bpe == nullptr || bpe->order != BpeModel::Order::kRank) {
    return UnimplementedError("tiktoken holds a BPE ordered by rank, and nothing else");
  }
  if (!spec.normalizers.empty()) return UnimplementedError("tiktoken has no normalizer");
  if (!spec.post_processors.empty()) return UnimplementedError("tiktoken has no post-processor");
  const bool two = spec.pre_tokenizers.size() == 2;
  const auto* split = two ? std::get_if<pre_tokenizer::Split>(&spec.pre_tokenizers[0]) : nullptr;
  if (split == nullptr || !split->pattern.is_regex ||
      !std::holds_alternative<pre_tokenizer::ByteLevel>(spec.pre_tokenizers[1])) {
    return UnimplementedError("tiktoken splits text by one regex, and by nothing else");
  }
  return split;
}

Status CheckPieces(const TokenizerSpec& spec) {
  for (std::size_t i = 0; i < spec.vocab.size(); ++i) {
    const Piece piece = spec.vocab.entry(i);
    if (piece.kind != PieceKind::kNormal) {
      return UnimplementedError(Cat("the piece with id ", piece.id, " is of kind ",
                                    PieceKindName(piece.kind),
                                    ", and tiktoken ranks are ordinary pieces only"));
    }
  }
  return absl::OkStatus();
}

StatusOr<std::string> Ranks(const TokenizerSpec& spec) {
  TOKGRAFT_RETURN_IF_ERROR(SplitterOf(spec).status());
  TOKGRAFT_RETURN_IF_ERROR(CheckPieces(spec));
  std::vector<std::size_t> order(spec.vocab.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return spec.vocab.entry(a).id < spec.vocab.entry(b).id;
  });
  std::string out;
  for (const std::size_t index : order) {
    const Piece piece = spec.vocab.entry(index);
    out += Cat(EncodeBase64(piece.bytes), " ", piece.id, "\n");
  }
  return out;
}

StatusOr<std::string> Encoding(const TokenizerSpec& spec) {
  TOKGRAFT_ASSIGN_OR_RETURN(const pre_tokenizer::Split* split, SplitterOf(spec));
  const auto named = spec.rest.find("pattern");
  std::vector<AddedToken> tokens = spec.added_tokens;
  std::stable_sort(tokens.begin(), tokens.end(),
                   [](const AddedToken& a, const AddedToken& b) { return a.id < b.id; });
  std::string specials = "{";
  for (const AddedToken& token : tokens) {
    if (!token.special || token.single_word || token.lstrip || token.rstrip || token.normalized) {
      return UnimplementedError(
          Cat("the added token \"", token.content,
              "\" is no plain special token, the only kind that tiktoken has"));
    }
    if (!IsValidUtf8(token.content) || token.content.empty()) {
      return FailedPreconditionError(
          Cat("the special token with id ", token.id, " is empty or not UTF-8"));
    }
    specials += Cat(specials.size() > 1 ? "," : "", Quoted(token.content), ":", token.id);
  }
  return JoinMembers({{"name", named == spec.rest.end() ? "\"tokgraft\"" : named->second},
                      {"pat_str", Quoted(split->pattern.text)},
                      {"special_tokens", specials + "}"}});
}

Status Placed(const TokenizerSpec& spec, const Status& status) {
  return WithPlace(status, spec.source.empty() ? "tokenizer" : spec.source);
}

}  // namespace

StatusOr<std::string> WriteTiktoken(const TokenizerSpec& spec) {
  StatusOr<std::string> out =
      spec.reference == Reference::kTiktoken
          ? Ranks(spec)
          : UnimplementedError(Cat("a tokenizer of ", ReferenceName(spec.reference),
                                   " has no tiktoken ranks; convert it first"));
  if (!out.ok()) return Placed(spec, out.status());
  return out;
}

StatusOr<std::string> WriteTiktokenEncoding(const TokenizerSpec& spec) {
  StatusOr<std::string> out = Encoding(spec);
  if (!out.ok()) return Placed(spec, out.status());
  return out;
}

}  // namespace tokgraft
