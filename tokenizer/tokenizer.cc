#include "tokenizer/tokenizer.h"

#include <algorithm>
#include <utility>

#include "tokenizer/base/parallel.h"
#include "tokenizer/stages/pipeline.h"

namespace tokgraft {
namespace {

// Documents are handed to threads in groups of about so many bytes.
constexpr std::size_t kGroupBytes = std::size_t{1} << 18;

}  // namespace

Tokenizer::Tokenizer(std::shared_ptr<const internal::Pipeline> pipeline)
    : pipeline_(std::move(pipeline)) {}

StatusOr<Tokenizer> Compile(TokenizerSpec spec) {
  TOKGRAFT_ASSIGN_OR_RETURN(auto pipeline, internal::Pipeline::Compile(std::move(spec)));
  return Tokenizer(std::move(pipeline));
}

Encoding Tokenizer::Encode(std::string_view text, const EncodeOptions& options) const {
  return pipeline_->Encode(text, options.add_special_tokens);
}

std::uint64_t Tokenizer::EncodeIds(std::string_view text, std::vector<TokenId>* ids,
                                   const EncodeOptions& options) const {
  return pipeline_->EncodeIds(text, options.add_special_tokens, ids);
}

std::size_t Tokenizer::Count(std::string_view text, const EncodeOptions& options) const {
  std::vector<TokenId> ids;
  ids.reserve(text.size() / 3 + 16);
  pipeline_->EncodeIds(text, options.add_special_tokens, &ids);
  return ids.size();
}

EncodingBatch Tokenizer::EncodeBatch(std::span<const std::string_view> texts, int threads,
                                     const EncodeOptions& options) const {
  // Groups depend on the texts alone, so the result does not depend on the threads.
  std::vector<std::size_t> group_begins = {0};
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    bytes += texts[i].size() + 64;
    if (bytes >= kGroupBytes && i + 1 < texts.size()) {
      group_begins.push_back(i + 1);
      bytes = 0;
    }
  }
  group_begins.push_back(texts.size());
  const std::size_t groups = group_begins.size() - 1;
  struct Group {
    std::vector<TokenId> ids;
    std::uint64_t invalid_utf8 = 0;
  };
  std::vector<Group> results(groups);
  EncodingBatch batch;
  batch.row_splits.assign(texts.size() + 1, 0);
  ParallelFor(groups, 1, threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t group = begin; group < end; ++group) {
      Group& result = results[group];
      for (std::size_t i = group_begins[group]; i < group_begins[group + 1]; ++i) {
        result.invalid_utf8 +=
            pipeline_->EncodeIds(texts[i], options.add_special_tokens, &result.ids);
        batch.row_splits[i + 1] = static_cast<std::int64_t>(result.ids.size());
      }
    }
  });
  std::size_t total = 0;
  for (const Group& result : results) total += result.ids.size();
  batch.ids.reserve(total);
  for (std::size_t group = 0; group < groups; ++group) {
    const auto base = static_cast<std::int64_t>(batch.ids.size());
    for (std::size_t i = group_begins[group]; i < group_begins[group + 1]; ++i) {
      batch.row_splits[i + 1] += base;
    }
    batch.ids.insert(batch.ids.end(), results[group].ids.begin(), results[group].ids.end());
    std::vector<TokenId>().swap(results[group].ids);
    batch.invalid_utf8 += results[group].invalid_utf8;
  }
  return batch;
}

void Tokenizer::ForEachWord(std::string_view text,
                            const std::function<void(std::string_view word)>& f) const {
  pipeline_->ForEachWord(text, f);
}

Encoding Tokenizer::EncodeWord(std::string_view word) const { return pipeline_->EncodeWord(word); }

StatusOr<std::string> Tokenizer::Decode(std::span<const TokenId> ids,
                                        const DecodeOptions& options) const {
  return pipeline_->decoder().Decode(ids, options.skip_special_tokens);
}

StatusOr<std::string> Tokenizer::DecodeBytes(std::span<const TokenId> ids) const {
  std::string out;
  for (const TokenId id : ids) {
    const std::optional<std::string_view> bytes = token_bytes(id);
    if (!bytes) {
      return OutOfRangeError(Cat("id ", id, " is not in the vocabulary, expected one below ",
                                 vocab_size(), " that has a token"));
    }
    out += *bytes;
  }
  return out;
}

std::size_t Tokenizer::vocab_size() const { return pipeline_->spec().id_limit(); }

std::optional<std::string_view> Tokenizer::token_bytes(TokenId id) const {
  // An added token is text as it stands, whatever its name spells among the pieces.
  if (const AddedToken* added = pipeline_->Added(id)) return added->content;
  if (const std::optional<Piece> piece = pipeline_->spec().vocab.Get(id)) return piece->bytes;
  return std::nullopt;
}

std::optional<PieceKind> Tokenizer::token_kind(TokenId id) const {
  const std::optional<Piece> piece = pipeline_->spec().vocab.Get(id);
  if (piece && piece->kind != PieceKind::kNormal) return piece->kind;
  if (const AddedToken* added = pipeline_->Added(id)) {
    return added->special ? PieceKind::kControl : PieceKind::kUserDefined;
  }
  if (piece) return piece->kind;
  return std::nullopt;
}

std::optional<TokenId> Tokenizer::token_id(std::string_view bytes) const {
  if (const std::optional<TokenId> id = pipeline_->spec().vocab.Find(bytes)) return id;
  for (const AddedToken& token : pipeline_->spec().added_tokens) {
    if (token.content == bytes) return token.id;
  }
  return std::nullopt;
}

const TokenizerSpec& Tokenizer::spec() const { return pipeline_->spec(); }

}  // namespace tokgraft
