// Orthogonal matching pursuit: a few rows of a dictionary whose combination comes near a query.
//
// Each step takes the atom with the largest |inner product| with what is still missing, then what
// is missing is the query less its projection on all atoms taken. Atoms are compared with a batch
// of queries at a time (kernels/dots.h); each query keeps an orthonormal basis of its atoms, to
// which a step adds one vector, so no system is solved before the end. Of equal products the lower
// index wins. Results do not depend on the threads.
#ifndef TOKGRAFT_EMBED_INIT_METHODS_PURSUIT_H_
#define TOKGRAFT_EMBED_INIT_METHODS_PURSUIT_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace tokgraft {

struct Pursuit {
  std::vector<std::uint32_t> atoms;  // in the order in which they were taken; k at most
  std::vector<double> coefficients;  // parallel to atoms
  friend bool operator==(const Pursuit&, const Pursuit&) = default;
};

struct PursuitOptions {
  std::size_t k = 64;
  double ridge = 0;  // of the coefficients, times the mean square of the atoms taken
  int threads = 0;
};

// `atoms` [count, columns] and `queries` [n, columns], row-major, finite. One result per query.
std::vector<Pursuit> Pursue(std::span<const float> atoms, std::span<const float> queries,
                            std::size_t columns, const PursuitOptions& options);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_METHODS_PURSUIT_H_
