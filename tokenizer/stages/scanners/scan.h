// The patterns we know by heart: which hand-made scanner does what a regex says.
//
// A pattern is recognised by its exact spelling and its reference, never by resemblance.
#ifndef TOKGRAFT_TOKENIZER_STAGES_SCANNERS_SCAN_H_
#define TOKGRAFT_TOKENIZER_STAGES_SCANNERS_SCAN_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "tokenizer/spec.h"

namespace tokgraft {

enum class ScannerKind : std::uint8_t {
  kGpt2,            // r50k, p50k and ByteLevel's own regex
  kCl100k,          // Llama-3, GPT-4 as HF spells it
  kCl100kEndFirst,  // GPT-4 as tiktoken spells it
  kQwen2,           // single digits
  kO200k,           // GPT-4o, gpt-oss, Llama-4
  kTekken,
  kKimiK2,
  kLlamaCppGpt2,  // llama.cpp's own classes, no (?i:...)
  kLlamaCppLlama3,
  kLlamaCppQwen2,
};

std::string_view ScannerName(ScannerKind kind);

// The scanner that gives the matches of `regex` as `reference` understands it. All of these match
// at every position, so that the matches are a partition of the text.
std::optional<ScannerKind> FindScanner(std::string_view regex, Reference reference);

// GPT-2's pattern, as HF's ByteLevel holds it.
std::string_view Gpt2Regex();

// The three regexes of DeepSeek-V3, to be isolated one after another.
bool AreDeepSeekRegexes(std::string_view first, std::string_view second, std::string_view third);

// Appends the pieces of `text`, in order, none empty. `text` may be any bytes: what is not UTF-8
// reads as U+FFFD, one for each maximal bad subsequence. Linear in the length of the text.
void Scan(ScannerKind kind, std::string_view text, std::vector<std::string_view>* pieces);
void ScanDeepSeek(std::string_view text, std::vector<std::string_view>* pieces);

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_STAGES_SCANNERS_SCAN_H_
