#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "tokenizer/text/utf8.h"
#include "vocab_merge/extend/chain.h"
#include "vocab_merge/rules/detect.h"

namespace tokgraft {
namespace {

// sentencepiece and llama.cpp hold scores as floats: multiples of 2^k are exact below 2^(24 + k).
constexpr double kExact = 16777216.0;

// Scores of `count` new pieces: first, first - step, ..., all below `lowest` and exact.
struct NewScores {
  double first = 0;
  double step = 1;
};

NewScores ScoresBelow(double lowest, std::size_t count) {
  NewScores out;
  for (;; out.step *= 2) {
    out.first = -(std::floor(-lowest / out.step) + 1) * out.step;
    if (-out.first + static_cast<double>(count) * out.step < kExact * out.step) return out;
  }
}

double LowestScore(const Vocab& vocab) {
  double lowest = 0;
  for (std::size_t i = 0; i < vocab.size(); ++i) lowest = std::min(lowest, vocab.entry(i).score);
  return lowest;
}

}  // namespace

Status FoldAddedTokens(TokenizerSpec* spec) {
  for (const AddedToken& token : spec->added_tokens) {
    if (spec->vocab.FindSpelling(token.content) || spec->vocab.Get(token.id)) continue;
    if (token.single_word || CountCharacters(token.content) < 2) {
      return UnimplementedError(
          Cat(spec->source.empty() ? "tokenizer" : spec->source, ": added_tokens: ",
              ShowPiece(token.content), " is not in model.vocab; there, where its id ", token.id,
              " is safe from new pieces, the model would find it in text where it is ", "none now",
              token.single_word ? " (single_word)" : " (one character)",
              "; put it into model.vocab yourself, or remove it"));
    }
    spec->vocab.Add({.id = token.id,
                     .bytes = token.content,
                     .spelling = token.content,
                     .kind = token.special ? PieceKind::kControl : PieceKind::kUserDefined});
  }
  return {};
}

StatusOr<TokenizerSpec> ExtendSpec(const TokenizerSpec& base, const Growth& growth) {
  TokenizerSpec merged = base;
  auto* bpe = std::get_if<BpeModel>(&merged.model);
  if (bpe == nullptr) return UnimplementedError("model: only a BPE model can be extended");
  if (growth.first_id != base.id_limit()) {
    return InvalidArgumentError(Cat("plan: new ids start at ", growth.first_id,
                                    ", but the base has ", base.id_limit(),
                                    " ids; it was made for another base"));
  }
  if (merged.format == Format::kTokenizerJson) TOKGRAFT_RETURN_IF_ERROR(FoldAddedTokens(&merged));
  std::size_t text_bytes = 0;
  for (const NewPiece& piece : growth.pieces) text_bytes += 2 * piece.bytes.size();
  merged.vocab.Reserve(merged.vocab.size() + growth.pieces.size(), text_bytes);
  const bool by_score = bpe->order == BpeModel::Order::kScore;
  NewScores scores;
  if (by_score) {
    const double lowest = LowestScore(base.vocab);
    if (!(lowest > -std::numeric_limits<float>::max() / 4)) {
      return UnimplementedError(Cat(base.source, ": the lowest score, ", lowest,
                                    ", leaves no numbers below it; a finite float was expected"));
    }
    scores = ScoresBelow(lowest, growth.pieces.size());
  }
  for (std::size_t i = 0; i < growth.pieces.size(); ++i) {
    const NewPiece& piece = growth.pieces[i];
    const std::optional<std::string> spelling = Spell(base.spelling, piece.bytes);
    if (!spelling || merged.vocab.FindSpelling(*spelling)) {
      return InvalidArgumentError(Cat("plan: piece ", growth.first_id + i,
                                      spelling ? " exists in the base" : " cannot be spelled",
                                      "; the plan was made for another base"));
    }
    merged.vocab.Add({.id = static_cast<TokenId>(growth.first_id + i),
                      .bytes = piece.bytes,
                      .spelling = *spelling,
                      .kind = PieceKind::kNormal,
                      .score = by_score ? scores.first - static_cast<double>(i) * scores.step : 0});
    // A merge written as "a b" cannot have a space in its parts.
    if (spelling->find(' ') != std::string::npos) bpe->merges_as_pairs = true;
  }
  bpe->merges.insert(bpe->merges.end(), growth.merges.begin(), growth.merges.end());
  return merged;
}

}  // namespace tokgraft
