// softmax: weights softmax(2i) and softmax(-2i), by the formula itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "embed_init/methods/method.h"

namespace tokgraft {
namespace {

TEST(SoftmaxTest, IsTheFormula) {
  const OldPieces pieces{{9, 4, 7, 4}, {1, 1, 1, 1}};
  for (const Role role : {Role::kInput, Role::kOutput}) {
    const double sign = role == Role::kInput ? 1 : -1;
    double sum = 0;
    for (int i = 0; i < 4; ++i) sum += std::exp(sign * 2 * i);
    const RowEntries row = SoftmaxRow(pieces, role);
    ASSERT_EQ(row.size(), 4U);
    for (int i = 0; i < 4; ++i) {
      EXPECT_EQ(row[static_cast<std::size_t>(i)].first, pieces.ids[static_cast<std::size_t>(i)]);
      EXPECT_NEAR(row[static_cast<std::size_t>(i)].second, std::exp(sign * 2 * i) / sum, 1e-15);
    }
  }
}

TEST(SoftmaxTest, ManyPiecesGiveNoOverflow) {
  OldPieces pieces{std::vector<TokenId>(2000, 3), std::vector<std::uint32_t>(2000, 1)};
  const RowEntries row = SoftmaxRow(pieces, Role::kInput);
  EXPECT_NEAR(row.back().second, 1 - std::exp(-2), 1e-9);
  EXPECT_EQ(row.front().second, 0);
}

}  // namespace
}  // namespace tokgraft
