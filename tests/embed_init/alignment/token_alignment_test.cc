// Alignment against the plainest expectation maximisation, on dense matrices; and on text whose
// dictionary is known.
#include "embed_init/alignment/token_alignment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace tokgraft {
namespace {

using Matrix = std::vector<std::vector<double>>;

TokenPairs RandomPairs(unsigned seed, std::size_t lines, std::uint32_t old_size,
                       std::uint32_t new_size) {
  std::mt19937 random(seed);
  TokenPairs pairs;
  for (std::size_t line = 0; line < lines; ++line) {
    std::vector<std::uint32_t> from(1 + random() % 6);
    std::vector<std::uint32_t> to(1 + random() % 6);
    for (std::uint32_t& id : from) id = static_cast<std::uint32_t>(random() % old_size);
    for (std::uint32_t& id : to) id = static_cast<std::uint32_t>(random() % new_size);
    pairs.Add(from, to);
  }
  return pairs;
}

// By the formulas of the header, every probability of every line in full.
struct Plain {
  const TokenPairs& pairs;
  std::size_t old_size;
  std::size_t new_size;
  double p0 = 0.08;
  double tension = 0;
  Matrix t;       // [new + 1][old]; the last is nothing
  Matrix counts;  // the same
  double log_likelihood = 0;
  // One a word: (line, j, probabilities of each i)
  struct Word {
    std::size_t m, n, j;
    std::vector<double> posterior;
  };
  std::vector<Word> words;

  Plain(const TokenPairs& p, std::size_t old_count, std::size_t new_count)
      : pairs(p),
        old_size(old_count),
        new_size(new_count),
        t(new_count + 1, std::vector<double>(old_count, 1.0 / static_cast<double>(old_count))) {}

  static double Distance(std::size_t j, std::size_t m, std::size_t i, std::size_t n) {
    return std::abs(static_cast<double>(j + 1) / static_cast<double>(m) -
                    static_cast<double>(i + 1) / static_cast<double>(n));
  }

  void Expect() {
    counts.assign(new_size + 1, std::vector<double>(old_size, 0));
    words.clear();
    log_likelihood = 0;
    for (std::size_t line = 0; line < pairs.size(); ++line) {
      const std::size_t m = pairs.old_splits[line + 1] - pairs.old_splits[line];
      const std::size_t n = pairs.new_splits[line + 1] - pairs.new_splits[line];
      for (std::size_t j = 0; j < m; ++j) {
        const std::size_t old_id = pairs.old_ids[pairs.old_splits[line] + j];
        std::vector<double> joint;
        double z = 0;
        for (std::size_t i = 0; i < n; ++i) z += std::exp(-tension * Distance(j, m, i, n));
        for (std::size_t i = 0; i < n; ++i) {
          joint.push_back((1 - p0) * std::exp(-tension * Distance(j, m, i, n)) / z *
                          t[pairs.new_ids[pairs.new_splits[line] + i]][old_id]);
        }
        joint.push_back(p0 * t[new_size][old_id]);
        double sum = 0;
        for (const double one : joint) sum += one;
        log_likelihood += std::log(sum);
        for (double& one : joint) one /= sum;
        for (std::size_t i = 0; i < n; ++i) {
          counts[pairs.new_ids[pairs.new_splits[line] + i]][old_id] += joint[i];
        }
        counts[new_size][old_id] += joint[n];
        words.push_back({m, n, j, joint});
      }
    }
  }

  void Maximise(bool with_tension) {
    for (std::size_t row = 0; row <= new_size; ++row) {
      double sum = 0;
      for (const double count : counts[row]) sum += count;
      if (sum == 0) continue;
      for (std::size_t id = 0; id < old_size; ++id) t[row][id] = counts[row][id] / sum;
    }
    if (!with_tension) return;
    // The expected log-likelihood as a function of the tension, which has one top.
    const auto value = [&](double lambda) {
      double sum = 0;
      for (const Word& word : words) {
        double z = 0;
        for (std::size_t i = 0; i < word.n; ++i) {
          z += std::exp(-lambda * Distance(word.j, word.m, i, word.n));
        }
        for (std::size_t i = 0; i < word.n; ++i) {
          sum += word.posterior[i] * (-lambda * Distance(word.j, word.m, i, word.n) - std::log(z));
        }
      }
      return sum;
    };
    double low = 0.1;
    double high = 14;
    for (int i = 0; i < 100; ++i) {
      const double a = low + (high - low) / 3;
      const double b = high - (high - low) / 3;
      (value(a) < value(b) ? low : high) = value(a) < value(b) ? a : b;
    }
    tension = (low + high) / 2;
  }
};

TEST(TokenAlignmentTest, CountsAreThoseOfDenseMatrices) {
  for (const auto& [uniform, diagonal] : {std::pair(1, 0), {4, 0}, {0, 4}, {3, 4}}) {
    for (const unsigned seed : {1U, 2U, 3U}) {
      const TokenPairs pairs = RandomPairs(seed, 40, 9, 7);
      const TokenAlignment found = AlignTokens(
          pairs, {.uniform_rounds = uniform, .diagonal_rounds = diagonal, .least_share = 0});
      Plain plain(pairs, 9, 7);
      for (int round = 0; round < uniform + diagonal; ++round) {
        if (round == uniform) plain.tension = 4;
        plain.Expect();
        EXPECT_NEAR(found.log_likelihoods[static_cast<std::size_t>(round)], plain.log_likelihood,
                    1e-3)
            << round;
        if (round + 1 < uniform + diagonal) plain.Maximise(round >= uniform);
      }
      EXPECT_NEAR(found.tension, plain.tension, 1e-3);
      for (std::uint32_t id = 0; id < 7; ++id) {
        std::vector<double> counts(9, 0);
        for (const auto& [old_id, count] : found.CountsOf(id)) counts[old_id] = count;
        for (std::size_t old_id = 0; old_id < 9; ++old_id) {
          EXPECT_NEAR(counts[old_id], plain.counts[id][old_id], 1e-3) << id << " " << old_id;
        }
      }
    }
  }
}

TEST(TokenAlignmentTest, NoRoundIsLessLikelyThanTheOneBefore) {
  const TokenPairs pairs = RandomPairs(5, 200, 30, 30);
  for (const auto& [uniform, diagonal] : {std::pair(8, 0), {0, 8}}) {
    const auto logs =
        AlignTokens(pairs,
                    {.uniform_rounds = uniform, .diagonal_rounds = diagonal, .least_share = 0})
            .log_likelihoods;
    for (std::size_t i = 1; i < logs.size(); ++i) EXPECT_GE(logs[i], logs[i - 1] - 1e-6);
  }
}

// Lines of new tokens; each says one old piece, or two, near its own place.
TokenPairs Translated(std::size_t lines, std::uint32_t size) {
  std::mt19937 random(11);
  TokenPairs pairs;
  for (std::size_t line = 0; line < lines; ++line) {
    std::vector<std::uint32_t> to(4 + random() % 12);
    for (std::uint32_t& id : to) id = static_cast<std::uint32_t>(random() % size);
    std::vector<std::uint32_t> shuffled = to;
    for (std::size_t i = 0; i + 1 < shuffled.size(); i += 2) {
      if (random() % 3 == 0) std::swap(shuffled[i], shuffled[i + 1]);
    }
    std::vector<std::uint32_t> from;
    for (const std::uint32_t id : shuffled) {
      from.push_back(2 * id);
      if (id % 3 == 0) from.push_back(2 * id + 1);  // the second piece of its translation
    }
    pairs.Add(from, to);
  }
  return pairs;
}

TEST(TokenAlignmentTest, FindsTheDictionaryOfATranslation) {
  const TokenAlignment found = AlignTokens(Translated(3000, 200));
  ASSERT_EQ(found.new_ids.size(), 200U);
  for (std::uint32_t id = 0; id < 200; ++id) {
    double total = 0;
    double right = 0;
    for (const auto& [old_id, count] : found.CountsOf(id)) {
      total += count;
      if (old_id / 2 == id) right += count;
    }
    EXPECT_GT(right, 0.9 * total) << id;
    const std::ptrdiff_t pieces = id % 3 == 0 ? 2 : 1;
    EXPECT_EQ(std::count_if(found.CountsOf(id).begin(), found.CountsOf(id).end(),
                            [&](const auto& one) { return one.second > 0.2 * total; }),
              pieces);
  }
  EXPECT_GT(found.tension, 4);  // nearly monotone
}

TEST(TokenAlignmentTest, NumberOfThreadsChangesNothing) {
  const TokenPairs pairs = Translated(1500, 700);
  const TokenAlignment one = AlignTokens(pairs, {.threads = 1});
  const TokenAlignment four = AlignTokens(pairs, {.threads = 4});
  EXPECT_EQ(one.new_ids, four.new_ids);
  EXPECT_EQ(one.counts, four.counts);
  EXPECT_EQ(one.tension, four.tension);
  EXPECT_EQ(one.log_likelihoods, four.log_likelihoods);
}

TEST(TokenAlignmentTest, SmallSharesAreDroppedAndNothingIsLostOfTheOthers) {
  const TokenPairs pairs = Translated(3000, 200);
  const TokenAlignment all = AlignTokens(pairs, {.least_share = 0});
  const TokenAlignment few = AlignTokens(pairs, {.least_share = 0.01});
  std::size_t entries[2] = {};
  for (std::uint32_t id = 0; id < 200; ++id) {
    entries[0] += all.CountsOf(id).size();
    entries[1] += few.CountsOf(id).size();
    EXPECT_LE(few.CountsOf(id).size(), 100U);
    for (const auto& [old_id, count] : few.CountsOf(id)) EXPECT_TRUE(std::isfinite(count));
  }
  EXPECT_LT(entries[1], entries[0] / 2);
}

TEST(TokenAlignmentTest, EmptyLinesAndEmptyTextSayNothing) {
  EXPECT_TRUE(AlignTokens({}).new_ids.empty());
  TokenPairs pairs;
  const std::vector<std::uint32_t> ids = {3};
  pairs.Add(ids, {});
  pairs.Add({}, ids);
  EXPECT_TRUE(AlignTokens(pairs).CountsOf(3).empty());
  pairs.Add(ids, ids);
  ASSERT_EQ(AlignTokens(pairs).CountsOf(3).size(), 1U);
  EXPECT_TRUE(AlignTokens(pairs).CountsOf(99).empty());
}

}  // namespace
}  // namespace tokgraft
