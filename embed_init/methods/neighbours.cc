#include "embed_init/methods/neighbours.h"

#include <algorithm>
#include <cmath>

#include "tokenizer/base/parallel.h"

namespace tokgraft {
namespace {

// Calls f(query, first row, products) panel by panel.
template <typename F>
void ForEachPanel(const PackedRows& rows, std::span<const float> queries, std::size_t begin,
                  std::size_t end, const F& f) {
  const std::size_t columns = rows.columns();
  PackedQueries packed(end - begin, columns);
  for (std::size_t i = begin; i < end; ++i) {
    packed.Set(i - begin, queries.subspan(i * columns, columns));
  }
  std::vector<float> tile(packed.groups() * kQueryGroup * kPanelRows);
  for (std::size_t panel = 0; panel < rows.panels(); ++panel) {
    PanelDots(rows, panel, packed, tile);
    const std::size_t first = panel * kPanelRows;
    const std::size_t count = std::min(kPanelRows, rows.count() - first);
    for (std::size_t i = begin; i < end; ++i) {
      f(i, first, std::span<const float>(tile).subspan((i - begin) * kPanelRows, count));
    }
  }
}

constexpr std::size_t kQueriesPerTask = 8 * kQueryGroup;

}  // namespace

void ForEachProducts(
    const PackedRows& rows, std::span<const float> queries,
    const std::function<void(std::size_t query, std::span<const float> products)>& f) {
  const std::size_t count = queries.size() / rows.columns();
  ParallelFor(count, kQueriesPerTask, 0, [&](std::size_t begin, std::size_t end) {
    std::vector<float> products((end - begin) * rows.count());
    ForEachPanel(rows, queries, begin, end,
                 [&](std::size_t i, std::size_t first, std::span<const float> panel) {
                   std::copy(panel.begin(), panel.end(),
                             products.data() + (i - begin) * rows.count() + first);
                 });
    for (std::size_t i = begin; i < end; ++i) {
      f(i, std::span<const float>(products).subspan((i - begin) * rows.count(), rows.count()));
    }
  });
}

std::vector<std::vector<Near>> Nearest(const PackedRows& rows, std::span<const float> queries,
                                       std::size_t k) {
  const std::size_t count = queries.size() / rows.columns();
  std::vector<std::vector<Near>> nearest(count);
  const auto nearer = [](const Near& a, const Near& b) {
    return a.cosine != b.cosine ? a.cosine > b.cosine : a.row < b.row;
  };
  ParallelFor(count, kQueriesPerTask, 0, [&](std::size_t begin, std::size_t end) {
    ForEachPanel(rows, queries, begin, end,
                 [&](std::size_t i, std::size_t first, std::span<const float> products) {
                   std::vector<Near>& heap = nearest[i];  // the farthest of the nearest on top
                   for (std::size_t row = 0; row < products.size(); ++row) {
                     const Near here{products[row], static_cast<std::uint32_t>(first + row)};
                     if (heap.size() == k && !nearer(here, heap.front())) continue;
                     if (heap.size() == k) {
                       std::pop_heap(heap.begin(), heap.end(), nearer);
                       heap.pop_back();
                     }
                     heap.push_back(here);
                     std::push_heap(heap.begin(), heap.end(), nearer);
                   }
                 });
    for (std::size_t i = begin; i < end; ++i) {
      std::sort(nearest[i].begin(), nearest[i].end(), nearer);
    }
  });
  return nearest;
}

std::vector<double> Softmax(const std::vector<double>& scores) {
  std::vector<double> weights;
  if (scores.empty()) return weights;
  const double most = *std::max_element(scores.begin(), scores.end());
  double sum = 0;
  for (const double score : scores) {
    weights.push_back(std::exp(score - most));
    sum += weights.back();
  }
  for (double& weight : weights) weight /= sum;
  return weights;
}

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

}  // namespace tokgraft
