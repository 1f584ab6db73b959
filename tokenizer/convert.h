// Convert: a tokenizer in the words of another format, with the same ids, or a refusal that says
// why.
//
//   TOKGRAFT_ASSIGN_OR_RETURN(Conversion made, Convert(spec, Format::kTiktoken));
//   StatusOr<SaveReport> saved = Save(made.spec, "out/", {.format = Format::kTiktoken});
//
// The stages are said in the target's words, and a merge list, scores and ranks are turned into
// each other. Whether that is exact is a theorem where it can be: a BPE is proved the same when
// every piece has the same last join in both, and these come in the same order (`model_proved`).
// Then texts are encoded both ways: all pieces in contexts, all assigned code points in contexts,
// mixtures of pieces. A text on which ids differ is a refusal that shows it, or under `lossy`
// stands in the result with the measured share of text that changes. Where there is neither proof
// nor counterexample, the result says how much was checked.
//
// What is not compared: control tokens written in text (sentencepiece and tekken read `<s>` as
// text, the others as the token), and decoding's clean-up of spaces. Notes say such things.
#ifndef TOKGRAFT_TOKENIZER_CONVERT_H_
#define TOKGRAFT_TOKENIZER_CONVERT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/spec.h"
#include "tokenizer/status.h"

namespace tokgraft {

struct ConvertOptions {
  bool lossy = false;                   // convert although ids differ, and measure how much
  std::vector<std::string_view> texts;  // to measure on; none: mixtures of pieces
};

struct Conversion {
  TokenizerSpec spec;                         // in the target's format
  bool model_proved = false;                  // the joins of pieces are the same on every text
  std::uint64_t checked_bytes = 0;            // of text encoded both ways
  std::optional<std::string> counterexample;  // lossy: a text whose ids differ
  // lossy: the share of texts, and of their bytes, whose ids differ
  double changed_texts = 0;
  double changed_bytes = 0;
  std::uint64_t measured_bytes = 0;
  bool measured_on_pieces = false;  // no texts were given: mixtures of its own pieces
  std::vector<std::string> notes;   // what the target says otherwise, a sentence each
  std::string ToJson() const;
  std::string DebugString() const;  // a few lines for people
};

// Unimplemented: the target has no words for a stage or model; FailedPrecondition: it has, but ids
// differ (the message shows a text), or a piece cannot be held. The format it is in: itself.
StatusOr<Conversion> Convert(const TokenizerSpec& spec, Format target,
                             const ConvertOptions& options = {});

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_CONVERT_H_
