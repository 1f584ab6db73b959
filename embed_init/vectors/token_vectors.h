// The vectors of the tokens of a plan: from a file, or trained on a text.
#ifndef TOKGRAFT_EMBED_INIT_VECTORS_TOKEN_VECTORS_H_
#define TOKGRAFT_EMBED_INIT_VECTORS_TOKEN_VECTORS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "embed_init/auxiliary.h"
#include "embed_init/method.h"
#include "tokenizer/status.h"
#include "tokenizer/tokenizer.h"
#include "vocab_merge/id_map.h"

namespace tokgraft {

// An old token that has a vector.
struct OldVector {
  std::uint32_t row = 0;     // of the model
  std::uint32_t vector = 0;  // of TokenVectors
  bool shared = true;        // the new vocabulary has the token too
  friend bool operator==(const OldVector&, const OldVector&) = default;
};

// Vectors of one space, and whose they are. Zero vectors are none.
struct TokenVectors {
  std::size_t columns = 0;
  std::vector<float> values = {};                        // [vectors, columns], of norm 1
  std::vector<OldVector> old = {};                       // by row
  std::vector<std::optional<std::uint32_t>> added = {};  // of each token of id_map.added

  std::span<const float> vector(std::uint32_t index) const {
    return {values.data() + std::size_t{index} * columns, columns};
  }
};

// What vectors are made from. Views are borrowed.
struct VectorSources {
  const AuxiliaryInputs& auxiliary;
  const MethodSettings& settings;
  std::uint64_t seed = 0;
  const IdMap& id_map;
  const Tokenizer* base = nullptr;
  const Tokenizer* merged = nullptr;  // may be null where vectors come from a file
  std::uint64_t old_rows = 0;         // tokens beyond have none
  std::function<void(double)> progress = {};
};
// From the file, or trained on the text under the new tokenizer. Special tokens have no vector.
// `notes` is told how many have. Errors: those of ReadVectorFile, TokenizeLines and TrainVectors;
// FailedPrecondition: no new token has a vector, or no shared one, or a tokenizer is missing.
StatusOr<TokenVectors> OpenTokenVectors(const VectorSources& sources,
                                        std::vector<std::string>* notes);
// Trained on the text under the old tokenizer: of old tokens alone.
StatusOr<TokenVectors> TrainOldVectors(const VectorSources& sources,
                                       std::vector<std::string>* notes);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_VECTORS_TOKEN_VECTORS_H_
