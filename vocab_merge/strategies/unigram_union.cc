#include "vocab_merge/strategies/unigram_union.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "tokenizer/base/report_text.h"
#include "tokenizer/text/utf8.h"
#include "tokenizer/tokenizer.h"
#include "vocab_merge/extend/untouched.h"
#include "vocab_merge/extend/whole.h"
#include "vocab_merge/extend/witness.h"
#include "vocab_merge/rules/rule.h"
#include "vocab_merge/strategies/strategy.h"
#include "vocab_merge/strategies/unigram_lattice.h"
#include "vocab_merge/strategies/words_seen.h"

namespace tokgraft {
namespace {

// A piece that is expected less often in the whole corpus counts as never seen.
constexpr double kNeverSeen = 1e-9;
// How many steps of a float one score may be moved to make up for rounding.
constexpr double kMostSteps = 64;

std::vector<UnigramLattice::Entry> NormalEntries(const TokenizerSpec& spec) {
  std::vector<UnigramLattice::Entry> out;
  for (std::size_t i = 0; i < spec.vocab.size(); ++i) {
    const Piece piece = spec.vocab.entry(i);
    if (piece.kind == PieceKind::kNormal) out.push_back({std::string(piece.spelling), piece.score});
  }
  return out;
}

double SumOf(const std::vector<UnigramLattice::Entry>& entries) {
  double sum = 0;
  for (const UnigramLattice::Entry& entry : entries) sum += std::exp(entry.score);
  return sum;
}

// The logarithm of a text's probability as one model sees it.
class Side {
 public:
  explicit Side(const TokenizerSpec& spec)
      : spec_(spec), unknown_(UnknownScore(spec)), lattice_(NormalEntries(spec), unknown_) {}
  double Score(std::string_view bytes) const {
    const std::optional<std::string> spelling = Spell(spec_.spelling, bytes);
    if (!spelling || !IsValidUtf8(*spelling)) {
      return unknown_ * static_cast<double>(CountCharacters(bytes));
    }
    const std::optional<TokenId> id = spec_.vocab.FindSpelling(*spelling);
    const std::optional<Piece> piece = id ? spec_.vocab.Get(*id) : std::nullopt;
    if (piece && piece->kind == PieceKind::kNormal) return piece->score;
    return lattice_.Best(*spelling);
  }

 private:
  const TokenizerSpec& spec_;
  double unknown_;
  UnigramLattice lattice_;
};

double Mix(double weight, double base, double donor) {
  const double a = std::log(weight) + base;
  const double b = std::log1p(-weight) + donor;
  return std::max(a, b) + std::log1p(std::exp(-std::abs(a - b)));
}

// The spec with other scores for its normal pieces, in their order.
TokenizerSpec WithScores(const TokenizerSpec& spec, const std::vector<double>& scores) {
  TokenizerSpec out = spec;
  out.vocab = Vocab();
  std::size_t next = 0;
  for (std::size_t i = 0; i < spec.vocab.size(); ++i) {
    Piece piece = spec.vocab.entry(i);
    if (piece.kind == PieceKind::kNormal) piece.score = scores[next++];
    out.vocab.Add(piece);
  }
  return out;
}

bool HasInnerSpace(const TokenizerSpec& spec) {
  for (std::size_t i = 0; i < spec.vocab.size(); ++i) {
    const Piece piece = spec.vocab.entry(i);
    const bool inner = piece.spelling.find("\xE2\x96\x81", 1) != std::string_view::npos;
    if (piece.kind == PieceKind::kNormal && inner) return true;
  }
  return false;
}

// Below all that were seen, in the order that they had.
void PutUnseenBelow(const std::vector<double>& before, const std::vector<double>& counts,
                    std::vector<double>* scores) {
  std::vector<std::size_t> unseen;
  double lowest = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] <= kNeverSeen) {
      unseen.push_back(i);
    } else {
      lowest = std::min(lowest, (*scores)[i]);
    }
  }
  std::stable_sort(unseen.begin(), unseen.end(),
                   [&](std::size_t a, std::size_t b) { return before[a] > before[b]; });
  constexpr double kApart = 1e-4;  // they stay apart as floats
  for (const std::size_t i : unseen) (*scores)[i] = lowest -= kApart;
}

// Rounds of expectation and maximisation.
StatusOr<std::vector<double>> Estimate(const TokenizerSpec& spec, std::vector<double> scores,
                                       const MergeOptions& options) {
  if (spec.spelling == Spelling::kByteLevel) {
    return UnimplementedError(
        Cat(spec.source,
            ": em_rounds (em): a byte-level Unigram model, one of characters was "
            "expected; leave em_rounds out"));
  }
  TOKGRAFT_ASSIGN_OR_RETURN(const auto words,
                            WordsSeen(spec, options.corpus, HasInnerSpace(spec), options.threads));
  UnigramLattice lattice(NormalEntries(spec), 0);
  for (int round = 0; round < options.em_rounds; ++round) {
    if (options.progress) {
      options.progress("estimate scores", static_cast<double>(round) / options.em_rounds);
    }
    lattice.SetScores(scores, UnknownScore(WithScores(spec, scores)));
    std::vector<double> counts(scores.size());
    for (const auto& [word, times] : words) {
      lattice.Expect(word, static_cast<double>(times), &counts);
    }
    const double total = std::accumulate(counts.begin(), counts.end(), 0.0);
    if (!(total > kNeverSeen)) {
      return InvalidArgumentError(
          "em_rounds (em): the corpus shows none of the pieces, text of the two vocabularies was "
          "expected; give another corpus");
    }
    const std::vector<double> before = scores;
    for (std::size_t i = 0; i < counts.size(); ++i) scores[i] = std::log(counts[i] / total);
    PutUnseenBelow(before, counts, &scores);
    scores = NormalizedScores(std::move(scores));
  }
  return scores;
}

Status CheckOptions(const TokenizerSpec& donor, const MergeOptions& options) {
  TOKGRAFT_RETURN_IF_ERROR(CheckNoSelection("union", options));
  if (!(options.union_weight > 0 && options.union_weight < 1)) {
    return InvalidArgumentError(Cat("union_weight (mix): ", options.union_weight,
                                    " is no share of the base, a number between 0 and 1 was "
                                    "expected; 0.5 weighs both alike"));
  }
  if (options.em_rounds < 0) {
    return InvalidArgumentError(
        Cat("em_rounds (em): ", options.em_rounds, ", 0 or more was expected; 2 to 4 are enough"));
  }
  if (options.em_rounds > 0 && options.corpus.empty()) {
    return InvalidArgumentError(
        "em_rounds (em): no corpus, one was expected; give the text to estimate scores on");
  }
  if (!std::holds_alternative<UnigramModel>(donor.model)) {
    return UnimplementedError(Cat(donor.source.empty() ? "donor" : donor.source,
                                  ": model: it has no log-probabilities, a Unigram model was "
                                  "expected beside a Unigram base; use extend"));
  }
  return {};
}

struct United {
  TokenizerSpec spec;
  std::vector<WholePiece> added;
  std::vector<std::string> witnesses;
  std::vector<DeadPiece> dead;  // bytes borrowed from the candidates
  std::vector<TokenId> dead_donor_ids;
};

// Both, less what no text shows.
StatusOr<United> UniteAll(const TokenizerSpec& base, const TokenizerSpec& donor,
                          const WholeCandidates& candidates, const MergeOptions& options) {
  const Side base_side(base);
  const Side donor_side(donor);
  const WitnessOptions witness{.allow_bytes = options.allow_bytes, .threads = options.threads};
  United out;
  std::vector<std::size_t> in(candidates.pieces.size());
  std::iota(in.begin(), in.end(), std::size_t{0});
  std::vector<std::size_t> dead;
  while (true) {
    out.added.clear();
    for (const std::size_t i : in) out.added.push_back(candidates.pieces[i]);
    TOKGRAFT_ASSIGN_OR_RETURN(const TokenizerSpec all, AddWhole(base, out.added));
    std::vector<double> scores;
    for (std::size_t i = 0; i < all.vocab.size(); ++i) {
      const Piece piece = all.vocab.entry(i);
      if (piece.kind != PieceKind::kNormal) continue;
      scores.push_back(
          Mix(options.union_weight, base_side.Score(piece.bytes), donor_side.Score(piece.bytes)));
    }
    scores = NormalizedScores(std::move(scores));
    if (options.em_rounds > 0) {
      TOKGRAFT_ASSIGN_OR_RETURN(scores, Estimate(all, std::move(scores), options));
    }
    out.spec = WithScores(all, scores);
    TOKGRAFT_ASSIGN_OR_RETURN(const Tokenizer tokenizer, Compile(out.spec));
    std::vector<WitnessQuery> queries;
    for (std::size_t i = 0; i < in.size(); ++i) {
      queries.push_back({.id = static_cast<TokenId>(base.id_limit() + i),
                         .bytes = out.added[i].bytes,
                         .owner = {},
                         .known = {}});
    }
    out.witnesses = FindWitnesses(tokenizer, queries, witness);
    std::vector<std::size_t> alive;
    std::vector<DeadPiece> now;
    for (std::size_t i = 0; i < in.size(); ++i) {
      if (!out.witnesses[i].empty()) {
        alive.push_back(in[i]);
        continue;
      }
      now.push_back({.id = queries[i].id, .bytes = candidates.pieces[in[i]].bytes});
      out.dead_donor_ids.push_back(candidates.pieces[in[i]].donor_id);
    }
    if (now.empty()) return out;
    TOKGRAFT_RETURN_IF_ERROR(ExplainDead(out.spec, witness, &now));
    out.dead.insert(out.dead.end(), now.begin(), now.end());
    in = std::move(alive);
  }
}

void ReportScales(const TokenizerSpec& base, const TokenizerSpec& donor,
                  const TokenizerSpec& merged, const MergeOptions& options,
                  ConflictReport* report) {
  const auto base_entries = NormalEntries(base);
  const auto donor_entries = NormalEntries(donor);
  const auto show = [](double sum) { return std::to_string(sum).substr(0, 6); };
  LookedFor({"C7"}, report);
  AddFinding(
      {.code = "C7",
       .count = NormalEntries(merged).size(),
       .message =
           Cat("the base's scores are probabilities of ", Grouped(base_entries.size()),
               " pieces that add up to ", show(SumOf(base_entries)), ", the donor's of ",
               Grouped(donor_entries.size()), " that add up to ", show(SumOf(donor_entries))),
       .action = Cat("mixed ", show(options.union_weight), " to ", show(1 - options.union_weight),
                     options.em_rounds > 0
                         ? Cat(" and estimated on the corpus in ", options.em_rounds, " rounds")
                         : std::string(),
                     ": all add up to 1; old scores have changed")},
      report);
  SortByCode(report);
}

}  // namespace

std::vector<double> NormalizedScores(std::vector<double> scores) {
  if (scores.empty()) return scores;
  const double highest = *std::max_element(scores.begin(), scores.end());
  double sum = 0;
  for (const double score : scores) sum += std::exp(score - highest);
  const double all = highest + std::log(sum);
  sum = 0;
  for (double& score : scores) {
    score = double{static_cast<float>(score - all)};
    sum += std::exp(score);
  }
  // Rounding leaves a rest of some 1e-8: the likeliest pieces make up for it.
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
  for (const std::size_t i : order) {
    const auto score = static_cast<float>(scores[i]);
    const double step = std::abs(
        double{score} - double{std::nextafter(score, -std::numeric_limits<float>::infinity())});
    const double effect = std::exp(scores[i]) * step;
    const double steps = std::clamp(std::round((1 - sum) / effect), -kMostSteps, kMostSteps);
    if (steps == 0 || !std::isfinite(steps)) continue;
    const double moved = double{static_cast<float>(scores[i] + steps * step)};
    sum += std::exp(moved) - std::exp(scores[i]);
    scores[i] = moved;
  }
  return scores;
}

StatusOr<MergeResult> UniteUnigram(const TokenizerSpec& base, const TokenizerSpec& donor,
                                   const MergeOptions& options) {
  TOKGRAFT_RETURN_IF_ERROR(CheckOptions(donor, options));
  if (options.progress) options.progress("unite", 0);
  TOKGRAFT_ASSIGN_OR_RETURN(const Alignment alignment, Align(base, donor));
  TOKGRAFT_ASSIGN_OR_RETURN(const WholeCandidates candidates,
                            MakeWholeCandidates(base, donor, alignment.missing, options.threads));
  TOKGRAFT_ASSIGN_OR_RETURN(United united, UniteAll(base, donor, candidates, options));

  MergeResult result;
  IdMap& map = result.id_map;
  map.strategy = "union";
  map.base_size = base.id_limit();
  map.merged_size = map.base_size + united.added.size();
  map.base_to_merged.resize(map.base_size);
  map.donor_to_merged = alignment.donor_to_base;
  for (std::size_t i = 0; i < united.added.size(); ++i) {
    const WholePiece& piece = united.added[i];
    const auto id = static_cast<TokenId>(map.base_size + i);
    map.added.push_back({.id = id,
                         .bytes = piece.bytes,
                         .donor_id = piece.donor_id,
                         .merges = {},
                         .witness = united.witnesses[i]});
    map.donor_to_merged[piece.donor_id] = id;
  }
  std::vector<RefusedPiece> refused;
  for (const auto& [id, cause] : candidates.unspellable) {
    const std::optional<Piece> piece = donor.vocab.Get(id);
    refused.push_back({id, piece ? std::string(piece->bytes) : std::string(), cause, {}});
  }
  for (std::size_t i = 0; i < united.dead.size(); ++i) {
    DeadPiece& dead = united.dead[i];
    refused.push_back(
        {united.dead_donor_ids[i], std::string(dead.bytes), dead.cause, std::move(dead.becomes)});
  }
  const MergeFacts facts = MakeFacts(base, donor, alignment, map, refused);
  for (const ListedToken& token : facts.base_tokens) map.base_to_merged[token.id] = token.id;
  result.conflicts = CheckAll(facts);
  result.tokenizer = std::move(united.spec);
  ReportScales(base, donor, result.tokenizer, options, &result.conflicts);
  TOKGRAFT_RETURN_IF_ERROR(CertifyResult(base, options, &result));
  return result;
}

}  // namespace tokgraft
