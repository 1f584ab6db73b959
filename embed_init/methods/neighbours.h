// The nearest rows of a matrix by inner product, and weights by how near they are.
#ifndef TOKGRAFT_EMBED_INIT_METHODS_NEIGHBOURS_H_
#define TOKGRAFT_EMBED_INIT_METHODS_NEIGHBOURS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "embed_init/kernels/dots.h"

namespace tokgraft {

struct Near {
  float cosine;  // of unit rows
  std::uint32_t row;
};

// The k nearest of each query, nearest first; of equal ones the first rows. `queries`: row-major
// [queries, columns of atoms].
std::vector<std::vector<Near>> Nearest(const PackedRows& atoms, std::span<const float> queries,
                                       std::size_t k);

// Of scores that do not rise.
std::vector<double> Softmax(const std::vector<double>& scores);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_METHODS_NEIGHBOURS_H_
