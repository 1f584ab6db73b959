// Cosines of many rows with many, and the weights that are made of them.
#ifndef TOKGRAFT_EMBED_INIT_METHODS_NEIGHBOURS_H_
#define TOKGRAFT_EMBED_INIT_METHODS_NEIGHBOURS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "embed_init/kernels/dots.h"

namespace tokgraft {

// Calls f(query, products) for each of the queries, row-major [count, columns], with its inner
// products with all rows, [rows.count()]; from several threads, in any order.
void ForEachProducts(
    const PackedRows& rows, std::span<const float> queries,
    const std::function<void(std::size_t query, std::span<const float> products)>& f);

struct Near {
  float cosine;
  std::uint32_t row;
};
// The k rows (or all) with the highest inner products with each query, highest first; of equal ones
// the first rows. Rows and queries of norm 1 make them cosines.
std::vector<std::vector<Near>> Nearest(const PackedRows& rows, std::span<const float> queries,
                                       std::size_t k);

// exp of each, over their sum.
std::vector<double> Softmax(const std::vector<double>& scores);

// The nearest point of the simplex (Martins and Astudillo 2016, arXiv:1602.02068): each score less
// one threshold, zero where that is negative; they sum to 1. `scores` do not rise.
std::vector<double> Sparsemax(const std::vector<double>& scores);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_METHODS_NEIGHBOURS_H_
