// omp: the donor's row of the new token as a sum of the donor's rows of shared tokens, found by
// orthogonal matching pursuit; the same sum of the model's own rows is the new row. (mergekit's
// tokensurgeon, arXiv:2506.06607.) Means are taken off first, and the mean of all old rows is put
// back; `omp_unit` compares directions, so that long rows do not win by their length.
#include "embed_init/methods/donor_space.h"
#include "embed_init/methods/pursuit.h"

namespace tokgraft {

StatusOr<MadeRows> MakeOmpRows(const MethodInput& input) {
  const MethodSettings& settings = input.options->settings;
  TOKGRAFT_ASSIGN_OR_RETURN(DonorSpace space, OpenDonorSpace(input, settings.omp_centre));
  std::vector<float> norms(space.anchors.size(), 1.0F);
  if (settings.omp_unit) norms = ToUnitRows(space.columns, &space.rows);
  const DonorRows wanted = RowsInDonor(input, space);
  const std::vector<Pursuit> found =
      Pursue(space.rows, wanted.rows, space.columns,
             {.k = static_cast<std::size_t>(settings.omp_k), .ridge = settings.omp_ridge});
  MadeRows made;
  std::size_t next = 0;
  for (std::size_t i = 0; i < input.tokens.size(); ++i) {
    if (next == wanted.tokens.size() || wanted.tokens[next] != i) {
      made.AddFallback(input, input.tokens[i]);
      continue;
    }
    const Pursuit& pursuit = found[next++];
    RowEntries entries;
    double sum = 0;
    for (std::size_t j = 0; j < pursuit.atoms.size(); ++j) {
      const std::uint32_t atom = pursuit.atoms[j];
      const double weight = pursuit.coefficients[j] / static_cast<double>(norms[atom]);
      entries.emplace_back(space.anchors[atom].base, weight);
      sum += weight;
    }
    if (settings.omp_centre) entries.emplace_back(input.mean_column(), 1 - sum);
    if (entries.empty()) {
      made.AddFallback(input, input.tokens[i]);
    } else {
      made.Add(RowOrigin::kMethod, std::move(entries));
    }
  }
  return made;
}

}  // namespace tokgraft
