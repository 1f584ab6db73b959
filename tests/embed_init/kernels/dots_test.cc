// Inner products in panels are those of a plain loop, whatever the sizes.
#include "embed_init/kernels/dots.h"

#include <gtest/gtest.h>

#include "tests/embed_init/made_input.h"

namespace tokgraft {
namespace {

TEST(DotsTest, AreThoseOfAPlainLoop) {
  for (const std::size_t columns : {1U, 7U, 64U}) {
    for (const std::size_t count : {1U, 31U, 32U, 33U, 100U}) {
      for (const std::size_t queries : {1U, 6U, 13U}) {
        const std::vector<float> rows = testing::RandomRows(count, columns, 1);
        const std::vector<float> asked = testing::RandomRows(queries, columns, 2);
        const PackedRows packed(rows, count, columns);
        PackedQueries group(queries, columns);
        for (std::size_t q = 0; q < queries; ++q) {
          group.Set(q, std::span(asked).subspan(q * columns, columns));
        }
        std::vector<float> tile(group.groups() * kQueryGroup * kPanelRows);
        for (std::size_t panel = 0; panel < packed.panels(); ++panel) {
          PanelDots(packed, panel, group, tile);
          for (std::size_t q = 0; q < queries; ++q) {
            for (std::size_t r = 0; r < kPanelRows; ++r) {
              const std::size_t row = panel * kPanelRows + r;
              double sum = 0;
              for (std::size_t j = 0; row < count && j < columns; ++j) {
                sum += static_cast<double>(rows[row * columns + j]) *
                       static_cast<double>(asked[q * columns + j]);
              }
              EXPECT_NEAR(tile[q * kPanelRows + r], sum, 1e-4) << columns << " " << row;
            }
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace tokgraft
