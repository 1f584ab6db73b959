// Rows of quantised blocks, as GGUF files hold them: numbers from a block, and a block from
// numbers.
//
// A block is 32 or 256 numbers that share scales (llama.cpp's ggml-quants, whose layouts these
// are): Q4_0, Q5_0 and Q8_0 a scale; Q4_1 and Q5_1 a scale and a minimum; the K types sixteen or
// eight blocks in one, with small scales of their own. Blocks are made as the reference
// quantisation of ggml makes them: for the first five to nearest within the largest and smallest
// number; for Q4_K, Q5_K and Q6_K by trying scales around that one and keeping the one with the
// least weighted squared error (weights |x| plus the root mean square, or x^2 for Q6_K).
#ifndef TOKGRAFT_EMBED_INIT_KERNELS_BLOCKS_H_
#define TOKGRAFT_EMBED_INIT_KERNELS_BLOCKS_H_

#include <span>

#include "embed_init/checkpoint.h"

namespace tokgraft {

// True for the types whose numbers ReadBlocks gives: Q4_0 to Q8_0, Q2_K to Q6_K.
bool CanReadBlocks(DType dtype);
// True for the types that WriteBlocks makes: those without Q2_K and Q3_K.
bool CanWriteBlocks(DType dtype);

// The numbers of the blocks at `from`; out.size() is a multiple of the block's.
void ReadBlocks(DType dtype, const char* from, std::span<double> out);
// The blocks of these numbers to `to`. A number that is not finite counts as 0.
void WriteBlocks(DType dtype, std::span<const double> values, char* to);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_KERNELS_BLOCKS_H_
