#include "tokenizer/compare.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <numeric>

#include "tokenizer/base/parallel.h"
#include "tokenizer/base/report_text.h"

namespace tokgraft {
namespace {

constexpr std::size_t kMaxBlocks = 10000;

// A counter-based generator (SplitMix64): draw i of resample r is a function of the seed alone.
std::uint64_t Mix(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15ULL;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

// Token counts of each document, by tokenizer: counts[t][d].
using Counts = std::vector<std::vector<std::uint64_t>>;

Status CountCorpus(const std::vector<std::pair<std::string, Tokenizer>>& tokenizers,
                   const Corpus& corpus, const CompareOptions& options, CorpusTokens* totals,
                   Counts* counts) {
  totals->corpus = corpus.name;
  counts->assign(tokenizers.size(), {});
  TOKGRAFT_RETURN_IF_ERROR(ForEachBatch(
      corpus, options.documents, [&](std::span<const std::string_view> documents, double fraction) {
        totals->documents += documents.size();
        for (const std::string_view document : documents) totals->bytes += document.size();
        for (std::size_t t = 0; t < tokenizers.size(); ++t) {
          const std::size_t old = (*counts)[t].size();
          (*counts)[t].resize(old + documents.size());
          ParallelFor(documents.size(), 64, options.threads,
                      [&](std::size_t begin, std::size_t end) {
                        for (std::size_t i = begin; i < end; ++i) {
                          (*counts)[t][old + i] = tokenizers[t].second.Count(documents[i]);
                        }
                      });
        }
        if (options.progress) options.progress("encode " + corpus.name, fraction);
      }));
  for (const auto& per_document : *counts) {
    totals->tokens.push_back(
        std::accumulate(per_document.begin(), per_document.end(), std::uint64_t{0}));
  }
  return absl::OkStatus();
}

// Neighbours summed together until there are at most kMaxBlocks.
std::vector<double> Blocks(const std::vector<std::uint64_t>& counts) {
  const std::size_t per_block = (counts.size() + kMaxBlocks - 1) / kMaxBlocks;
  std::vector<double> blocks;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (per_block == 0 || i % per_block == 0) blocks.push_back(0);
    blocks.back() += static_cast<double>(counts[i]);
  }
  return blocks;
}

// The ratios of the resamples, sorted.
std::vector<double> Bootstrap(const std::vector<double>& a, const std::vector<double>& b,
                              std::uint64_t stream, const CompareOptions& options) {
  std::vector<double> ratios(static_cast<std::size_t>(options.resamples), 1);
  ParallelFor(ratios.size(), 16, options.threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t r = begin; r < end; ++r) {
      std::uint64_t state = Mix(options.seed ^ Mix(stream * 1000003 + r));
      double sum_a = 0;
      double sum_b = 0;
      for (std::size_t i = 0; i < a.size(); ++i) {
        state = Mix(state);
        const auto pick =
            static_cast<std::size_t>((static_cast<unsigned __int128>(state) * a.size()) >> 64);
        sum_a += a[pick];
        sum_b += b[pick];
      }
      ratios[r] = sum_b > 0 ? sum_a / sum_b : 1;
    }
  });
  std::sort(ratios.begin(), ratios.end());
  return ratios;
}

double Quantile(const std::vector<double>& sorted, double share) {
  const double position = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const double rest = position - static_cast<double>(below);
  if (below + 1 >= sorted.size()) return sorted.back();
  return sorted[below] * (1 - rest) + sorted[below + 1] * rest;
}

PairComparison ComparePair(const std::vector<double>& a, const std::vector<double>& b,
                           std::uint64_t stream, const CompareOptions& options) {
  PairComparison pair;
  const double total_a = std::accumulate(a.begin(), a.end(), 0.0);
  const double total_b = std::accumulate(b.begin(), b.end(), 0.0);
  if (a.empty() || total_b == 0) return pair;
  pair.ratio = total_a / total_b;
  const std::vector<double> ratios = Bootstrap(a, b, stream, options);
  pair.low = Quantile(ratios, options.alpha / 2);
  pair.high = Quantile(ratios, 1 - options.alpha / 2);
  const auto below =
      static_cast<double>(std::upper_bound(ratios.begin(), ratios.end(), 1.0) - ratios.begin());
  const auto above =
      static_cast<double>(ratios.end() - std::lower_bound(ratios.begin(), ratios.end(), 1.0));
  const double size = static_cast<double>(ratios.size());
  pair.p = std::min(1.0, 2 * (std::min(below, above) + 1) / (size + 1));
  return pair;
}

// Holm: the k-th smallest of m p-values times (m - k), never less than the one before it.
void CorrectByHolm(std::vector<PairComparison>* pairs) {
  std::vector<std::size_t> order(pairs->size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t x, std::size_t y) { return (*pairs)[x].p < (*pairs)[y].p; });
  double running = 0;
  for (std::size_t k = 0; k < order.size(); ++k) {
    PairComparison& pair = (*pairs)[order[k]];
    running = std::max(running, std::min(1.0, pair.p * static_cast<double>(order.size() - k)));
    pair.p_corrected = running;
  }
}

void Judge(double alpha, PairComparison* pair) {
  if (pair->p_corrected > alpha || pair->ratio == 1) {
    pair->verdict = "no difference";
    return;
  }
  const bool a_wins = pair->ratio < 1;
  const double saved = a_wins ? 1 - pair->ratio : 1 - 1 / pair->ratio;
  pair->verdict =
      Cat(a_wins ? pair->a : pair->b, " needs ", Fixed(saved * 100, 1), " % fewer tokens");
}

Status CheckOptions(const std::vector<std::pair<std::string, Tokenizer>>& tokenizers,
                    const CompareOptions& options) {
  if (tokenizers.size() < 2) {
    return InvalidArgumentError(
        Cat("compare: ", Counted(tokenizers.size(), "tokenizer"), " given, expected two or more"));
  }
  for (std::size_t i = 0; i < tokenizers.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (tokenizers[i].first != tokenizers[j].first) continue;
      return InvalidArgumentError(Cat("compare: two tokenizers are named \"", tokenizers[i].first,
                                      "\"; name them NAME=PATH"));
    }
  }
  if (!(options.alpha > 0 && options.alpha < 1) || options.resamples < 100) {
    return InvalidArgumentError(
        "compare: alpha must lie between 0 and 1, and resamples be 100 or more");
  }
  return absl::OkStatus();
}

}  // namespace

StatusOr<Comparison> Compare(const std::vector<std::pair<std::string, Tokenizer>>& tokenizers,
                             const std::vector<Corpus>& corpora, const CompareOptions& options) {
  TOKGRAFT_RETURN_IF_ERROR(CheckOptions(tokenizers, options));
  Comparison comparison;
  comparison.alpha = options.alpha;
  comparison.resamples = options.resamples;
  for (const auto& [name, unused] : tokenizers) comparison.tokenizers.push_back(name);
  for (const Corpus& corpus : corpora) {
    Counts counts;
    TOKGRAFT_RETURN_IF_ERROR(
        CountCorpus(tokenizers, corpus, options, &comparison.corpora.emplace_back(), &counts));
    std::vector<std::vector<double>> blocks;
    for (const auto& per_document : counts) blocks.push_back(Blocks(per_document));
    for (std::size_t a = 0; a < blocks.size(); ++a) {
      for (std::size_t b = a + 1; b < blocks.size(); ++b) {
        PairComparison pair =
            ComparePair(blocks[a], blocks[b], comparison.pairs.size() + 1, options);
        pair.corpus = corpus.name;
        pair.a = tokenizers[a].first;
        pair.b = tokenizers[b].first;
        comparison.pairs.push_back(std::move(pair));
      }
    }
  }
  CorrectByHolm(&comparison.pairs);
  for (PairComparison& pair : comparison.pairs) Judge(options.alpha, &pair);
  return comparison;
}

std::string Comparison::ToJson() const {
  nlohmann::ordered_json json = {{"tokenizers", tokenizers},
                                 {"alpha", alpha},
                                 {"resamples", resamples},
                                 {"correction", "Holm"},
                                 {"corpora", nlohmann::ordered_json::object()}};
  for (const CorpusTokens& c : corpora) {
    nlohmann::ordered_json tokens = nlohmann::ordered_json::object();
    for (std::size_t t = 0; t < tokenizers.size(); ++t) tokens[tokenizers[t]] = c.tokens[t];
    nlohmann::ordered_json rows = nlohmann::ordered_json::array();
    for (const PairComparison& pair : pairs) {
      if (pair.corpus != c.corpus) continue;
      rows.push_back({{"a", pair.a},
                      {"b", pair.b},
                      {"ratio", pair.ratio},
                      {"ci", {pair.low, pair.high}},
                      {"p", pair.p},
                      {"p_corrected", pair.p_corrected},
                      {"verdict", pair.verdict}});
    }
    json["corpora"][c.corpus] = {
        {"documents", c.documents}, {"bytes", c.bytes}, {"tokens", tokens}, {"pairs", rows}};
  }
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string Comparison::ToTable() const {
  std::vector<std::vector<std::string>> rows = {
      {"corpus", "tokens of", "ratio", "interval", "p (Holm)", "verdict"}};
  for (const PairComparison& pair : pairs) {
    rows.push_back({pair.corpus, Cat(pair.a, " / ", pair.b), Fixed(pair.ratio, 4),
                    Cat("[", Fixed(pair.low, 4), ", ", Fixed(pair.high, 4), "]"),
                    Fixed(pair.p_corrected, 4), pair.verdict});
  }
  return Cat(Table(rows, {.left_columns = rows[0].size()}),
             "\nRatio of token counts on the same documents; ", Fixed((1 - alpha) * 100, 0),
             " % intervals from ", resamples, " paired resamples.\n");
}

}  // namespace tokgraft
