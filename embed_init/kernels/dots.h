// Many inner products at once: a matrix of rows, packed once, against a few queries at a time. The
// inner loop of the methods that search among all rows of shared tokens.
//
// Written for the widest vectors that the processor has, chosen when it runs; so the last bits of a
// sum differ between processors, not between runs or numbers of threads.
#ifndef TOKGRAFT_EMBED_INIT_KERNELS_DOTS_H_
#define TOKGRAFT_EMBED_INIT_KERNELS_DOTS_H_

#include <cstddef>
#include <span>
#include <vector>

namespace tokgraft {

inline constexpr std::size_t kPanelRows = 32;  // rows of the matrix in one panel
inline constexpr std::size_t kQueryGroup = 6;  // queries that are worked on together

// Rows in panels of kPanelRows, column by column; the last panel is filled up with zeros.
class PackedRows {
 public:
  // `rows`: row-major [count, columns].
  PackedRows(std::span<const float> rows, std::size_t count, std::size_t columns);
  std::size_t count() const { return count_; }
  std::size_t columns() const { return columns_; }
  std::size_t panels() const { return (count_ + kPanelRows - 1) / kPanelRows; }
  const float* panel(std::size_t index) const {
    return values_.data() + index * kPanelRows * columns_;
  }

 private:
  std::size_t count_;
  std::size_t columns_;
  std::vector<float> values_;
};

// Queries in groups of kQueryGroup, column by column.
class PackedQueries {
 public:
  PackedQueries(std::size_t count, std::size_t columns);
  void Set(std::size_t query, std::span<const float> values);
  std::size_t count() const { return count_; }
  std::size_t groups() const { return (count_ + kQueryGroup - 1) / kQueryGroup; }
  const float* group(std::size_t index) const {
    return values_.data() + index * kQueryGroup * columns_;
  }

 private:
  std::size_t count_;
  std::size_t columns_;
  std::vector<float> values_;
};

// out [groups * kQueryGroup, kPanelRows]: each query with each row of the panel.
void PanelDots(const PackedRows& rows, std::size_t panel, const PackedQueries& queries,
               std::span<float> out);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_KERNELS_DOTS_H_
