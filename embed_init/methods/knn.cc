// knn: the shared tokens whose donor rows are nearest to the new token's (by cosine, means taken
// off), weighted by softmax of cosine / temperature, or by sparsemax of it, which leaves few; the
// same weights on the model's rows make the new row. The rule of WECHSEL (arXiv:2112.06598) and
// FOCUS (arXiv:2305.14481), with the donor's embedding in place of their word vectors.
#include <algorithm>

#include "embed_init/methods/donor_space.h"
#include "embed_init/methods/neighbours.h"

namespace tokgraft {

StatusOr<MadeRows> MakeKnnRows(const MethodInput& input) {
  const MethodSettings& settings = input.options->settings;
  TOKGRAFT_ASSIGN_OR_RETURN(DonorSpace space, OpenDonorSpace(input, true));
  ToUnitRows(space.columns, &space.rows);
  DonorRows wanted = RowsInDonor(input, space);
  ToUnitRows(space.columns, &wanted.rows);
  const std::vector<std::vector<Near>> nearest =
      Nearest(PackedRows(space.rows, space.anchors.size(), space.columns), wanted.rows,
              static_cast<std::size_t>(settings.knn_k));
  MadeRows made;
  std::size_t next = 0;
  for (std::size_t i = 0; i < input.tokens.size(); ++i) {
    if (next == wanted.tokens.size() || wanted.tokens[next] != i) {
      made.AddFallback(input, input.tokens[i]);
      continue;
    }
    const std::vector<Near>& near = nearest[next++];
    std::vector<double> scores;
    for (const Near& anchor : near) {
      scores.push_back(static_cast<double>(anchor.cosine) / settings.knn_temperature);
    }
    const std::vector<double> weights =
        settings.knn_sparsemax ? Sparsemax(scores) : Softmax(scores);
    RowEntries entries;
    for (std::size_t j = 0; j < near.size(); ++j) {
      if (weights[j] > 0) entries.emplace_back(space.anchors[near[j].row].base, weights[j]);
    }
    made.Add(RowOrigin::kMethod, std::move(entries));
  }
  return made;
}

}  // namespace tokgraft
