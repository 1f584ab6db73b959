// script: the mean of the old rows of tokens in the same script, and noise with their covariance.
// It knows nothing of the token but how it is written, which is most of what tells languages apart
// in an embedding. (arXiv:2309.04679.) The noise is drawn like that of kernels/noise.h.
#include <cmath>

#include "embed_init/kernels/noise.h"
#include "embed_init/methods/piece_script.h"

namespace tokgraft {

StatusOr<MadeRows> MakeScriptRows(const MethodInput& input) {
  const auto columns = static_cast<std::size_t>(input.old.columns);
  std::map<std::uint8_t, std::vector<std::uint32_t>> rows_of;
  const std::vector<std::uint8_t> scripts = ScriptsOfOldRows(input);
  for (std::size_t row = 0; row < scripts.size(); ++row) {
    if (scripts[row] != kNoScript) rows_of[scripts[row]].push_back(static_cast<std::uint32_t>(row));
  }
  std::map<std::uint8_t, std::vector<double>> means;
  std::vector<double> term(columns);
  for (const auto& [script, rows] : rows_of) {
    std::vector<double>& mean = means[script];
    mean.assign(columns, 0.0);
    for (const std::uint32_t row : rows) {
      ReadRow(input.old, row, term);
      for (std::size_t j = 0; j < columns; ++j) mean[j] += term[j];
    }
    for (double& value : mean) value /= static_cast<double>(rows.size());
  }
  MadeRows made;
  std::vector<float> numbers(columns);
  for (const WantedToken& token : input.tokens) {
    const auto found = rows_of.find(ScriptOfPiece(token.bytes));
    if (found == rows_of.end()) {
      made.AddFallback(input, token);
      continue;
    }
    const std::vector<std::uint32_t>& rows = found->second;
    const std::vector<double>& mean = means[found->first];
    std::vector<double> sum = mean;
    const double scale = 1 / std::sqrt(static_cast<double>(kNoiseDraws));
    for (int draw = 0; draw < kNoiseDraws; ++draw) {
      const NoiseDraw drawn = DrawNoise(input.options->seed, token.row, draw, rows.size());
      ReadRow(input.old, rows[static_cast<std::size_t>(drawn.row)], term);
      const double factor = drawn.negative ? -scale : scale;
      for (std::size_t j = 0; j < columns; ++j) sum[j] += factor * (term[j] - mean[j]);
    }
    for (std::size_t j = 0; j < columns; ++j) numbers[j] = static_cast<float>(sum[j]);
    made.AddDense(numbers);
  }
  return made;
}

}  // namespace tokgraft
