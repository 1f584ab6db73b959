#include "embed_init/kernels/blocks.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <tuple>
#include <utility>
#include <vector>

#include "embed_init/kernels/half.h"

namespace tokgraft {
namespace {

constexpr std::size_t kSmall = 32;   // numbers of a plain block
constexpr std::size_t kLarge = 256;  // of a K block
constexpr float kNothing = 1e-15F;   // K blocks below this are all zero

std::uint32_t Byte(const char* at) { return static_cast<std::uint8_t>(*at); }
void SetByte(char* at, std::uint32_t value) { *at = static_cast<char>(value & 0xFF); }
float LoadHalf(const char* at) {
  std::uint16_t bits;
  std::memcpy(&bits, at, 2);
  return FloatFromHalf(bits);
}
// Stores the nearest half and returns it.
float StoreHalf(float value, char* at) {
  const std::uint16_t bits = HalfFromFloat(value);
  std::memcpy(at, &bits, 2);
  return FloatFromHalf(bits);
}
// A whole number within bounds; what is no number becomes the lower bound.
int Bounded(double value, int lowest, int highest) {
  if (!(value > lowest)) return lowest;
  return value < highest ? static_cast<int>(value) : highest;
}
int Nearest(float value, int lowest, int highest) {
  return Bounded(std::nearbyint(value), lowest, highest);
}
float Inverse(float value) { return value == 0 ? 0 : 1 / value; }

// ---- Blocks of 32 ------------------------------------------------------------------------------
// Of five bits the lowest four stand as nibbles (number j low, number j + 16 high in byte j), the
// fifth as bit j of a word.

struct SmallLayout {
  int bits;
  bool has_minimum;
  std::size_t scales() const { return has_minimum ? 4 : 2; }
};

void ReadSmall(SmallLayout layout, const char* block, double* out) {
  const float scale = LoadHalf(block);
  const float minimum = layout.has_minimum ? LoadHalf(block + 2) : 0;
  const char* at = block + layout.scales();
  std::uint32_t fifth = 0;
  if (layout.bits == 5) {
    std::memcpy(&fifth, at, 4);
    at += 4;
  }
  const int middle = layout.has_minimum ? 0 : 1 << (layout.bits - 1);
  for (std::size_t j = 0; j < kSmall; ++j) {
    const std::uint32_t byte = Byte(at + j % 16);
    const std::uint32_t nibble = j < 16 ? byte & 15 : byte >> 4;
    const auto number = static_cast<int>(nibble | (((fifth >> j) & 1) << 4));
    out[j] = static_cast<double>(static_cast<float>(number - middle) * scale + minimum);
  }
}

void WriteSmall(SmallLayout layout, const float* x, char* block) {
  const int highest = (1 << layout.bits) - 1;
  const auto [low, high] = std::minmax_element(x, x + kSmall);
  std::array<int, kSmall> numbers;
  if (layout.has_minimum) {
    const float scale = (*high - *low) / static_cast<float>(highest);
    const float inverse = Inverse(scale);
    StoreHalf(scale, block);
    StoreHalf(*low, block + 2);
    for (std::size_t j = 0; j < kSmall; ++j) {
      numbers[j] = Bounded(std::trunc((x[j] - *low) * inverse + 0.5F), 0, highest);
    }
  } else {
    // The number farthest from zero is met exactly, at the end of the range that is longer by one.
    float farthest = 0;
    for (std::size_t j = 0; j < kSmall; ++j) {
      if (std::fabs(x[j]) > std::fabs(farthest)) farthest = x[j];
    }
    const int middle = 1 << (layout.bits - 1);
    const float scale = farthest / static_cast<float>(-middle);
    const float inverse = Inverse(scale);
    StoreHalf(scale, block);
    for (std::size_t j = 0; j < kSmall; ++j) {
      const double exact = static_cast<double>(x[j]) * static_cast<double>(inverse);
      numbers[j] = Bounded(std::trunc(exact + middle + 0.5), 0, highest);
    }
  }
  char* at = block + layout.scales();
  if (layout.bits == 5) {
    std::uint32_t fifth = 0;
    for (std::size_t j = 0; j < kSmall; ++j) {
      fifth |= (static_cast<std::uint32_t>(numbers[j]) >> 4) << j;
    }
    std::memcpy(at, &fifth, 4);
    at += 4;
  }
  for (std::size_t j = 0; j < 16; ++j) {
    const auto low_bits = static_cast<std::uint32_t>(numbers[j]) & 15;
    const auto high_bits = static_cast<std::uint32_t>(numbers[j + 16]) & 15;
    SetByte(at + j, low_bits | (high_bits << 4));
  }
}

void ReadQ8(const char* block, double* out) {
  const float scale = LoadHalf(block);
  for (std::size_t j = 0; j < kSmall; ++j) {
    out[j] = static_cast<double>(static_cast<float>(static_cast<std::int8_t>(Byte(block + 2 + j))) *
                                 scale);
  }
}

void WriteQ8(const float* x, char* block) {
  float largest = 0;
  for (std::size_t j = 0; j < kSmall; ++j) largest = std::max(largest, std::fabs(x[j]));
  const float scale = largest / 127;
  const float inverse = Inverse(scale);
  StoreHalf(scale, block);
  for (std::size_t j = 0; j < kSmall; ++j) {
    // Halves away from zero.
    const int number = Bounded(std::round(x[j] * inverse), -127, 127);
    SetByte(block + 2 + j, static_cast<std::uint32_t>(number));
  }
}

// ---- Blocks of 256 -----------------------------------------------------------------------------

// Q4_K and Q5_K: eight scales and eight minima of six bits in twelve bytes. The first four of each
// fill the low bits of bytes 0-3 and 4-7; the others are nibbles of bytes 8-11, and their highest
// two bits stand on top of the first eight bytes.
struct ScaleAndMinimum {
  std::uint32_t scale;
  std::uint32_t minimum;
};
ScaleAndMinimum Unpack6(const char* scales, std::size_t j) {
  if (j < 4) return {Byte(scales + j) & 63U, Byte(scales + j + 4) & 63U};
  return {(Byte(scales + j + 4) & 15U) | ((Byte(scales + j - 4) >> 6U) << 4U),
          (Byte(scales + j + 4) >> 4U) | ((Byte(scales + j) >> 6U) << 4U)};
}
void Pack6(ScaleAndMinimum value, std::size_t j, char* scales) {
  if (j < 4) {
    SetByte(scales + j, value.scale);
    SetByte(scales + j + 4, value.minimum);
    return;
  }
  SetByte(scales + j + 4, (value.scale & 15) | ((value.minimum & 15) << 4));
  SetByte(scales + j - 4, Byte(scales + j - 4) | ((value.scale >> 4) << 6));
  SetByte(scales + j, Byte(scales + j) | ((value.minimum >> 4) << 6));
}

// Both: d, dmin, scales; then Q5_K the fifth bits (bit k of byte l: number l of the k-th 32), then
// nibbles: of each 64 numbers the first 32 low, the others high.
void ReadQ45(int bits, const char* block, double* out) {
  const float d = LoadHalf(block);
  const float dmin = LoadHalf(block + 2);
  const char* fifth = block + 16;
  const char* nibbles = block + (bits == 5 ? 48 : 16);
  for (std::size_t k = 0; k < 8; ++k) {
    const ScaleAndMinimum packed = Unpack6(block + 4, k);
    const float scale = d * static_cast<float>(packed.scale);
    const float minimum = dmin * static_cast<float>(packed.minimum);
    for (std::size_t l = 0; l < 32; ++l) {
      const std::uint32_t byte = Byte(nibbles + 32 * (k / 2) + l);
      std::uint32_t number = k % 2 == 0 ? byte & 15 : byte >> 4;
      if (bits == 5) number |= ((Byte(fifth + l) >> k) & 1U) << 4;
      out[32 * k + l] = static_cast<double>(scale * static_cast<float>(number) - minimum);
    }
  }
}

struct Search {
  float first;  // the scales that are tried: (numbers + first + step * i) / range
  float step;
  int steps;
};

// The scale and (negated) minimum of 32 numbers with the least weighted squared error.
std::pair<float, float> FitScaleAndMinimum(const float* x, int highest, Search search) {
  constexpr std::size_t kCount = kSmall;
  float squares = 0;
  for (std::size_t i = 0; i < kCount; ++i) squares += x[i] * x[i];
  const float typical = std::sqrt(squares / static_cast<float>(kCount));
  std::array<float, kCount> weights;
  float sum_w = 0;
  float sum_x = 0;
  for (std::size_t i = 0; i < kCount; ++i) {
    weights[i] = typical + std::fabs(x[i]);
    sum_w += weights[i];
    sum_x += weights[i] * x[i];
  }
  const auto [low, high] = std::minmax_element(x, x + kCount);
  float minimum = std::min(*low, 0.0F);
  if (!(*high > minimum)) return {0.0F, -minimum};
  float scale = 1 / (static_cast<float>(highest) / (*high - minimum));
  const auto error = [&](float with_scale, float with_minimum,
                         const std::array<int, kCount>& numbers) {
    float sum = 0;
    for (std::size_t i = 0; i < kCount; ++i) {
      const float off = with_scale * static_cast<float>(numbers[i]) + with_minimum - x[i];
      sum += weights[i] * off * off;
    }
    return sum;
  };
  // Each try starts from the best minimum so far.
  std::array<int, kCount> numbers;
  const auto round_with = [&](float steps) {
    const float inverse = steps / (*high - minimum);
    for (std::size_t i = 0; i < kCount; ++i) {
      numbers[i] = Nearest(inverse * (x[i] - minimum), 0, highest);
    }
  };
  round_with(static_cast<float>(highest));
  float best = error(scale, minimum, numbers);
  for (int step = 0; step <= search.steps; ++step) {
    round_with(search.first + search.step * static_cast<float>(step) + static_cast<float>(highest));
    float sum_l = 0;
    float sum_l2 = 0;
    float sum_xl = 0;
    for (std::size_t i = 0; i < kCount; ++i) {
      const auto l = static_cast<float>(numbers[i]);
      sum_l += weights[i] * l;
      sum_l2 += weights[i] * l * l;
      sum_xl += weights[i] * l * x[i];
    }
    const float determinant = sum_w * sum_l2 - sum_l * sum_l;
    if (!(determinant > 0)) continue;
    float fitted = (sum_w * sum_xl - sum_x * sum_l) / determinant;
    float fitted_minimum = (sum_l2 * sum_x - sum_l * sum_xl) / determinant;
    if (fitted_minimum > 0) {
      fitted_minimum = 0;
      fitted = sum_xl / sum_l2;
    }
    const float now = error(fitted, fitted_minimum, numbers);
    if (now < best) {
      best = now;
      scale = fitted;
      minimum = fitted_minimum;
    }
  }
  return {scale, -minimum};
}

void WriteQ45(int bits, const float* x, char* block) {
  const int highest = (1 << bits) - 1;
  const Search search = bits == 4 ? Search{-1.0F, 0.1F, 20} : Search{-0.5F, 0.1F, 15};
  std::array<float, 8> scales;
  std::array<float, 8> minima;
  float max_scale = 0;
  float max_minimum = 0;
  for (std::size_t k = 0; k < 8; ++k) {
    std::tie(scales[k], minima[k]) = FitScaleAndMinimum(x + 32 * k, highest, search);
    max_scale = std::max(max_scale, scales[k]);
    max_minimum = std::max(max_minimum, minima[k]);
  }
  std::memset(block, 0, bits == 5 ? 176 : 144);
  const float d = StoreHalf(max_scale / 63, block);
  const float dmin = StoreHalf(max_minimum / 63, block + 2);
  const float to_scale = max_scale > 0 ? 63 / max_scale : 0;
  const float to_minimum = max_minimum > 0 ? 63 / max_minimum : 0;
  char* fifth = block + 16;
  char* nibbles = block + (bits == 5 ? 48 : 16);
  for (std::size_t k = 0; k < 8; ++k) {
    const ScaleAndMinimum packed = {
        static_cast<std::uint32_t>(Nearest(to_scale * scales[k], 0, 63)),
        static_cast<std::uint32_t>(Nearest(to_minimum * minima[k], 0, 63))};
    Pack6(packed, k, block + 4);
    const float scale = d * static_cast<float>(packed.scale);
    const float minimum = dmin * static_cast<float>(packed.minimum);
    for (std::size_t l = 0; l < 32; ++l) {
      const auto number = static_cast<std::uint32_t>(
          scale == 0 ? 0 : Nearest((x[32 * k + l] + minimum) / scale, 0, highest));
      char* nibble = nibbles + 32 * (k / 2) + l;
      SetByte(nibble, Byte(nibble) | ((number & 15) << (k % 2 == 0 ? 0 : 4)));
      if (bits == 5) SetByte(fifth + l, Byte(fifth + l) | ((number >> 4) << k));
    }
  }
}

// Q6_K: low nibbles (128 bytes), high pairs of bits (64), sixteen scales of a byte, d. In each half
// of 128 numbers, number 32 k + l has its nibble in byte 32 (k % 2) + l of the half (high for
// k > 1) and its two bits at 2 k of byte l.
std::size_t NibbleQ6(std::size_t i) { return 64 * (i / 128) + i % 64; }
std::size_t PairQ6(std::size_t i) { return 128 + 32 * (i / 128) + i % 32; }

void ReadQ6(const char* block, double* out) {
  const float d = LoadHalf(block + 208);
  for (std::size_t i = 0; i < kLarge; ++i) {
    const std::size_t k = i % 128 / 32;
    const std::uint32_t nibble = (Byte(block + NibbleQ6(i)) >> (k > 1 ? 4 : 0)) & 15U;
    const std::uint32_t pair = (Byte(block + PairQ6(i)) >> (2 * k)) & 3U;
    const auto number = static_cast<int>(nibble | (pair << 4)) - 32;
    const auto scale = static_cast<float>(static_cast<std::int8_t>(Byte(block + 192 + i / 16)));
    out[i] = static_cast<double>(d * scale * static_cast<float>(number));
  }
}

// The scale of 16 numbers, numbers from -32 to 31, with the least squared error weighted by x^2.
float FitScale(const float* x) {
  constexpr std::size_t kCount = 16;
  constexpr int kMiddle = 32;
  float farthest = 0;
  for (std::size_t i = 0; i < kCount; ++i) {
    if (std::fabs(x[i]) > std::fabs(farthest)) farthest = x[i];
  }
  if (std::fabs(farthest) < kNothing) return 0;
  float scale = 0;
  float best = 0;
  // The plain scale first, then those around it.
  for (const int step : {0, -9, -8, -7, -6, -5, -4, -3, -2, -1, 1, 2, 3, 4, 5, 6, 7, 8, 9}) {
    const float inverse =
        -(static_cast<float>(kMiddle) + 0.1F * static_cast<float>(step)) / farthest;
    float sum_xl = 0;
    float sum_l2 = 0;
    for (std::size_t i = 0; i < kCount; ++i) {
      const auto l = static_cast<float>(Nearest(inverse * x[i], -kMiddle, kMiddle - 1));
      const float weight = x[i] * x[i];
      sum_xl += weight * x[i] * l;
      sum_l2 += weight * l * l;
    }
    if (sum_l2 > 0 && (step == 0 || sum_xl * sum_xl > best * sum_l2)) {
      scale = sum_xl / sum_l2;
      best = scale * sum_xl;
    }
  }
  return scale;
}

void WriteQ6(const float* x, char* block) {
  std::memset(block, 0, 210);
  std::array<float, 16> scales;
  float largest = 0;  // the scale farthest from zero
  for (std::size_t k = 0; k < 16; ++k) {
    scales[k] = FitScale(x + 16 * k);
    if (std::fabs(scales[k]) > std::fabs(largest)) largest = scales[k];
  }
  if (std::fabs(largest) < kNothing) return;
  const float inverse = -128 / largest;
  const float d = StoreHalf(1 / inverse, block + 208);
  for (std::size_t k = 0; k < 16; ++k) {
    const int small = Nearest(inverse * scales[k], -128, 127);
    SetByte(block + 192 + k, static_cast<std::uint32_t>(small));
    const float scale = d * static_cast<float>(small);
    for (std::size_t i = 16 * k; i < 16 * (k + 1); ++i) {
      const int number = scale == 0 ? 0 : Nearest(x[i] / scale, -32, 31);
      const auto stored = static_cast<std::uint32_t>(number + 32);
      const std::size_t quarter = i % 128 / 32;
      char* nibble = block + NibbleQ6(i);
      char* pair = block + PairQ6(i);
      SetByte(nibble, Byte(nibble) | ((stored & 15) << (quarter > 1 ? 4 : 0)));
      SetByte(pair, Byte(pair) | ((stored >> 4) << (2 * quarter)));
    }
  }
}

// Q2_K: sixteen bytes of scale (low) and minimum (high nibble), pairs of bits (64), d, dmin. In
// each half, number 32 k + l has its bits at 2 k of byte l.
void ReadQ2(const char* block, double* out) {
  const float d = LoadHalf(block + 80);
  const float dmin = LoadHalf(block + 82);
  for (std::size_t i = 0; i < kLarge; ++i) {
    const std::uint32_t packed = Byte(block + i / 16);
    const std::uint32_t pair =
        (Byte(block + 16 + 32 * (i / 128) + i % 32) >> (2 * (i % 128 / 32))) & 3U;
    out[i] = static_cast<double>(d * static_cast<float>(packed & 15) * static_cast<float>(pair) -
                                 dmin * static_cast<float>(packed >> 4));
  }
}

// Q3_K: third bits (bit i / 32 of byte i % 32; unset: 4 less), pairs of bits as in Q2_K, sixteen
// scales of six bits (nibbles in 8 bytes, then pairs of bits in 4), d.
void ReadQ3(const char* block, double* out) {
  const float d = LoadHalf(block + 108);
  const char* scales = block + 96;
  for (std::size_t i = 0; i < kLarge; ++i) {
    const std::size_t k = i / 16;
    const std::uint32_t low = (Byte(scales + k % 8) >> (k < 8 ? 0 : 4)) & 15U;
    const std::uint32_t high = (Byte(scales + 8 + k % 4) >> (2 * (k / 4))) & 3U;
    const auto scale = static_cast<int>(low | (high << 4)) - 32;
    const std::uint32_t pair =
        (Byte(block + 32 + 32 * (i / 128) + i % 32) >> (2 * (i % 128 / 32))) & 3U;
    const bool third = ((Byte(block + i % 32) >> (i / 32)) & 1U) != 0;
    const int number = static_cast<int>(pair) - (third ? 0 : 4);
    out[i] = static_cast<double>(d * static_cast<float>(scale) * static_cast<float>(number));
  }
}

void ReadBlock(DType dtype, const char* block, double* out) {
  switch (dtype) {
    case DType::kQ40:
      return ReadSmall({4, false}, block, out);
    case DType::kQ41:
      return ReadSmall({4, true}, block, out);
    case DType::kQ50:
      return ReadSmall({5, false}, block, out);
    case DType::kQ51:
      return ReadSmall({5, true}, block, out);
    case DType::kQ80:
      return ReadQ8(block, out);
    case DType::kQ2K:
      return ReadQ2(block, out);
    case DType::kQ3K:
      return ReadQ3(block, out);
    case DType::kQ4K:
      return ReadQ45(4, block, out);
    case DType::kQ5K:
      return ReadQ45(5, block, out);
    case DType::kQ6K:
      return ReadQ6(block, out);
    default:
      return;
  }
}

void WriteBlock(DType dtype, const float* x, char* block) {
  switch (dtype) {
    case DType::kQ40:
      return WriteSmall({4, false}, x, block);
    case DType::kQ41:
      return WriteSmall({4, true}, x, block);
    case DType::kQ50:
      return WriteSmall({5, false}, x, block);
    case DType::kQ51:
      return WriteSmall({5, true}, x, block);
    case DType::kQ80:
      return WriteQ8(x, block);
    case DType::kQ4K:
      return WriteQ45(4, x, block);
    case DType::kQ5K:
      return WriteQ45(5, x, block);
    case DType::kQ6K:
      return WriteQ6(x, block);
    default:
      return;
  }
}

}  // namespace

bool CanReadBlocks(DType dtype) {
  return CanWriteBlocks(dtype) || dtype == DType::kQ2K || dtype == DType::kQ3K;
}

bool CanWriteBlocks(DType dtype) {
  return dtype == DType::kQ40 || dtype == DType::kQ41 || dtype == DType::kQ50 ||
         dtype == DType::kQ51 || dtype == DType::kQ80 || dtype == DType::kQ4K ||
         dtype == DType::kQ5K || dtype == DType::kQ6K;
}

void ReadBlocks(DType dtype, const char* from, std::span<double> out) {
  const DTypeBlock block = DTypeBlockOf(dtype);
  for (std::size_t i = 0; i < out.size() / block.elements; ++i) {
    ReadBlock(dtype, from + i * block.bytes, out.data() + i * block.elements);
  }
}

void WriteBlocks(DType dtype, std::span<const double> values, char* to) {
  const DTypeBlock block = DTypeBlockOf(dtype);
  std::vector<float> x(block.elements);
  for (std::size_t i = 0; i < values.size() / block.elements; ++i) {
    for (std::size_t j = 0; j < x.size(); ++j) {
      const auto value = static_cast<float>(values[i * x.size() + j]);
      x[j] = std::isfinite(value) ? value : 0;
    }
    WriteBlock(dtype, x.data(), to + i * block.bytes);
  }
}

}  // namespace tokgraft
