// NFC, NFD, NFKC, NFKD as HF computes them: standard forms over the characters of Unicode 9.0.
//
// A character that 9.0 lacks is a starter that neither decomposes nor composes. Text that ICU
// calls normalized is normalized here too (ICU knows more marks and more mappings, never fewer), so
// only the parts around a character that is not go through the algorithm.
#ifndef TOKGRAFT_TOKENIZER_STAGES_NORMALIZERS_UNICODE_FORMS_H_
#define TOKGRAFT_TOKENIZER_STAGES_NORMALIZERS_UNICODE_FORMS_H_

#include <string_view>
#include <vector>

#include "tokenizer/spec.h"
#include "tokenizer/stages/normalizers/transform.h"

namespace tokgraft {

// Appends the characters of the form of `text` with what each does to the old ones.
void AppendUnicodeForm(std::string_view text, normalizer::UnicodeForm form,
                       std::vector<CharChange>* out);

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_STAGES_NORMALIZERS_UNICODE_FORMS_H_
