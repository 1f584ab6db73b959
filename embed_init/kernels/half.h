// IEEE half precision and bfloat16, to and from float32, to nearest even.
#ifndef TOKGRAFT_EMBED_INIT_KERNELS_HALF_H_
#define TOKGRAFT_EMBED_INIT_KERNELS_HALF_H_

#include <cstdint>

namespace tokgraft {

float FloatFromHalf(std::uint16_t half);
std::uint16_t HalfFromFloat(float value);
float FloatFromBf16(std::uint16_t value);
std::uint16_t Bf16FromFloat(float value);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_KERNELS_HALF_H_
