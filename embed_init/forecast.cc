#include "embed_init/forecast.h"

#include <algorithm>
#include <unordered_set>

#include "embed_init/forecast/calibration.h"
#include "embed_init/forecast/digits.h"
#include "embed_init/forecast/text_shares.h"
#include "embed_init/forecast/weak_rows.h"
#include "embed_init/gguf/model.h"
#include "embed_init/manifest.h"
#include "embed_init/weights/opened_rows.h"
#include "tokenizer/base/report_text.h"
#include "tokenizer/load.h"

namespace tokgraft {
namespace {

// Bits per byte. Of the swaps that were measured, those above lost more than half of what the model
// knew of the text, beside guessing bytes by their frequency.
constexpr double kMuch = 1.0;

double Share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

CorpusForecast ForecastOf(const ForecastInput& input, const Corpus& corpus,
                          const TextShares& shares) {
  ExpectedChange expected = ExpectChange(shares);
  const auto measured = input.measured.find(corpus.name);
  if (measured != input.measured.end()) expected.change = measured->second;
  return {.name = corpus.name,
          .bytes = shares.bytes,
          .tokens_before = shares.tokens_before,
          .tokens_after = shares.tokens_after,
          .new_tokens = shares.new_tokens,
          .other_cuts = shares.other_cuts,
          .new_byte_share = std::min(1.0, Share(shares.new_bytes, shares.bytes)),
          .pieces_per_new = Share(shares.old_pieces, shares.new_tokens),
          .change = expected.change,
          .low = expected.low,
          .high = expected.high,
          .break_even_tokens = TokensToBreakEven(expected.change, shares.seen),
          .measured = measured != input.measured.end()};
}

// The matrix that the softmax moves.
const RowTensor& OutputTensor(const Checkpoint& checkpoint) {
  return checkpoint.head ? *checkpoint.head : checkpoint.embedding;
}

StatusOr<std::vector<TokenId>> WeakRowsOf(const Checkpoint& model, const Tokenizer& tokenizer,
                                          int threads) {
  TOKGRAFT_ASSIGN_OR_RETURN(const OpenedRows opened, OpenRows(model, OutputTensor(model)));
  if (!CanCompute(opened.view.dtype)) return std::vector<TokenId>();
  return WeakRows(opened.view, tokenizer, threads);
}

Status AddWeakRows(const ForecastInput& input, Forecast* forecast) {
  if (input.model != nullptr) {
    TOKGRAFT_ASSIGN_OR_RETURN(forecast->weak,
                              WeakRowsOf(*input.model, *input.before, input.threads));
    const std::unordered_set<TokenId> weak(forecast->weak.begin(), forecast->weak.end());
    for (const OldPieces& token : *input.pieces) {
      const bool any = std::any_of(token.ids.begin(), token.ids.end(),
                                   [&](TokenId id) { return weak.contains(id); });
      forecast->new_of_weak += any ? 1 : 0;
    }
  }
  if (input.donor_model == nullptr || input.donor == nullptr) return absl::OkStatus();
  TOKGRAFT_ASSIGN_OR_RETURN(const std::vector<TokenId> weak,
                            WeakRowsOf(*input.donor_model, *input.donor, input.threads));
  std::unordered_set<std::string_view> bytes;
  for (const TokenId id : weak) {
    if (const auto own = input.donor->token_bytes(id)) bytes.insert(*own);
  }
  forecast->donor_weak = static_cast<std::uint64_t>(
      std::count_if(input.id_map->added.begin(), input.id_map->added.end(),
                    [&](const AddedPiece& piece) { return bytes.contains(piece.bytes); }));
  return absl::OkStatus();
}

std::string DigitsText(const DigitPolicy& policy) {
  return Cat(policy.longest == 1 ? "one digit" : Cat("up to ", policy.longest, " digits"),
             " a token", policy.joins_space ? ", a space before them joined" : "");
}

void AddWarnings(const ForecastInput& input, Forecast* forecast) {
  if (forecast->digits_before != forecast->digits_after) {
    forecast->warnings.push_back(
        Cat("numbers are cut in another way: ", DigitsText(forecast->digits_before), " before, ",
            DigitsText(forecast->digits_after),
            " after; what the model knows of arithmetic has to ", "be learnt again"));
  }
  if (forecast->new_of_weak > 0) {
    forecast->warnings.push_back(Cat(
        Counted(forecast->new_of_weak, "new token is", "new tokens are"), " made of old pieces ",
        "whose rows training hardly ever touched; their rows start from noise"));
  }
  if (forecast->donor_weak.value_or(0) > 0) {
    forecast->warnings.push_back(
        Cat(Counted(*forecast->donor_weak, "new token has", "new tokens have"),
            " a row in the donor's ",
            "model that training hardly ever touched; nothing can be learnt from it"));
  }
  const auto without = static_cast<std::uint64_t>(
      std::count_if(input.pieces->begin(), input.pieces->end(),
                    [](const OldPieces& token) { return token.ids.empty(); }));
  if (without > 0) {
    forecast->warnings.push_back(Cat(Counted(without, "new token has", "new tokens have"),
                                     " no old pieces; such rows start as the mean of all rows"));
  }
}

void Judge(Forecast* forecast) {
  if (forecast->corpora.empty()) return;
  const CorpusForecast& worst = *std::max_element(
      forecast->corpora.begin(), forecast->corpora.end(),
      [](const CorpusForecast& a, const CorpusForecast& b) { return a.change < b.change; });
  const double share = Share(worst.new_tokens, worst.tokens_after);
  std::string where = Cat(Fixed(100 * share, 0), " % of the tokens of ", worst.name, " are new");
  if (worst.new_tokens > 0)
    where += Cat(", of ", Fixed(worst.pieces_per_new, 1), " old pieces each");
  if (worst.other_cuts > 0) {
    where += Cat(", and ", Fixed(1000 * Share(worst.other_cuts, worst.bytes), 1),
                 " places in 1,000 bytes are cut otherwise into old tokens");
  }
  where += Cat(worst.measured ? "; it costs " : "; that costs some ", Fixed(worst.change, 2),
               " bits per byte");
  if (worst.change < kNoChange) {
    forecast->verdict = SwapVerdict::kSafe;
    forecast->reason = worst.new_tokens == 0 && worst.other_cuts == 0
                           ? "the texts have no new token"
                           : Cat(where, ", no more than texts differ by");
    return;
  }
  if (worst.change < kMuch) {
    forecast->verdict = SwapVerdict::kWarmUp;
    forecast->reason = Cat(where, "; train the new rows first (tokgraft train), or have the ",
                           "model make them (tokgraft.fit)");
    return;
  }
  forecast->verdict = SwapVerdict::kFails;
  forecast->reason = Cat(
      where, "; the model reads another language then: keep more old tokens (--strategy extend, ",
      "a smaller --budget), or plan for continued pre-training of all weights");
}

}  // namespace

std::string_view SwapVerdictName(SwapVerdict verdict) {
  switch (verdict) {
    case SwapVerdict::kSafe:
      return "safe";
    case SwapVerdict::kWarmUp:
      return "warm-up";
    case SwapVerdict::kFails:
      return "fails";
  }
  return "?";
}

StatusOr<Forecast> ForecastCost(const ForecastInput& input) {
  Forecast forecast;
  for (const Corpus& corpus : *input.corpora) {
    TOKGRAFT_ASSIGN_OR_RETURN(const TextShares shares,
                              CountShares(*input.before, *input.after, *input.id_map, *input.pieces,
                                          corpus, input.documents, input.threads));
    forecast.corpora.push_back(ForecastOf(input, corpus, shares));
  }
  forecast.digits_before = DigitPolicyOf(*input.before);
  forecast.digits_after = DigitPolicyOf(*input.after);
  TOKGRAFT_RETURN_IF_ERROR(AddWeakRows(input, &forecast));
  AddWarnings(input, &forecast);
  Judge(&forecast);
  return forecast;
}

StatusOr<Forecast> ForecastDirectory(const std::string& directory, const std::string& model_dir,
                                     const std::vector<Corpus>& corpora, Documents documents,
                                     const std::map<std::string, double>& measured, int threads) {
  TOKGRAFT_ASSIGN_OR_RETURN(const IdMap id_map, LoadIdMap(Cat(directory, "/id_map.json")));
  std::string source = model_dir;
  if (source.empty()) {
    TOKGRAFT_ASSIGN_OR_RETURN(const Manifest manifest, LoadManifest(directory));
    source = PathOfInput(manifest, directory, manifest.model_directory);
  }
  TOKGRAFT_ASSIGN_OR_RETURN(const Checkpoint model, OpenCheckpoint(source));
  TOKGRAFT_ASSIGN_OR_RETURN(TokenizerSpec old_spec,
                            Load(IsGguf(model) ? GgufPathOf(model) : source));
  TOKGRAFT_ASSIGN_OR_RETURN(const Tokenizer before, Compile(std::move(old_spec)));
  TOKGRAFT_ASSIGN_OR_RETURN(TokenizerSpec new_spec, Load(directory));
  TOKGRAFT_ASSIGN_OR_RETURN(const Tokenizer after, Compile(std::move(new_spec)));
  TOKGRAFT_ASSIGN_OR_RETURN(const std::vector<OldPieces> pieces,
                            SplitIntoOldPieces(id_map, before, &after));
  return ForecastCost({.before = &before,
                       .after = &after,
                       .id_map = &id_map,
                       .pieces = &pieces,
                       .model = &model,
                       .corpora = &corpora,
                       .measured = measured,
                       .documents = documents,
                       .threads = threads});
}

}  // namespace tokgraft
