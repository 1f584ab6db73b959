#include "embed_init/methods/neighbours.h"

#include <algorithm>
#include <cmath>

#include "tokenizer/base/parallel.h"

namespace tokgraft {

std::vector<std::vector<Near>> Nearest(const PackedRows& atoms, std::span<const float> queries,
                                       std::size_t k) {
  constexpr std::size_t kQueriesPerTask = 8 * kQueryGroup;
  const std::size_t columns = atoms.columns();
  const std::size_t count = queries.size() / columns;
  std::vector<std::vector<Near>> nearest(count);
  const auto nearer = [](const Near& a, const Near& b) {
    return a.cosine != b.cosine ? a.cosine > b.cosine : a.row < b.row;
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

}  // namespace tokgraft
