// A MethodInput whose tokens have vectors, for the tests of methods with vectors.
#ifndef TOKGRAFT_TESTS_EMBED_INIT_MADE_VECTORS_H_
#define TOKGRAFT_TESTS_EMBED_INIT_MADE_VECTORS_H_

#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "embed_init/vectors/token_vectors.h"
#include "tests/embed_init/made_input.h"

namespace tokgraft::testing {

inline std::vector<float> UnitRows(std::size_t rows, std::size_t columns, unsigned seed) {
  std::vector<float> values = RandomRows(rows, columns, seed);
  for (std::size_t i = 0; i < rows; ++i) {
    float square = 0;
    for (std::size_t j = 0; j < columns; ++j) {
      square += values[i * columns + j] * values[i * columns + j];
    }
    for (std::size_t j = 0; j < columns; ++j) values[i * columns + j] /= std::sqrt(square);
  }
  return values;
}

// Old rows 0 .. old - 1 with vectors 0 .. old - 1, the last of them not shared; `wanted` new tokens
// of pieces 0 and 1 (2 bytes and 1) with the vectors after these, the last of them without one.
struct MadeVectors {
  MadeInput made;
  TokenVectors vectors;

  MadeVectors(std::size_t old, std::size_t wanted, std::size_t columns, unsigned seed)
      : made(RandomRows(old, 4, seed), 4) {
    vectors.columns = columns;
    vectors.values = UnitRows(old + wanted - 1, columns, seed + 1);
    for (std::uint32_t i = 0; i < old; ++i) vectors.old.push_back({i, i, i + 1 < old});
    for (std::uint32_t i = 0; i < wanted; ++i) {
      made.input.tokens.push_back({.pieces = {{0, 1}, {2, 1}}, .row = old + i});
      if (i + 1 < wanted) made.input.tokens.back().vector = static_cast<std::uint32_t>(old) + i;
      vectors.added.push_back(made.input.tokens.back().vector);
    }
    made.input.vectors = &vectors;
  }

  double Cosine(std::uint32_t a, std::uint32_t b) const {
    double sum = 0;
    for (std::size_t j = 0; j < vectors.columns; ++j) {
      sum += static_cast<double>(vectors.vector(a)[j]) * static_cast<double>(vectors.vector(b)[j]);
    }
    return sum;
  }
};

}  // namespace tokgraft::testing

#endif  // TOKGRAFT_TESTS_EMBED_INIT_MADE_VECTORS_H_
