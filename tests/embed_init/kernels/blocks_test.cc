// Blocks of ggml by hand and by their error; tests/python/test_gguf_models.py compares bytes with
// gguf's own quantisation.
#include "embed_init/kernels/blocks.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace tokgraft {
namespace {

struct WrittenBlocks {
  DType dtype;
  double error;  // root mean square, in parts of that of the numbers
};
constexpr WrittenBlocks kWrittenBlocks[] = {
    {DType::kQ80, 0.008}, {DType::kQ40, 0.11},  {DType::kQ41, 0.09},  {DType::kQ50, 0.055},
    {DType::kQ51, 0.045}, {DType::kQ4K, 0.085}, {DType::kQ5K, 0.045}, {DType::kQ6K, 0.025}};

std::string EncodeBlocks(DType dtype, const std::vector<double>& values) {
  std::string bytes(BytesOf(dtype, values.size()), '\x5A');
  WriteBlocks(dtype, values, bytes.data());
  return bytes;
}
std::vector<double> DecodeBlocks(DType dtype, const std::string& bytes, std::size_t count) {
  std::vector<double> values(count);
  ReadBlocks(dtype, bytes.data(), values);
  return values;
}
double BlocksRootMeanSquare(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value * value;
  return std::sqrt(sum / static_cast<double>(values.size()));
}

TEST(Blocks, ABlockByHand) {
  // -8 is met exactly by number 0, so the scale is 1: numbers are values plus 8.
  std::vector<double> values(32, 0.0);
  values[0] = -8;
  values[1] = 7;
  values[16] = 3;
  const std::string bytes = EncodeBlocks(DType::kQ40, values);
  EXPECT_EQ(bytes.substr(0, 2), std::string("\x00\x3C", 2));
  EXPECT_EQ(bytes.substr(2, 3), "\xB0\x8F\x88");
  EXPECT_EQ(DecodeBlocks(DType::kQ40, bytes, 32), values);
  std::vector<double> eight(32, 0.0);
  eight[3] = 127;
  eight[4] = -2.5;  // halves away from zero
  const std::string q8 = EncodeBlocks(DType::kQ80, eight);
  EXPECT_EQ(q8.substr(0, 7), std::string("\x00\x3C\x00\x00\x00\x7F\xFD", 7));
}

TEST(Blocks, NumbersComeBackWithinTheError) {
  std::mt19937 random(1);
  for (const double spread : {1e-3, 0.05, 3.0}) {
    std::normal_distribution<double> normal(0, spread);
    std::vector<double> values(256 * 64);
    for (double& value : values) value = normal(random);
    for (const WrittenBlocks& type : kWrittenBlocks) {
      ASSERT_TRUE(CanWriteBlocks(type.dtype) && CanReadBlocks(type.dtype));
      std::vector<double> off =
          DecodeBlocks(type.dtype, EncodeBlocks(type.dtype, values), values.size());
      for (std::size_t i = 0; i < off.size(); ++i) off[i] -= values[i];
      EXPECT_LT(BlocksRootMeanSquare(off), type.error * BlocksRootMeanSquare(values))
          << DTypeName(type.dtype);
    }
  }
}

TEST(Blocks, ZerosStayZerosAndWhatIsNotFiniteCountsAsZero) {
  for (const WrittenBlocks& type : kWrittenBlocks) {
    const std::string zeros = EncodeBlocks(type.dtype, std::vector<double>(256, 0.0));
    for (const double value : DecodeBlocks(type.dtype, zeros, 256)) EXPECT_EQ(value, 0.0);
    std::vector<double> values(256, 0.0);
    values[3] = std::numeric_limits<double>::quiet_NaN();
    values[70] = std::numeric_limits<double>::infinity();
    EXPECT_EQ(EncodeBlocks(type.dtype, values), zeros) << DTypeName(type.dtype);
  }
}

TEST(Blocks, EqualNumbersAreKept) {
  for (const WrittenBlocks& type : kWrittenBlocks) {
    for (const double number : {-0.75, 0.5, 2.0}) {
      const std::vector<double> values(256, number);
      for (const double value : DecodeBlocks(type.dtype, EncodeBlocks(type.dtype, values), 256)) {
        EXPECT_NEAR(value, number, 0.01 * std::fabs(number)) << DTypeName(type.dtype);
      }
    }
  }
}

TEST(Blocks, Q2AndQ3AreReadOnly) {
  for (const DType dtype : {DType::kQ2K, DType::kQ3K}) {
    EXPECT_TRUE(CanReadBlocks(dtype));
    EXPECT_FALSE(CanWriteBlocks(dtype));
  }
  EXPECT_FALSE(CanReadBlocks(DType::kIq4Nl));
  EXPECT_FALSE(CanReadBlocks(DType::kBf16));
  // Q2_K: scale 3, minimum 2 (in units of d = dmin = 1), numbers 0, 1, 2, 3 in turn.
  std::string q2(84, '\x00');
  for (std::size_t i = 0; i < 16; ++i) q2[i] = '\x23';
  for (std::size_t i = 16; i < 80; ++i) q2[i] = '\xE4';
  q2.replace(80, 4, std::string("\x00\x3C\x00\x3C", 4));
  const std::vector<double> two = DecodeBlocks(DType::kQ2K, q2, 256);
  EXPECT_EQ(two[0], -2.0);
  EXPECT_EQ(two[32], 1.0);
  EXPECT_EQ(two[64], 4.0);
  EXPECT_EQ(two[255], 7.0);
  // Q3_K: all scales 32 - 32 = 0 but the first of the high half, 33 - 32 = 1.
  std::string q3(110, '\x00');
  for (std::size_t i = 104; i < 108; ++i) q3[i] = '\xAA';
  q3[96] = '\x10';
  q3.replace(108, 2, std::string("\x00\x3C", 2));
  const std::vector<double> three = DecodeBlocks(DType::kQ3K, q3, 256);
  EXPECT_EQ(three[0], 0.0);
  EXPECT_EQ(three[127], 0.0);
  EXPECT_EQ(three[128], -4.0);
  EXPECT_EQ(three[144], 0.0);
}

}  // namespace
}  // namespace tokgraft
