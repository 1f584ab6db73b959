// Precompiled: sentencepiece's map as HF applies it.
#include "tokenizer/stages/normalizers/step.h"

namespace tokgraft {

StatusOr<NormalizerStepPtr> MakePrecompiled(const normalizer::Precompiled&) {
  return UnimplementedError("Precompiled: not supported, another normalizer was expected");
}

}  // namespace tokgraft
