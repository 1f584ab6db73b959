// gaussian: the mean of all old rows and a little noise with their covariance. It knows nothing of
// the token; the mean keeps the token improbable, the noise keeps the rows from being one row.
#include <cmath>

#include "embed_init/methods/method.h"

namespace tokgraft {

RowEntries GaussianRow(std::uint32_t mean_column) { return {{mean_column, 1.0}}; }

double GaussianNoise(double covariance_share) { return std::sqrt(covariance_share); }

}  // namespace tokgraft
