#include "embed_init/forecast/weak_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "tests/embed_init/made_input.h"
#include "tests/vocab_merge/toy.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

constexpr std::size_t kWide = 16;

void SetRow(std::vector<float>* rows, std::size_t row, float first, float noise) {
  const std::vector<float> random = testing::RandomRows(1, kWide, static_cast<unsigned>(row + 7));
  for (std::size_t j = 0; j < kWide; ++j) (*rows)[row * kWide + j] = noise * random[j];
  (*rows)[row * kWide] += first;
}

TEST(WeakRowsTest, RowsLikeThoseOfBytesThatNoTextHas) {
  const Tokenizer tokenizer = *Compile(toy::ByteLevel({{"a", "b"}}));
  std::vector<float> rows = testing::RandomRows(257, kWide, 1);
  std::vector<TokenId> weak;
  for (const std::size_t id : {0xC0UL, 0xC1UL, 0xF5UL, 0xF6UL, 0xF7UL, 0xF8UL, 0xF9UL, 0xFAUL,
                               0xFBUL, 0xFCUL, 0xFDUL, 0xFEUL, 0xFFUL}) {
    SetRow(&rows, id, 5, 0.1F);
    weak.push_back(static_cast<TokenId>(id));
  }
  SetRow(&rows, 256, 5, 0.1F);  // "ab": can be had, and was not
  weak.push_back(256);
  EXPECT_THAT(WeakRows(testing::ViewOfFloats(rows, kWide), tokenizer, 1), ElementsAreArray(weak));
  EXPECT_EQ(WeakRows(testing::ViewOfFloats(rows, kWide), tokenizer, 4), weak);
}

TEST(WeakRowsTest, RowsThatPointAllWaysSayNothingOfOthers) {
  const Tokenizer tokenizer = *Compile(toy::ByteLevel({}));
  const std::vector<float> rows = testing::RandomRows(256, kWide, 1);
  // The thirteen bytes that no text has are weak all the same.
  EXPECT_EQ(WeakRows(testing::ViewOfFloats(rows, kWide), tokenizer).size(), 13u);
}

TEST(WeakRowsTest, WithoutSuchBytesEqualRowsAreUntrained) {
  const Tokenizer tokenizer = testing::ByteLevelTokenizer({"a", "b", "c", "d", "e"}, "[]");
  std::vector<float> rows = testing::RandomRows(5, kWide, 1);
  EXPECT_THAT(WeakRows(testing::ViewOfFloats(rows, kWide), tokenizer), IsEmpty());
  std::copy_n(rows.begin() + kWide, kWide, rows.begin() + 3 * kWide);
  EXPECT_THAT(WeakRows(testing::ViewOfFloats(rows, kWide), tokenizer), ElementsAre(1, 3));
}

TEST(WeakRowsTest, ZerosAndWhatIsNoNumberAreWeak) {
  const Tokenizer tokenizer = testing::ByteLevelTokenizer({"a", "b", "c", "d", "e"}, "[]");
  std::vector<float> rows = testing::RandomRows(5, kWide, 1);
  std::fill_n(rows.begin() + kWide, kWide, 0.0F);
  rows[4 * kWide] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(WeakRows(testing::ViewOfFloats(rows, kWide), tokenizer), ElementsAre(1, 4));
}

}  // namespace
}  // namespace tokgraft
