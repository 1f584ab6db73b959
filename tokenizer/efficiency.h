// How good is this tokenizer, on this text? EfficiencyReport: tokens against bytes, characters and
// words, by corpus and by class of character, with a diagnosis in plain words.
//
//   StatusOr<EfficiencyReport> report = Measure(tokenizer, {{"zh", "zh.txt"}});
//   std::cout << report->ToTable();
//
// Words are those of ICU's word boundaries (Unicode UAX 29, dictionaries for Chinese, Japanese and
// Thai), segments of letters, kana, ideographs or digits only. A token's share in a class is the
// share of the characters it touches: " the" is a quarter spaces and three quarters Latin; three
// tokens that spell one Han character in bytes are three tokens of Han.
#ifndef TOKGRAFT_TOKENIZER_EFFICIENCY_H_
#define TOKGRAFT_TOKENIZER_EFFICIENCY_H_

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/corpus.h"
#include "tokenizer/status.h"
#include "tokenizer/tokenizer.h"

namespace tokgraft {

enum class CharacterClass : std::uint8_t {
  kDigits,        // general category N
  kSpaces,        // White_Space, line ends included
  kPunctuation,   // P
  kHan,           // script Han
  kKana,          // scripts Hiragana and Katakana, the prolonged sound mark included
  kHangul,        // script Hangul
  kLatin,         // letters of script Latin
  kCyrillic,      // letters of script Cyrillic
  kOtherLetters,  // other letters, and all marks
  kSymbols,       // S, and whatever is left (controls, formats, unassigned)
};
inline constexpr std::size_t kCharacterClasses = 10;
// "digits", "spaces", ..., the keys of the report's JSON.
std::string_view CharacterClassName(CharacterClass character_class);
CharacterClass ClassOf(char32_t character);

struct ClassEfficiency {
  std::uint64_t characters = 0;
  double tokens = 0;                          // by share of characters
  std::uint64_t single_character_tokens = 0;  // tokens that are one whole character of the class
  friend bool operator==(const ClassEfficiency&, const ClassEfficiency&) = default;
};

struct CorpusEfficiency {
  std::string name;
  std::uint64_t documents = 0;
  std::uint64_t bytes = 0;
  std::uint64_t characters = 0;  // a maximal bad subsequence counts as one
  std::uint64_t words = 0;
  std::uint64_t tokens = 0;
  std::uint64_t unknown_tokens = 0;
  std::uint64_t byte_fallback_tokens = 0;
  std::uint64_t invalid_utf8 = 0;
  std::uint64_t distinct_ids = 0;
  double vocabulary_used = 0;  // distinct ids / vocabulary size, in [0, 1]
  std::array<ClassEfficiency, kCharacterClasses> classes;

  // Ratios; 0 where the divisor is 0.
  double bytes_per_token() const;
  double characters_per_token() const;
  double tokens_per_word() const;
  double unknown_rate() const;        // per token
  double byte_fallback_rate() const;  // per token
  // Sentences for people, the most costly first: "han: 2.1 tokens a character".
  std::vector<std::string> Diagnosis() const;
  friend bool operator==(const CorpusEfficiency&, const CorpusEfficiency&) = default;
};

struct EfficiencyReport {
  std::string tokenizer;  // the file it came from
  std::uint64_t vocab_size = 0;
  Documents documents = Documents::kLine;
  std::vector<CorpusEfficiency> corpora;  // in the order given

  std::string ToJson() const;
  std::string ToTable() const;  // aligned columns, then the diagnosis
  friend bool operator==(const EfficiencyReport&, const EfficiencyReport&) = default;
};

struct MeasureOptions {
  Documents documents = Documents::kLine;
  int threads = 0;  // 0: all cores; the report does not depend on it
  std::function<void(std::string_view corpus, double fraction)> progress;  // may be empty
};

// Special tokens are not added, but those that stand in the text are recognised as the reference
// does. Memory: the tables of the tokenizer, one batch of documents (about a megabyte, or the
// largest document) and its tokens. Errors: those of ForEachBatch, with the corpus' path.
StatusOr<EfficiencyReport> Measure(const Tokenizer& tokenizer, const std::vector<Corpus>& corpora,
                                   const MeasureOptions& options = {});

// The same for one corpus in memory.
CorpusEfficiency MeasureDocuments(const Tokenizer& tokenizer, const std::string& name,
                                  const std::vector<std::string_view>& documents,
                                  const MeasureOptions& options = {});

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_EFFICIENCY_H_
