// What will this change of vocabulary cost, before any training? From the tokenizers, the texts and
// the rows alone; no model is run.
//
//   StatusOr<Forecast> forecast = ForecastCost(input);
//   forecast->verdict;              // SwapVerdict::kWarmUp
//   forecast->corpora[0].change;    // 0.31 bits per byte more, between `low` and `high`
//   std::cout << forecast->ToText();
//
// The change of a text's bits per byte is read off a line through swaps of real models that were
// measured (benchmarks/swap/forecast.py; its figures stand in forecast/calibration.h): what counts
// is how many new tokens the text has, of how many old pieces they are made, and how often old
// tokens stand where the old tokenizer has others. `low` and `high` hold 95 of 100 of those swaps,
// each forecast from the others. A model much larger than that, or trained on other texts, may
// differ by more; tokgraft.probe measures.
#ifndef TOKGRAFT_EMBED_INIT_FORECAST_H_
#define TOKGRAFT_EMBED_INIT_FORECAST_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "embed_init/checkpoint.h"
#include "embed_init/init_plan.h"
#include "tokenizer/corpus.h"
#include "tokenizer/status.h"
#include "tokenizer/tokenizer.h"
#include "vocab_merge/id_map.h"

namespace tokgraft {

struct CorpusForecast {
  std::string name;
  std::uint64_t bytes = 0;
  std::uint64_t tokens_before = 0;
  std::uint64_t tokens_after = 0;
  std::uint64_t new_tokens = 0;  // of tokens_after
  std::uint64_t other_cuts = 0;  // places where text is cut otherwise into old tokens
  double new_byte_share = 0;     // of the bytes, in [0, 1]
  double pieces_per_new = 0;     // old pieces of a new token, the mean over the text
  double change = 0;             // of bits per byte right after the swap; more is worse
  double low = 0;
  double high = 0;
  // Tokens of continued training on such text after which the change is made good; 0: none needed.
  // Assumes the recipe of tokgraft.train; see forecast/calibration.h.
  double break_even_tokens = 0;
  bool measured = false;  // `change` is ForecastInput::measured, not expected
  friend bool operator==(const CorpusForecast&, const CorpusForecast&) = default;
};

// How a tokenizer reads numbers.
struct DigitPolicy {
  std::uint64_t longest = 1;  // digits in a token at most, as text is read; up to 8 is looked at
  bool joins_space = false;   // a space before a number is in its first token
  friend bool operator==(const DigitPolicy&, const DigitPolicy&) = default;
};

enum class SwapVerdict : std::uint8_t {
  kSafe,    // the model can be used as it is
  kWarmUp,  // new rows have to be trained first, all weights perhaps after
  kFails,   // it is another language to the model; nothing short of continued pre-training helps
};
std::string_view SwapVerdictName(SwapVerdict verdict);  // "safe", "warm-up", "fails"

struct Forecast {
  std::vector<CorpusForecast> corpora;  // in the order given
  DigitPolicy digits_before;
  DigitPolicy digits_after;
  std::vector<TokenId> weak;                // old tokens that training hardly ever touched
  std::uint64_t new_of_weak = 0;            // added tokens with such a piece
  std::optional<std::uint64_t> donor_weak;  // added tokens whose row in the donor's model is one
  SwapVerdict verdict = SwapVerdict::kSafe;
  std::string reason;                 // a sentence
  std::vector<std::string> warnings;  // sentences

  std::string ToJson() const;
  std::string ToText() const;
  friend bool operator==(const Forecast&, const Forecast&) = default;
};

// All borrowed.
struct ForecastInput {
  const Tokenizer* before = nullptr;
  const Tokenizer* after = nullptr;
  const IdMap* id_map = nullptr;
  const std::vector<OldPieces>* pieces = nullptr;  // in the order of id_map->added
  const Checkpoint* model = nullptr;               // null: weak rows are not looked for
  const Checkpoint* donor_model = nullptr;         // may be null
  const Tokenizer* donor = nullptr;                // of donor_model
  const std::vector<Corpus>* corpora = nullptr;
  // By name of a corpus: a change that was measured, to be judged in place of the expected one.
  std::map<std::string, double> measured = {};
  Documents documents = Documents::kLine;
  int threads = 0;
};

// Errors: those of ForEachBatch; DataLoss: the weights have changed since they were opened.
// Memory: a batch of documents and its tokens; the matrices are mapped.
StatusOr<Forecast> ForecastCost(const ForecastInput& input);

// The same for what graft or init wrote to a directory: the tokenizers of both models, id_map.json.
// model_dir: the model it was made from; "": where the manifest says. Errors besides: those of
// LoadManifest, LoadIdMap, Load and OpenCheckpoint.
StatusOr<Forecast> ForecastDirectory(const std::string& directory, const std::string& model_dir,
                                     const std::vector<Corpus>& corpora, Documents documents,
                                     const std::map<std::string, double>& measured = {},
                                     int threads = 0);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_FORECAST_H_
