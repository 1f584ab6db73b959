// knn: the shared tokens whose donor rows are nearest to the new token's (by cosine, means taken
// off), weighted by softmax of cosine / temperature, or by sparsemax of it, which leaves few; the
// same weights on the model's rows make the new row. The rule of WECHSEL (arXiv:2112.06598) and
// FOCUS (arXiv:2305.14481), with the donor's embedding in place of their word vectors.
#include <algorithm>
#include <cmath>

#include "embed_init/kernels/dots.h"
#include "embed_init/methods/donor_space.h"
#include "tokenizer/base/parallel.h"

namespace tokgraft {
namespace {

struct Near {
  float cosine;
  std::uint32_t anchor;
};

// The k nearest of each query, nearest first.
std::vector<std::vector<Near>> Nearest(const PackedRows& atoms, std::span<const float> queries,
                                       std::size_t k) {
  constexpr std::size_t kQueriesPerTask = 8 * kQueryGroup;
  const std::size_t columns = atoms.columns();
  const std::size_t count = queries.size() / columns;
  std::vector<std::vector<Near>> nearest(count);
  const auto nearer = [](const Near& a, const Near& b) {
    return a.cosine != b.cosine ? a.cosine > b.cosine : a.anchor < b.anchor;
  };
  ParallelFor(count, kQueriesPerTask, 0, [&](std::size_t begin, std::size_t end) {
    PackedQueries packed(end - begin, columns);
    for (std::size_t i = begin; i < end; ++i) {
      packed.Set(i - begin, queries.subspan(i * columns, columns));
    }
    std::vector<float> tile(packed.groups() * kQueryGroup * kPanelRows);
    for (std::size_t panel = 0; panel < atoms.panels(); ++panel) {
      PanelDots(atoms, panel, packed, tile);
      const std::size_t rows = std::min(kPanelRows, atoms.count() - panel * kPanelRows);
      for (std::size_t i = begin; i < end; ++i) {
        std::vector<Near>& heap = nearest[i];  // the farthest of the nearest on top
        for (std::size_t row = 0; row < rows; ++row) {
          const Near here{tile[(i - begin) * kPanelRows + row],
                          static_cast<std::uint32_t>(panel * kPanelRows + row)};
          if (heap.size() == k && !nearer(here, heap.front())) continue;
          if (heap.size() == k) {
            std::pop_heap(heap.begin(), heap.end(), nearer);
            heap.pop_back();
          }
          heap.push_back(here);
          std::push_heap(heap.begin(), heap.end(), nearer);
        }
      }
    }
    for (std::size_t i = begin; i < end; ++i) {
      std::sort(nearest[i].begin(), nearest[i].end(), nearer);
    }
  });
  return nearest;
}

// Of scores that do not rise.
std::vector<double> Softmax(const std::vector<double>& scores) {
  std::vector<double> weights;
  double sum = 0;
  for (const double score : scores) {
    weights.push_back(std::exp(score - scores.front()));
    sum += weights.back();
  }
  for (double& weight : weights) weight /= sum;
  return weights;
}

// The nearest point of the simplex (Martins and Astudillo 2016).
std::vector<double> Sparsemax(const std::vector<double>& scores) {
  double sum = 0;
  double threshold = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    sum += scores[i];
    const double n = static_cast<double>(i + 1);
    if (1 + n * scores[i] <= sum) break;
    threshold = (sum - 1) / n;
  }
  std::vector<double> weights;
  for (const double score : scores) weights.push_back(std::max(0.0, score - threshold));
  return weights;
}

}  // namespace

StatusOr<MadeRows> MakeKnnRows(const MethodInput& input) {
  const MethodSettings& settings = input.options->settings;
  TOKGRAFT_ASSIGN_OR_RETURN(DonorSpace space, OpenDonorSpace(input, true));
  ToUnitRows(space.columns, &space.rows);
  DonorRows wanted = RowsInDonor(input, space);
  ToUnitRows(space.columns, &wanted.rows);
  const std::vector<std::vector<Near>> nearest =
      Nearest(PackedRows(space.rows, space.anchors.size(), space.columns), wanted.rows,
              static_cast<std::size_t>(settings.knn_k));
  MadeRows made;
  std::size_t next = 0;
  for (std::size_t i = 0; i < input.tokens.size(); ++i) {
    if (next == wanted.tokens.size() || wanted.tokens[next] != i) {
      made.AddFallback(input, input.tokens[i]);
      continue;
    }
    const std::vector<Near>& near = nearest[next++];
    std::vector<double> scores;
    for (const Near& anchor : near) {
      scores.push_back(static_cast<double>(anchor.cosine) / settings.knn_temperature);
    }
    const std::vector<double> weights =
        settings.knn_sparsemax ? Sparsemax(scores) : Softmax(scores);
    RowEntries entries;
    for (std::size_t j = 0; j < near.size(); ++j) {
      if (weights[j] > 0) entries.emplace_back(space.anchors[near[j].anchor].base, weights[j]);
    }
    made.Add(RowOrigin::kMethod, std::move(entries));
  }
  return made;
}

}  // namespace tokgraft
