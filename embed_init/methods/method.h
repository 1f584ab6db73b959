// Methods: each makes the entries of one new row from the old pieces of its token, and nothing
// more. One file per method; a new method is a new file, a line here and a line in method.cc.
#ifndef TOKGRAFT_EMBED_INIT_METHODS_METHOD_H_
#define TOKGRAFT_EMBED_INIT_METHODS_METHOD_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "embed_init/init.h"
#include "embed_init/init_plan.h"

namespace tokgraft {

// (old row, weight); the row after the last stands for the mean of all old rows.
using RowEntries = std::vector<std::pair<std::uint32_t, double>>;

// copy.cc: a row of its own for a token that both vocabularies have; the mean of all for the rest.
RowEntries CopiedRow(std::uint32_t old_row);
RowEntries MeanOfAllRow(std::uint32_t mean_column);
// One per method. `pieces` is not empty.
RowEntries MeanRow(const OldPieces& pieces);        // mean.cc
RowEntries WeightedRow(const OldPieces& pieces);    // weighted.cc
RowEntries FirstRow(const OldPieces& pieces);       // first.cc
RowEntries GaussianRow(std::uint32_t mean_column);  // gaussian.cc
double GaussianNoise(double covariance_share);      // gaussian.cc
Method AsymmetricMethod(Role role);                 // asymmetric.cc
Method AutoMethod(bool two_matrices);               // auto.cc

// A method that fills rows: kAuto and kAsymmetric resolved for a role.
Method ResolveMethod(Method method, Role role, bool two_matrices);
// The row of a resolved method.
RowEntries MakeRow(Method method, const OldPieces& pieces, std::uint32_t mean_column);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_METHODS_METHOD_H_
