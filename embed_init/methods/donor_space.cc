#include "embed_init/methods/donor_space.h"

#include <cmath>

namespace tokgraft {

bool IsSound(const MatrixView& matrix, std::uint64_t row, std::vector<double>* values) {
  ReadRow(matrix, row, *values);
  double square = 0;
  for (const double value : *values) square += value * value;
  return std::isfinite(square) && square > 0;
}

StatusOr<DonorSpace> OpenDonorSpace(const MethodInput& input, bool centre) {
  DonorSpace space;
  space.columns = static_cast<std::size_t>(input.donor.columns);
  std::vector<double> base(static_cast<std::size_t>(input.old.columns));
  std::vector<double> donor(space.columns);
  std::vector<double> sum(space.columns, 0.0);
  std::size_t sound = 0;
  for (const Anchor& anchor : input.anchors) {
    if (!IsSound(input.old, anchor.base, &base) || !IsSound(input.donor, anchor.donor, &donor)) {
      continue;
    }
    ++sound;
    if (input.is_hidden(anchor.base)) continue;
    space.anchors.push_back(anchor);
    for (std::size_t j = 0; j < donor.size(); ++j) {
      sum[j] += donor[j];
      space.rows.push_back(static_cast<float>(donor[j]));
    }
  }
  const std::uint64_t least = input.options->settings.min_anchors;
  if (sound < least || space.anchors.empty()) {
    return FailedPreconditionError(
        Cat("donor model: shares ", sound, " tokens with the model that have rows in both, ", least,
            " were expected to find a way between them; choose a method without a donor model, or "
            "set min_anchors lower"));
  }
  space.mean.assign(space.columns, 0.0F);
  if (!centre) return space;
  for (std::size_t j = 0; j < space.columns; ++j) {
    space.mean[j] = static_cast<float>(sum[j] / static_cast<double>(space.anchors.size()));
  }
  for (std::size_t i = 0; i < space.rows.size(); ++i)
    space.rows[i] -= space.mean[i % space.columns];
  return space;
}

DonorRows RowsInDonor(const MethodInput& input, const DonorSpace& space) {
  DonorRows found;
  std::vector<double> donor(space.columns);
  for (std::size_t i = 0; i < input.tokens.size(); ++i) {
    const std::optional<std::uint32_t>& row = input.tokens[i].donor_row;
    if (!row || !IsSound(input.donor, *row, &donor)) continue;
    found.tokens.push_back(i);
    for (std::size_t j = 0; j < donor.size(); ++j) {
      found.rows.push_back(static_cast<float>(donor[j]) - space.mean[j]);
    }
  }
  return found;
}

std::vector<float> ToUnitRows(std::size_t columns, std::vector<float>* rows) {
  std::vector<float> norms;
  for (std::size_t begin = 0; begin < rows->size(); begin += columns) {
    double square = 0;
    for (std::size_t j = 0; j < columns; ++j) {
      square += static_cast<double>((*rows)[begin + j]) * static_cast<double>((*rows)[begin + j]);
    }
    const auto norm = static_cast<float>(std::sqrt(square));
    norms.push_back(norm);
    for (std::size_t j = 0; norm > 0 && j < columns; ++j) (*rows)[begin + j] /= norm;
  }
  return norms;
}

}  // namespace tokgraft
