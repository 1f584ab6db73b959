// The vectors of old tokens whose rows may be used, as the methods with vectors use them.
#ifndef TOKGRAFT_EMBED_INIT_METHODS_VECTOR_SPACE_H_
#define TOKGRAFT_EMBED_INIT_METHODS_VECTOR_SPACE_H_

#include <cstddef>
#include <span>
#include <vector>

#include "embed_init/kernels/dots.h"
#include "embed_init/methods/method.h"

namespace tokgraft {

// Old tokens that are not hidden and have a finite row and a vector: all, or those that the new
// vocabulary has too.
std::vector<OldVector> UsableVectors(const MethodInput& input, const TokenVectors& vectors,
                                     bool shared_only);
// Their vectors. `usable` is not empty.
PackedRows PackVectors(const TokenVectors& vectors, std::span<const OldVector> usable);

// The vectors of the wanted tokens that have one: [tokens, columns].
struct WantedVectors {
  std::vector<std::size_t> tokens;  // indices into input.tokens
  std::vector<float> values;
};
WantedVectors VectorsOfWanted(const MethodInput& input);

// FailedPrecondition: no old token has a vector and a row that may be used.
Status RequireVectors(Method method, std::span<const OldVector> usable);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_METHODS_VECTOR_SPACE_H_
