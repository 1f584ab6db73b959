// One compiled normalizer, and the makers of each family.
//
// A step has two forms that always give the same text: a fast one on strings, which may say that
// nothing changed instead of copying, and one on AlignedText that also carries the origins.
#ifndef TOKGRAFT_TOKENIZER_STAGES_NORMALIZERS_STEP_H_
#define TOKGRAFT_TOKENIZER_STAGES_NORMALIZERS_STEP_H_

#include <memory>
#include <string>
#include <string_view>

#include "tokenizer/spec.h"
#include "tokenizer/stages/aligned_text.h"
#include "tokenizer/status.h"

namespace tokgraft {

class NormalizerStep {
 public:
  virtual ~NormalizerStep() = default;
  // Appends the normalized form of `text` (valid UTF-8) to `out` and returns true, or returns false
  // and leaves `out` alone: the text is already normalized.
  virtual bool Apply(std::string_view text, std::string* out) const = 0;
  virtual void Apply(AlignedText* text) const = 0;
  // A Replace whose pattern can match nothing at the start of the text, and that puts something
  // there.
  virtual bool may_insert_before_all() const { return false; }
};
using NormalizerStepPtr = std::unique_ptr<const NormalizerStep>;

NormalizerStepPtr MakeBert(const normalizer::Bert& options);
NormalizerStepPtr MakeStrip(const normalizer::Strip& options);
NormalizerStepPtr MakeStripAccents();
NormalizerStepPtr MakeUnicodeForm(normalizer::UnicodeForm form);
NormalizerStepPtr MakeLowercase();
NormalizerStepPtr MakeNmt();
NormalizerStepPtr MakeByteLevel();
NormalizerStepPtr MakePrepend(const normalizer::Prepend& options);
// Unimplemented: a regex that cannot be reproduced exactly. InvalidArgument: a broken one.
StatusOr<NormalizerStepPtr> MakeReplace(const normalizer::Replace& options, Reference reference);
// InvalidArgument: a broken charsmap.
StatusOr<NormalizerStepPtr> MakePrecompiled(const normalizer::Precompiled& options);
// Reads the user-defined pieces of `spec`, which its normalizer leaves as they are.
StatusOr<NormalizerStepPtr> MakeSentencePiece(const normalizer::SentencePiece& options,
                                              const TokenizerSpec& spec);

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_STAGES_NORMALIZERS_STEP_H_
