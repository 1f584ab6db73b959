#include "embed_init/alignment/token_alignment.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "tokenizer/base/parallel.h"

namespace tokgraft {
namespace {

constexpr std::size_t kLinesPerTask = 256;
constexpr std::size_t kTokensPerTask = 64;
constexpr double kLeastTension = 0.1;
constexpr double kMostTension = 14;
constexpr int kBisections = 20;

// exp(-tension |center - k / count|) for k = 1 .. count: a geometric series on either side.
void FillDecay(double center, double tension, std::span<double> out) {
  const auto count = static_cast<double>(out.size());
  const double ratio = std::exp(-tension / count);
  const auto below = std::min(static_cast<std::size_t>(std::max(0.0, center * count)), out.size());
  if (below > 0) {
    double value = std::exp(-tension * std::abs(center - static_cast<double>(below) / count));
    for (std::size_t k = below; k > 0; --k, value *= ratio) out[k - 1] = value;
  }
  if (below < out.size()) {
    double value = std::exp(-tension * std::abs(static_cast<double>(below + 1) / count - center));
    for (std::size_t k = below; k < out.size(); ++k, value *= ratio) out[k] = value;
  }
}

// Sums over k = 0 .. count - 1 of weight = exp(-tension (start + k step)), and of weight times
// start + k step.
struct DecaySums {
  double weight = 0;
  double distance = 0;
};
DecaySums SumDecay(double start, double step, std::size_t count, double tension) {
  if (count == 0) return {};
  const auto n = static_cast<double>(count);
  const double ratio = std::exp(-tension * step);
  const double rest = -std::expm1(-tension * step);  // 1 - ratio
  const double power = std::exp(-tension * step * (n - 1));
  const double first = std::exp(-tension * start);
  const double ones = -std::expm1(-tension * step * n) / rest;
  const double steps = ratio * (1 - n * power + (n - 1) * power * ratio) / (rest * rest);
  return {.weight = first * ones, .distance = first * (start * ones + step * steps)};
}

// The distance from the diagonal that the prior expects of a place, among `count` tokens.
double ExpectedDistance(double center, std::size_t count, double tension) {
  const double step = 1 / static_cast<double>(count);
  const auto below = std::min(static_cast<std::size_t>(center / step), count);
  const DecaySums left =
      SumDecay(std::abs(center - static_cast<double>(below) * step), step, below, tension);
  const DecaySums right = SumDecay(std::abs(static_cast<double>(below + 1) * step - center), step,
                                   count - below, tension);
  return (left.distance + right.distance) / (left.weight + right.weight);
}

double Position(std::size_t index, std::size_t size) {
  return static_cast<double>(index + 1) / static_cast<double>(size);
}

// t(. | new), or the counts that it is made of.
struct Shares {
  std::vector<std::uint32_t> old_ids;  // ascending
  std::vector<double> values;          // parallel
};

struct Place {
  std::uint32_t line;
  std::uint32_t index;  // of the new token in it
};

class Aligner {
 public:
  Aligner(const TokenPairs& pairs, const AlignmentOptions& options)
      : pairs_(pairs), options_(options) {
    for (const std::uint32_t id : pairs.old_ids) old_size_ = std::max(old_size_, id + 1);
    IndexNewTokens();
    shares_.resize(ids_.size());
    distances_.resize(ids_.size());
    scales_.resize(pairs.old_ids.size());
    nulls_.resize(pairs.old_ids.size());
    line_logs_.resize(pairs.size());
    null_shares_.assign(old_size_, old_size_ == 0 ? 0.0 : 1.0 / old_size_);
  }

  TokenAlignment Run() {
    TokenAlignment result;
    const int rounds = options_.uniform_rounds + options_.diagonal_rounds;
    for (int round = 0; round < rounds; ++round) {
      if (round == options_.uniform_rounds) tension_ = options_.tension;
      const bool last = round + 1 == rounds;
      Normalise(round == 0);
      double sum = 0;
      for (const double log : line_logs_) sum += log;
      result.log_likelihoods.push_back(sum);
      if (options_.progress) options_.progress((round + 0.5) / rounds);
      Count(round == 0, last);
      if (!last) {
        EstimateNull();
        if (round >= options_.uniform_rounds) EstimateTension();
      }
      if (options_.progress) options_.progress((round + 1.0) / rounds);
    }
    result.tension = tension_;
    result.new_ids = ids_;
    for (Shares& counts : shares_) {
      auto& pairs = result.counts.emplace_back();
      for (std::size_t i = 0; i < counts.old_ids.size(); ++i) {
        pairs.emplace_back(counts.old_ids[i], counts.values[i]);
      }
      counts = {};
    }
    return result;
  }

 private:
  std::span<const std::uint32_t> OldLine(std::size_t line) const {
    return std::span(pairs_.old_ids)
        .subspan(pairs_.old_splits[line], pairs_.old_splits[line + 1] - pairs_.old_splits[line]);
  }
  std::span<const std::uint32_t> NewLine(std::size_t line) const {
    return std::span(pairs_.new_ids)
        .subspan(pairs_.new_splits[line], pairs_.new_splits[line + 1] - pairs_.new_splits[line]);
  }
  std::size_t NewSize(std::size_t line) const {
    return pairs_.new_splits[line + 1] - pairs_.new_splits[line];
  }

  // Where each new token stands.
  void IndexNewTokens() {
    ids_ = pairs_.new_ids;
    std::sort(ids_.begin(), ids_.end());
    ids_.erase(std::unique(ids_.begin(), ids_.end()), ids_.end());
    row_of_.assign(ids_.empty() ? 0 : ids_.back() + 1, 0);
    for (std::size_t row = 0; row < ids_.size(); ++row) {
      row_of_[ids_[row]] = static_cast<std::uint32_t>(row);
    }
    starts_.assign(ids_.size() + 1, 0);
    for (const std::uint32_t id : pairs_.new_ids) ++starts_[row_of_[id] + 1];
    for (std::size_t row = 0; row < ids_.size(); ++row) starts_[row + 1] += starts_[row];
    places_.resize(pairs_.new_ids.size());
    std::vector<std::uint64_t> next(starts_.begin(), starts_.end());
    for (std::size_t line = 0; line < pairs_.size(); ++line) {
      const std::span<const std::uint32_t> ids = NewLine(line);
      for (std::size_t i = 0; i < ids.size(); ++i) {
        places_[next[row_of_[ids[i]]]++] = {static_cast<std::uint32_t>(line),
                                            static_cast<std::uint32_t>(i)};
      }
    }
  }

  // Through lines: scales_ and nulls_ of each old piece, and the likelihood.
  void Normalise(bool first) {
    ParallelFor(pairs_.size(), kLinesPerTask, options_.threads,
                [&](std::size_t begin, std::size_t end) {
                  LineScratch scratch;
                  for (std::size_t line = begin; line < end; ++line) {
                    NormaliseLine(line, first, &scratch);
                  }
                });
  }

  struct LineScratch {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> order;  // (old id, position)
    std::vector<double> t;                                       // [positions, new tokens]
    std::vector<double> decay;
  };

  void NormaliseLine(std::size_t line, bool first, LineScratch* scratch) {
    const std::span<const std::uint32_t> old_ids = OldLine(line);
    const std::span<const std::uint32_t> new_ids = NewLine(line);
    line_logs_[line] = 0;
    if (old_ids.empty() || new_ids.empty()) return;
    const double start = 1.0 / old_size_;
    std::vector<double>& t = scratch->t;
    t.assign(old_ids.size() * new_ids.size(), first ? start : 0.0);
    if (!first) LookUp(old_ids, new_ids, scratch);
    scratch->decay.assign(new_ids.size(), 1);
    for (std::size_t j = 0; j < old_ids.size(); ++j) {
      if (tension_ > 0) FillDecay(Position(j, old_ids.size()), tension_, scratch->decay);
      double normaliser = 0;
      double joint = 0;
      for (std::size_t i = 0; i < new_ids.size(); ++i) {
        normaliser += scratch->decay[i];
        joint += scratch->decay[i] * t[j * new_ids.size() + i];
      }
      const double prior = (1 - options_.null_probability) / normaliser;
      const double null = options_.null_probability * null_shares_[old_ids[j]];
      const double sum = prior * joint + null;
      const std::size_t at = pairs_.old_splits[line] + j;
      // Where all that could say the piece was dropped, it says nothing.
      scales_[at] = sum > 0 ? prior / sum : 0;
      nulls_[at] = sum > 0 ? null / sum : 1;
      if (sum > 0) line_logs_[line] += std::log(sum);
    }
  }

  // t of each position and new token.
  void LookUp(std::span<const std::uint32_t> old_ids, std::span<const std::uint32_t> new_ids,
              LineScratch* scratch) const {
    scratch->order.clear();
    for (std::size_t j = 0; j < old_ids.size(); ++j) {
      scratch->order.emplace_back(old_ids[j], static_cast<std::uint32_t>(j));
    }
    std::sort(scratch->order.begin(), scratch->order.end());
    for (std::size_t i = 0; i < new_ids.size(); ++i) {
      const Shares& shares = shares_[row_of_[new_ids[i]]];
      auto at = shares.old_ids.begin();
      for (const auto& [id, position] : scratch->order) {
        at = std::lower_bound(at, shares.old_ids.end(), id);
        if (at == shares.old_ids.end()) break;
        if (*at != id) continue;
        scratch->t[position * new_ids.size() + i] =
            shares.values[static_cast<std::size_t>(at - shares.old_ids.begin())];
      }
    }
  }

  // Through new tokens: their counts, and with them new shares.
  void Count(bool first, bool last) {
    ParallelFor(ids_.size(), kTokensPerTask, options_.threads,
                [&](std::size_t begin, std::size_t end) {
                  TokenScratch scratch;
                  scratch.counts.assign(old_size_, 0);
                  scratch.t.assign(old_size_, first ? 1.0 / old_size_ : 0.0);
                  for (std::size_t row = begin; row < end; ++row) {
                    CountToken(row, first, last, &scratch);
                  }
                });
  }

  struct TokenScratch {
    std::vector<double> counts;  // [old tokens], zeros between calls
    std::vector<double> t;       // [old tokens]
    std::vector<std::uint32_t> touched;
    std::vector<double> decay;
  };

  void CountToken(std::size_t row, bool first, bool last, TokenScratch* scratch) {
    Shares& shares = shares_[row];
    if (!first) {
      for (std::size_t k = 0; k < shares.old_ids.size(); ++k) {
        scratch->t[shares.old_ids[k]] = shares.values[k];
      }
    }
    double total = 0;
    double distance = 0;
    for (std::uint64_t at = starts_[row]; at < starts_[row + 1]; ++at) {
      const Place place = places_[at];
      const std::span<const std::uint32_t> old_ids = OldLine(place.line);
      scratch->decay.assign(old_ids.size(), 1);
      const double center = Position(place.index, NewSize(place.line));
      if (tension_ > 0) FillDecay(center, tension_, scratch->decay);
      const double* scales = scales_.data() + pairs_.old_splits[place.line];
      for (std::size_t j = 0; j < old_ids.size(); ++j) {
        const double count = scales[j] * scratch->decay[j] * scratch->t[old_ids[j]];
        if (!(count > 0)) continue;
        if (scratch->counts[old_ids[j]] == 0) scratch->touched.push_back(old_ids[j]);
        scratch->counts[old_ids[j]] += count;
        total += count;
        distance += count * std::abs(center - Position(j, old_ids.size()));
      }
    }
    distances_[row] = distance;
    if (!first) {
      for (const std::uint32_t id : shares.old_ids) scratch->t[id] = 0;
    }
    std::sort(scratch->touched.begin(), scratch->touched.end());
    shares = Kept(scratch->touched, scratch->counts, last ? 0 : total);
    for (const std::uint32_t id : scratch->touched) scratch->counts[id] = 0;
    scratch->touched.clear();
  }

  // Counts as shares of their total, small ones dropped; total 0: the counts.
  Shares Kept(const std::vector<std::uint32_t>& ids, const std::vector<double>& counts,
              double total) const {
    Shares kept;
    double sum = 0;
    for (const std::uint32_t id : ids) {
      if (total > 0 && counts[id] < options_.least_share * total) continue;
      kept.old_ids.push_back(id);
      kept.values.push_back(counts[id]);
      sum += counts[id];
    }
    if (total > 0) {
      for (double& value : kept.values) value /= sum;
    }
    kept.old_ids.shrink_to_fit();
    kept.values.shrink_to_fit();
    return kept;
  }

  void EstimateNull() {
    std::vector<double> counts(old_size_, 0);
    double total = 0;
    for (std::size_t line = 0; line < pairs_.size(); ++line) {
      if (NewSize(line) == 0) continue;
      for (std::size_t at = pairs_.old_splits[line]; at < pairs_.old_splits[line + 1]; ++at) {
        counts[pairs_.old_ids[at]] += nulls_[at];
        total += nulls_[at];
      }
    }
    if (!(total > 0)) return;
    for (double& count : counts) count /= total;
    null_shares_ = std::move(counts);
  }

  // The tension at which the distances that the prior expects add up to those of the counts.
  void EstimateTension() {
    struct Lines {
      std::size_t old_size;
      std::size_t new_size;
      std::vector<double> mass;  // [old_size] not from nothing
    };
    std::map<std::pair<std::size_t, std::size_t>, std::vector<double>> by_size;
    for (std::size_t line = 0; line < pairs_.size(); ++line) {
      const std::size_t old_size = OldLine(line).size();
      if (old_size == 0 || NewSize(line) == 0) continue;
      std::vector<double>& mass = by_size[{old_size, NewSize(line)}];
      mass.resize(old_size, 0);
      for (std::size_t j = 0; j < old_size; ++j) {
        mass[j] += 1 - nulls_[pairs_.old_splits[line] + j];
      }
    }
    std::vector<Lines> groups;
    for (auto& [sizes, mass] : by_size) {
      groups.push_back({sizes.first, sizes.second, std::move(mass)});
    }
    double counted = 0;
    for (const double distance : distances_) counted += distance;
    const auto expected = [&](double tension) {
      std::vector<double> sums(groups.size(), 0);
      ParallelFor(groups.size(), 16, options_.threads, [&](std::size_t begin, std::size_t end) {
        for (std::size_t g = begin; g < end; ++g) {
          const Lines& lines = groups[g];
          for (std::size_t j = 0; j < lines.old_size; ++j) {
            sums[g] += lines.mass[j] *
                       ExpectedDistance(Position(j, lines.old_size), lines.new_size, tension);
          }
        }
      });
      double sum = 0;
      for (const double one : sums) sum += one;
      return sum;
    };
    double low = kLeastTension;
    double high = kMostTension;
    for (int i = 0; i < kBisections; ++i) {
      const double middle = (low + high) / 2;
      (expected(middle) > counted ? low : high) = middle;
    }
    tension_ = (low + high) / 2;
  }

  const TokenPairs& pairs_;
  const AlignmentOptions& options_;
  std::uint32_t old_size_ = 0;
  std::vector<std::uint32_t> ids_;     // new tokens that occur; a row each
  std::vector<std::uint32_t> row_of_;  // by new id
  std::vector<std::uint64_t> starts_;  // [rows + 1] into places_
  std::vector<Place> places_;
  std::vector<Shares> shares_;       // by row
  std::vector<double> null_shares_;  // [old tokens]
  std::vector<double> distances_;    // by row: sum of count times distance from the diagonal
  std::vector<double> scales_;       // by old position: prior / (its normaliser * likelihood)
  std::vector<double> nulls_;        // by old position: the probability that it is from nothing
  std::vector<double> line_logs_;
  double tension_ = 0;
};

}  // namespace

void TokenPairs::Add(std::span<const std::uint32_t> old_line,
                     std::span<const std::uint32_t> new_line) {
  old_ids.insert(old_ids.end(), old_line.begin(), old_line.end());
  new_ids.insert(new_ids.end(), new_line.begin(), new_line.end());
  old_splits.push_back(old_ids.size());
  new_splits.push_back(new_ids.size());
}

std::span<const std::pair<std::uint32_t, double>> TokenAlignment::CountsOf(
    std::uint32_t new_id) const {
  const auto at = std::lower_bound(new_ids.begin(), new_ids.end(), new_id);
  if (at == new_ids.end() || *at != new_id) return {};
  return counts[static_cast<std::size_t>(at - new_ids.begin())];
}

TokenAlignment AlignTokens(const TokenPairs& pairs, const AlignmentOptions& options) {
  return Aligner(pairs, options).Run();
}

}  // namespace tokgraft
