// The donor's rows of shared tokens, as the methods with a donor model use them.
#ifndef TOKGRAFT_EMBED_INIT_METHODS_DONOR_SPACE_H_
#define TOKGRAFT_EMBED_INIT_METHODS_DONOR_SPACE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "embed_init/methods/method.h"

namespace tokgraft {

// Whether a row is finite and not zero. `values`: scratch, [columns].
bool IsSound(const MatrixView& matrix, std::uint64_t row, std::vector<double>* values);

struct DonorSpace {
  std::vector<Anchor> anchors;  // not hidden, with finite rows that are not zero in both models
  std::size_t columns = 0;      // of the donor
  std::vector<float> rows;      // [anchors, columns], less the mean
  std::vector<float> mean;      // [columns]; zeros where it was not to be taken off
};

// FailedPrecondition: fewer shared tokens than `min_anchors` of the settings.
StatusOr<DonorSpace> OpenDonorSpace(const MethodInput& input, bool centre);

// The donor's rows, less the mean, of the tokens that have one: [tokens, columns].
struct DonorRows {
  std::vector<std::size_t> tokens;  // indices into input.tokens
  std::vector<float> rows;
};
DonorRows RowsInDonor(const MethodInput& input, const DonorSpace& space);

// Scales each row [count, columns] to norm 1, gives the norms.
std::vector<float> ToUnitRows(std::size_t columns, std::vector<float>* rows);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_METHODS_DONOR_SPACE_H_
