// What one normalizer step makes of a text: both of its forms, held to agree.
#ifndef TOKGRAFT_TESTS_TOKENIZER_STAGES_NORMALIZERS_STEP_TEXTS_H_
#define TOKGRAFT_TESTS_TOKENIZER_STAGES_NORMALIZERS_STEP_TEXTS_H_

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/stages/normalizers/step.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft::step_texts {

// `text` with the span of its character for each byte.
inline AlignedText Aligned(std::string_view text) {
  AlignedText aligned;
  aligned.text = std::string(text);
  aligned.source = {0, static_cast<std::int64_t>(text.size())};
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = Utf8Length(text[at]);
    aligned.origin.insert(aligned.origin.end(), size,
                          {static_cast<std::int64_t>(at), static_cast<std::int64_t>(at + size)});
    at += size;
  }
  return aligned;
}

// What the string form appends: the text, or "(unchanged)" where it says so and appends nothing.
inline std::string Applied(const NormalizerStep& step, std::string_view text) {
  std::string out = "before ";
  const bool changed = step.Apply(text, &out);
  AlignedText aligned = Aligned(text);
  step.Apply(&aligned);
  EXPECT_EQ(aligned.text, changed ? out.substr(7) : std::string(text));
  EXPECT_EQ(aligned.origin.size(), aligned.text.size());
  if (changed) return out.substr(7);
  EXPECT_EQ(out, "before ");
  return "(unchanged)";
}

// The origins of the bytes of the result.
inline std::vector<Span> Origins(const NormalizerStep& step, std::string_view text) {
  AlignedText aligned = Aligned(text);
  step.Apply(&aligned);
  return aligned.origin;
}

}  // namespace tokgraft::step_texts

#endif  // TOKGRAFT_TESTS_TOKENIZER_STAGES_NORMALIZERS_STEP_TEXTS_H_
