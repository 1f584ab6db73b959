#include "embed_init/kernels/dots.h"

#include <cstring>

namespace tokgraft {
namespace {

// One group of queries against one panel.
template <typename Lanes>
[[gnu::always_inline]] inline void GroupDots(const float* panel, const float* group,
                                             std::size_t columns, float* out) {
  constexpr std::size_t kLanes = sizeof(Lanes) / sizeof(float);
  // Twelve sums in registers, two of the row, whatever the width.
  for (std::size_t first = 0; first < kPanelRows; first += 2 * kLanes) {
    Lanes sums[kQueryGroup][2] = {};
    for (std::size_t k = 0; k < columns; ++k) {
      const float* at = panel + k * kPanelRows + first;
      Lanes left;
      Lanes right;
      std::memcpy(&left, at, sizeof left);
      std::memcpy(&right, at + kLanes, sizeof right);
#pragma GCC unroll 6
      for (std::size_t q = 0; q < kQueryGroup; ++q) {
        const float value = group[k * kQueryGroup + q];
        sums[q][0] += left * value;
        sums[q][1] += right * value;
      }
    }
#pragma GCC unroll 6
    for (std::size_t q = 0; q < kQueryGroup; ++q) {
      float* to = out + q * kPanelRows + first;
      // Copies: sums whose address is taken would not stay in registers.
      const Lanes left = sums[q][0];
      const Lanes right = sums[q][1];
      std::memcpy(to, &left, sizeof left);
      std::memcpy(to + kLanes, &right, sizeof right);
    }
  }
}

template <typename Lanes>
[[gnu::always_inline]] inline void AllDots(const float* panel, const PackedQueries& queries,
                                           std::size_t columns, float* out) {
  for (std::size_t group = 0; group < queries.groups(); ++group) {
    GroupDots<Lanes>(panel, queries.group(group), columns, out + group * kQueryGroup * kPanelRows);
  }
}

using Lanes16 [[gnu::vector_size(64)]] = float;
using Lanes4 [[gnu::vector_size(16)]] = float;
void PlainDots(const float* panel, const PackedQueries& queries, std::size_t columns, float* out) {
  AllDots<Lanes4>(panel, queries, columns, out);
}

using Dots = void (*)(const float*, const PackedQueries&, std::size_t, float*);

#if defined(__x86_64__)
using Lanes8 [[gnu::vector_size(32)]] = float;
[[gnu::target("avx2,fma")]] void Avx2Dots(const float* panel, const PackedQueries& queries,
                                          std::size_t columns, float* out) {
  AllDots<Lanes8>(panel, queries, columns, out);
}
[[gnu::target("avx512f")]] void Avx512Dots(const float* panel, const PackedQueries& queries,
                                           std::size_t columns, float* out) {
  AllDots<Lanes16>(panel, queries, columns, out);
}
Dots BestDots() {
  if (__builtin_cpu_supports("avx512f")) return Avx512Dots;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return Avx2Dots;
  return PlainDots;
}
#else
Dots BestDots() { return PlainDots; }
#endif

}  // namespace

PackedRows::PackedRows(std::span<const float> rows, std::size_t count, std::size_t columns)
    : count_(count), columns_(columns), values_(panels() * kPanelRows * columns, 0.0F) {
  for (std::size_t row = 0; row < count; ++row) {
    float* to = values_.data() + row / kPanelRows * kPanelRows * columns + row % kPanelRows;
    for (std::size_t k = 0; k < columns; ++k) to[k * kPanelRows] = rows[row * columns + k];
  }
}

PackedQueries::PackedQueries(std::size_t count, std::size_t columns)
    : count_(count), columns_(columns), values_(groups() * kQueryGroup * columns, 0.0F) {}

void PackedQueries::Set(std::size_t query, std::span<const float> values) {
  float* to = values_.data() + query / kQueryGroup * kQueryGroup * columns_ + query % kQueryGroup;
  for (std::size_t k = 0; k < columns_; ++k) to[k * kQueryGroup] = values[k];
}

void PanelDots(const PackedRows& rows, std::size_t panel, const PackedQueries& queries,
               std::span<float> out) {
  static const Dots dots = BestDots();
  dots(rows.panel(panel), queries, rows.columns(), out.data());
}

}  // namespace tokgraft
