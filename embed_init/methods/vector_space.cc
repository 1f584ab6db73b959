#include "embed_init/methods/vector_space.h"

#include <algorithm>
#include <cmath>

namespace tokgraft {

std::vector<OldVector> UsableVectors(const MethodInput& input, const TokenVectors& vectors,
                                     bool shared_only) {
  std::vector<OldVector> usable;
  std::vector<double> values(static_cast<std::size_t>(input.old.columns));
  for (const OldVector& old : vectors.old) {
    if ((shared_only && !old.shared) || input.is_hidden(old.row) || !input.old.has(old.row)) {
      continue;
    }
    ReadRow(input.old, old.row, values);
    if (std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); })) {
      usable.push_back(old);
    }
  }
  return usable;
}

PackedRows PackVectors(const TokenVectors& vectors, std::span<const OldVector> usable) {
  std::vector<float> values;
  values.reserve(usable.size() * vectors.columns);
  for (const OldVector& old : usable) {
    const std::span<const float> vector = vectors.vector(old.vector);
    values.insert(values.end(), vector.begin(), vector.end());
  }
  return {values, usable.size(), vectors.columns};
}

WantedVectors VectorsOfWanted(const MethodInput& input) {
  WantedVectors wanted;
  for (std::size_t i = 0; i < input.tokens.size(); ++i) {
    const std::optional<std::uint32_t>& at = input.tokens[i].vector;
    if (!at) continue;
    wanted.tokens.push_back(i);
    const std::span<const float> vector = input.vectors->vector(*at);
    wanted.values.insert(wanted.values.end(), vector.begin(), vector.end());
  }
  return wanted;
}

Status RequireVectors(Method method, std::span<const OldVector> usable) {
  if (!usable.empty()) return absl::OkStatus();
  return FailedPreconditionError(Cat(
      "method ", MethodName(method), ": no old token has a vector and a row of finite numbers, ",
      "some were expected to make rows of; give vectors of the model's tokens too"));
}

}  // namespace tokgraft
