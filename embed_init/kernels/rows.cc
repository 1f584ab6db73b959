#include "embed_init/kernels/rows.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "embed_init/kernels/blocks.h"
#include "embed_init/kernels/half.h"
#include "embed_init/kernels/noise.h"
#include "tokenizer/base/parallel.h"

namespace tokgraft {
namespace {

constexpr std::size_t kRowsPerTask = 64;
// Partial sums of the mean: fixed, so that the result does not depend on the threads.
constexpr std::size_t kRowsPerPartialSum = 2048;

template <typename Stored, typename Decode>
void Read(const char* from, std::span<double> out, Decode decode) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    Stored stored;
    std::memcpy(&stored, from + i * sizeof stored, sizeof stored);
    out[i] = static_cast<double>(decode(stored));
  }
}

template <typename Stored, typename Encode>
void Write(std::span<const double> values, char* to, Encode encode) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Stored stored = encode(values[i]);
    std::memcpy(to + i * sizeof stored, &stored, sizeof stored);
  }
}

void ReadValues(DType dtype, const char* from, std::span<double> out) {
  switch (dtype) {
    case DType::kF16:
      return Read<std::uint16_t>(from, out, FloatFromHalf);
    case DType::kBf16:
      return Read<std::uint16_t>(from, out, FloatFromBf16);
    case DType::kF32:
      return Read<float>(from, out, [](float value) { return value; });
    case DType::kF64:
      return Read<double>(from, out, [](double value) { return value; });
    default:
      ReadBlocks(dtype, from, out);  // CanCompute refused the rest long before
  }
}

void WriteValues(DType dtype, std::span<const double> values, char* to) {
  switch (dtype) {
    case DType::kF16:
      return Write<std::uint16_t>(values, to,
                                  [](double v) { return HalfFromFloat(static_cast<float>(v)); });
    case DType::kBf16:
      return Write<std::uint16_t>(values, to,
                                  [](double v) { return Bf16FromFloat(static_cast<float>(v)); });
    case DType::kF32:
      return Write<float>(values, to, [](double v) { return static_cast<float>(v); });
    case DType::kF64:
      return Write<double>(values, to, [](double v) { return v; });
    default:
      WriteBlocks(dtype, values, to);
  }
}

bool IsFinite(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
}

void ComposeRow(const Composition& c, std::uint64_t row, std::vector<double>* sum,
                std::vector<double>* term, char* out) {
  const RolePlan& role = *c.role;
  const std::size_t begin = static_cast<std::size_t>(role.splits[row]);
  const std::size_t end = static_cast<std::size_t>(role.splits[row + 1]);
  if (role.origins[row] == RowOrigin::kCopied) {
    std::memcpy(out, c.old.row(role.sources[begin]), c.old.row_bytes());
    return;
  }
  std::fill(sum->begin(), sum->end(), 0.0);
  for (std::size_t i = begin; i < end; ++i) {
    const double weight = role.weights[i];
    const double* values = c.mean.data();
    if (role.sources[i] != c.plan->old_rows) {
      ReadRow(c.old, role.sources[i], *term);
      values = term->data();
    }
    for (std::size_t j = 0; j < sum->size(); ++j) (*sum)[j] += weight * values[j];
  }
  if (const std::optional<std::size_t> at = role.dense.Find(row)) {
    const float* numbers = role.dense.values.data() + *at * sum->size();
    for (std::size_t j = 0; j < sum->size(); ++j) (*sum)[j] += static_cast<double>(numbers[j]);
  }
  if (role.noise > 0 && role.origins[row] == RowOrigin::kMethod) AddNoise(c, row, *sum, *term);
  WriteValues(c.old.dtype, *sum, out);
}

}  // namespace

bool CanCompute(DType dtype) { return CanMakeRows(dtype) || CanReadBlocks(dtype); }

bool CanMakeRows(DType dtype) {
  return dtype == DType::kF16 || dtype == DType::kBf16 || dtype == DType::kF32 ||
         dtype == DType::kF64 || CanWriteBlocks(dtype);
}

void ReadRow(const MatrixView& matrix, std::uint64_t row, std::span<double> out) {
  ReadValues(matrix.dtype, matrix.row(row), out);
}

std::vector<double> MeanOfRows(const MatrixView& matrix, std::uint64_t count, int threads) {
  const auto columns = static_cast<std::size_t>(matrix.columns);
  const auto rows = static_cast<std::size_t>(count);
  const std::size_t parts = (rows + kRowsPerPartialSum - 1) / kRowsPerPartialSum;
  std::vector<std::vector<double>> sums(parts, std::vector<double>(columns, 0.0));
  std::vector<std::uint64_t> finite(parts, 0);
  ParallelFor(parts, 1, threads, [&](std::size_t part_begin, std::size_t part_end) {
    std::vector<double> values(columns);
    for (std::size_t part = part_begin; part < part_end; ++part) {
      const std::size_t last = std::min(rows, (part + 1) * kRowsPerPartialSum);
      for (std::size_t row = part * kRowsPerPartialSum; row < last; ++row) {
        ReadRow(matrix, row, values);
        if (!IsFinite(values)) continue;
        ++finite[part];
        for (std::size_t j = 0; j < columns; ++j) sums[part][j] += values[j];
      }
    }
  });
  std::vector<double> mean(columns, 0.0);
  std::uint64_t counted = 0;
  for (std::size_t part = 0; part < parts; ++part) {
    counted += finite[part];
    for (std::size_t j = 0; j < columns; ++j) mean[j] += sums[part][j];
  }
  if (counted > 0) {
    for (double& value : mean) value /= static_cast<double>(counted);
  }
  return mean;
}

void ComposeRows(const Composition& composition, std::uint64_t begin, std::uint64_t end, char* out,
                 int threads) {
  const auto columns = static_cast<std::size_t>(composition.old.columns);
  const std::size_t row_bytes = composition.old.row_bytes();
  ParallelFor(static_cast<std::size_t>(end - begin), kRowsPerTask, threads,
              [&](std::size_t first, std::size_t last) {
                std::vector<double> sum(columns);
                std::vector<double> term(columns);
                for (std::size_t i = first; i < last; ++i) {
                  ComposeRow(composition, begin + i, &sum, &term, out + i * row_bytes);
                }
              });
}

std::vector<double> SquaredNorms(const MatrixView& matrix, std::uint64_t begin, std::uint64_t end,
                                 int threads) {
  std::vector<double> norms(static_cast<std::size_t>(end - begin));
  ParallelFor(norms.size(), kRowsPerTask, threads, [&](std::size_t first, std::size_t last) {
    std::vector<double> values(static_cast<std::size_t>(matrix.columns));
    for (std::size_t i = first; i < last; ++i) {
      ReadRow(matrix, begin + i, values);
      for (const double value : values) norms[i] += value * value;
    }
  });
  return norms;
}

}  // namespace tokgraft
