#include "tokenizer/convert/read_back.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "tokenizer/convert/compare_ids.h"
#include "tokenizer/tokenizer.h"

namespace tokgraft {
namespace {

// Indices of the entries, by id; those of one id in their own order.
std::vector<std::size_t> ById(const Vocab& vocab) {
  std::vector<std::size_t> order(vocab.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto before = [&](std::size_t a, std::size_t b) {
    return vocab.entry(a).id < vocab.entry(b).id;
  };
  if (!std::is_sorted(order.begin(), order.end(), before)) {
    std::stable_sort(order.begin(), order.end(), before);
  }
  return order;
}

bool SamePieces(const Vocab& a, const Vocab& b) {
  return std::ranges::equal(ById(a), ById(b),
                            [&](std::size_t i, std::size_t j) { return a.entry(i) == b.entry(j); });
}

bool SameModel(const Model& a, const Model& b) {
  const auto* bpe = std::get_if<BpeModel>(&a);
  const auto* other = std::get_if<BpeModel>(&b);
  if (bpe == nullptr || other == nullptr || bpe->merges_as_pairs == other->merges_as_pairs) {
    return a == b;
  }
  BpeModel respelled = *bpe;
  respelled.merges_as_pairs = other->merges_as_pairs;
  return respelled == *other;
}

// The parts that decide ids and text; not how the file spells them, nor what lies beside it.
bool SameFunction(const TokenizerSpec& a, const TokenizerSpec& b) {
  const auto by_id = [](std::vector<AddedToken> tokens) {
    std::stable_sort(tokens.begin(), tokens.end(),
                     [](const AddedToken& x, const AddedToken& y) { return x.id < y.id; });
    return tokens;
  };
  return a.reference == b.reference && a.spelling == b.spelling && SameModel(a.model, b.model) &&
         by_id(a.added_tokens) == by_id(b.added_tokens) && a.normalizers == b.normalizers &&
         a.pre_tokenizers == b.pre_tokenizers && a.post_processors == b.post_processors &&
         a.decoders == b.decoders && SamePieces(a.vocab, b.vocab);
}

}  // namespace

Status CheckReadBack(const TokenizerSpec& spec, std::string_view bytes,
                     const LoadOptions& options) {
  const std::string place = spec.source.empty() ? "tokenizer" : spec.source;
  StatusOr<TokenizerSpec> read = LoadBytes(bytes, "what would be written", options);
  if (!read.ok()) {
    return FailedPreconditionError(Cat(place, ": ", Message(read.status()),
                                       "; nothing is written, since it could not be read"));
  }
  if (SameFunction(spec, *read)) return absl::OkStatus();
  const StatusOr<Tokenizer> meant = Compile(spec);
  if (!meant.ok()) return absl::OkStatus();  // no reader of ours can run it either way
  const StatusOr<Tokenizer> got = Compile(*std::move(read));
  if (!got.ok()) return WithPlace(got.status(), Cat(place, ": what would be written"));
  const IdComparison compared = FindDifference(*meant, *got, Search::kPieces);
  if (!compared.counterexample) return absl::OkStatus();
  return InternalError(Cat(place, ": what would be written gives other ids for ",
                           QuotedForMessage(*compared.counterexample), "; nothing is written"));
}

}  // namespace tokgraft
