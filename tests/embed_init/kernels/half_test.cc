#include "embed_init/kernels/half.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

namespace tokgraft {
namespace {

TEST(Half, EveryPatternComesBack) {
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    if (std::isnan(FloatFromHalf(half))) {
      EXPECT_TRUE(std::isnan(FloatFromHalf(HalfFromFloat(FloatFromHalf(half)))));
    } else {
      EXPECT_EQ(HalfFromFloat(FloatFromHalf(half)), half);
    }
    if (std::isnan(FloatFromBf16(half))) {
      EXPECT_TRUE(std::isnan(FloatFromBf16(Bf16FromFloat(FloatFromBf16(half)))));
    } else {
      EXPECT_EQ(Bf16FromFloat(FloatFromBf16(half)), half);
    }
  }
}

TEST(Half, RoundsToNearestEven) {
  EXPECT_EQ(FloatFromHalf(0x3C00), 1.0F);
  EXPECT_EQ(HalfFromFloat(1.0F + std::ldexp(1.0F, -11)), 0x3C00);
  EXPECT_EQ(HalfFromFloat(1.0F + 3 * std::ldexp(1.0F, -11)), 0x3C02);
  EXPECT_EQ(HalfFromFloat(65520.0F), 0x7C00);
  EXPECT_EQ(HalfFromFloat(std::ldexp(1.0F, -24)), 1);
  EXPECT_EQ(Bf16FromFloat(1.0F + std::ldexp(1.0F, -8)), 0x3F80);
  EXPECT_EQ(Bf16FromFloat(1.0F + 3 * std::ldexp(1.0F, -8)), 0x3F82);
}

}  // namespace
}  // namespace tokgraft
