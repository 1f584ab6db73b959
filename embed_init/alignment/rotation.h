// The rotation that lays one space onto another: orthogonal Procrustes (Schönemann 1966).
#ifndef TOKGRAFT_EMBED_INIT_ALIGNMENT_ROTATION_H_
#define TOKGRAFT_EMBED_INIT_ALIGNMENT_ROTATION_H_

#include <cstddef>
#include <span>
#include <vector>

namespace tokgraft {

// R, row-major [columns, columns] and orthogonal, with the least |x R - y|^2; x and y are row-major
// [pairs, columns]. With fewer pairs than columns it is one of many.
std::vector<double> FitRotation(std::span<const float> x, std::span<const float> y,
                                std::size_t columns);

// Each row times R; each times its transpose, which undoes it.
std::vector<float> Rotate(std::span<const float> rows, std::span<const double> rotation,
                          std::size_t columns);
std::vector<float> RotateBack(std::span<const float> rows, std::span<const double> rotation,
                              std::size_t columns);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_ALIGNMENT_ROTATION_H_
