// tokalign (arXiv:2506.03523): each new token gets the row of the one old token that is used most
// like it. Vectors are trained on one text twice, cut by the old tokenizer and by the new one. The
// two spaces have nothing in common but tokens that both vocabularies have: some of these, drawn by
// the seed, are pivots, and the cosines of a token with all pivots, in its own space, say what it
// is in either. The row of the old token whose cosines are most alike (by cosine again) is copied,
// for input and output the same.
//
// The paper's vectors are GloVe's, of 300 numbers; here those of vectors/training.h. A token that
// is too rare in the text for a vector gets the mean of its pieces (in the paper, a row at random).
#include <algorithm>
#include <random>

#include "embed_init/methods/donor_space.h"
#include "embed_init/methods/neighbours.h"
#include "embed_init/methods/vector_space.h"
#include "tokenizer/base/report_text.h"

namespace tokgraft {
namespace {

constexpr std::size_t kFewestPivots = 10;

// A token of both vocabularies: its vectors in both spaces.
struct Pivot {
  std::uint32_t before = 0;
  std::uint32_t after = 0;
};

std::vector<Pivot> ChoosePivots(const MethodInput& input) {
  std::vector<Pivot> all;
  auto after = input.vectors->old.begin();
  for (const OldVector& before : input.old_vectors->old) {
    while (after != input.vectors->old.end() && after->row < before.row) ++after;
    if (after == input.vectors->old.end()) break;
    if (after->row != before.row || !before.shared || input.is_hidden(before.row)) continue;
    all.push_back({before.vector, after->vector});
  }
  const std::size_t wanted =
      std::min(all.size(), static_cast<std::size_t>(input.options->settings.tokalign_pivots));
  std::mt19937_64 random(input.options->seed);
  for (std::size_t i = 0; i < wanted; ++i) {
    std::swap(all[i], all[i + static_cast<std::size_t>(random() % (all.size() - i))]);
  }
  all.resize(wanted);
  return all;
}

// The cosines of each vector with the pivots, as unit rows [vectors, pivots].
std::vector<float> Relative(const TokenVectors& vectors, const std::vector<float>& values,
                            const std::vector<Pivot>& pivots, std::uint32_t Pivot::*side) {
  std::vector<float> pivot_vectors;
  for (const Pivot& pivot : pivots) {
    const std::span<const float> vector = vectors.vector(pivot.*side);
    pivot_vectors.insert(pivot_vectors.end(), vector.begin(), vector.end());
  }
  std::vector<float> relative(values.size() / vectors.columns * pivots.size());
  ForEachProducts(PackedRows(pivot_vectors, pivots.size(), vectors.columns), values,
                  [&](std::size_t query, std::span<const float> cosines) {
                    std::copy(cosines.begin(), cosines.end(),
                              relative.data() + query * pivots.size());
                  });
  ToUnitRows(pivots.size(), &relative);
  return relative;
}

}  // namespace

StatusOr<MadeRows> MakeTokAlignRows(const MethodInput& input) {
  const std::vector<OldVector> old = UsableVectors(input, *input.old_vectors, false);
  TOKGRAFT_RETURN_IF_ERROR(RequireVectors(Method::kTokAlign, old));
  const std::vector<Pivot> pivots = ChoosePivots(input);
  if (pivots.size() < kFewestPivots) {
    return FailedPreconditionError(
        Cat("method tokalign: ", Counted(pivots.size(), "shared token has", "shared tokens have"),
            " a vector under both tokenizers, ", kFewestPivots, " or more were expected as pivots;",
            " give more text, or set vector_min_count lower"));
  }
  std::vector<float> old_values;
  for (const OldVector& token : old) {
    const std::span<const float> vector = input.old_vectors->vector(token.vector);
    old_values.insert(old_values.end(), vector.begin(), vector.end());
  }
  const WantedVectors wanted = VectorsOfWanted(input);
  const std::vector<float> before =
      Relative(*input.old_vectors, old_values, pivots, &Pivot::before);
  const std::vector<float> after = Relative(*input.vectors, wanted.values, pivots, &Pivot::after);
  const std::vector<std::vector<Near>> nearest =
      Nearest(PackedRows(before, old.size(), pivots.size()), after, 1);
  MadeRows made;
  std::size_t next = 0;
  for (const WantedToken& token : input.tokens) {
    if (!token.vector) {
      made.AddFallback(input, token);
    } else {
      made.Add(RowOrigin::kMethod, {{old[nearest[next++].front().row].row, 1.0}});
    }
  }
  made.notes.push_back(Cat("tokalign compares by ", Counted(pivots.size(), "pivot")));
  return made;
}

}  // namespace tokgraft
