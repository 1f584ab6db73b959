// The only arithmetic on tensors: rows of a matrix as sums of rows of another.
//
// Sums run in double precision in the order of the plan, a dense part last but for the noise, and
// are rounded to float32, then to the
// type of the matrix, to nearest even; so a row depends on nothing but its own entries, and the
// bytes are the same on any number of threads. A copied row is copied, not computed.
#ifndef TOKGRAFT_EMBED_INIT_KERNELS_ROWS_H_
#define TOKGRAFT_EMBED_INIT_KERNELS_ROWS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "embed_init/checkpoint.h"
#include "embed_init/init_plan.h"

namespace tokgraft {

// True for the types whose rows can be read as numbers.
bool CanCompute(DType dtype);
// True for the types that rows can be made in: those, without Q2_K and Q3_K.
bool CanMakeRows(DType dtype);

// Borrowed rows [rows, columns], end to end.
struct MatrixView {
  const char* data = nullptr;
  DType dtype = DType::kF32;
  std::uint64_t rows = 0;
  std::uint64_t columns = 0;
  // Row r stands at place positions[r]; empty: at r. kNoRow: not there.
  std::span<const std::uint32_t> positions = {};
  static constexpr std::uint32_t kNoRow = 0xFFFFFFFF;

  std::size_t row_bytes() const { return static_cast<std::size_t>(BytesOf(dtype, columns)); }
  bool has(std::uint64_t row) const {
    return positions.empty() ? row < rows : row < positions.size() && positions[row] != kNoRow;
  }
  const char* row(std::uint64_t row) const {
    return data + (positions.empty() ? row : positions[row]) * row_bytes();
  }
};

// Row `row` as doubles into out [columns].
void ReadRow(const MatrixView& matrix, std::uint64_t row, std::span<double> out);

// The mean of the first `count` rows; rows with an infinity or a NaN are left out.
std::vector<double> MeanOfRows(const MatrixView& matrix, std::uint64_t count, int threads);

// Everything new rows are made of.
struct Composition {
  const InitPlan* plan = nullptr;
  const RolePlan* role = nullptr;
  MatrixView old = {};
  std::span<const double> mean = {};  // [columns], MeanOfRows(old, plan->old_tokens)
};

// Writes the new rows [begin, end) to out, which has (end - begin) * old.row_bytes() bytes.
void ComposeRows(const Composition& composition, std::uint64_t begin, std::uint64_t end, char* out,
                 int threads);

// Sum of squares of each of the rows [begin, end) that stand at data; NaN and infinity show.
std::vector<double> SquaredNorms(const MatrixView& matrix, std::uint64_t begin, std::uint64_t end,
                                 int threads);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_KERNELS_ROWS_H_
