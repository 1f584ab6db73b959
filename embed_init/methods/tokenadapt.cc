// tokenadapt (arXiv:2505.09738): with v the vectors of tokens, T = tokenadapt_temperature and
// g = tokenadapt_global,
//
//   local   = sum_j softmax(c / T)_j row(b_j),  c_j = (softmax(v(t) . v(b_j))_j + |b_j| / |t|) / 2
//   global  = sum_i softmax(s / T)_i row(i),    s_i = v(t) . v(i), i the k old tokens nearest to t
//   row     = (1 - g) local + g global
//
// over the pieces b_j of t, their lengths in bytes. The paper takes v from a model that embeds any
// text, and every old token has one; here a piece without a vector is taken for as near as the
// others on average, a token without pieces gets its global part alone, and one without a vector
// the mean of its pieces. No similarity is too low, as in the paper, where a threshold did harm.
#include <algorithm>
#include <limits>

#include "embed_init/methods/neighbours.h"
#include "embed_init/methods/vector_space.h"

namespace tokgraft {
namespace {

double Cosine(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t j = 0; j < a.size(); ++j) {
    sum += static_cast<double>(a[j]) * static_cast<double>(b[j]);
  }
  return sum;
}

std::vector<double> SoftmaxAt(std::vector<double> scores, double temperature) {
  for (double& score : scores) score /= temperature;
  return Softmax(scores);
}

// The weights of the pieces of a token with this vector.
std::vector<double> LocalWeights(const TokenVectors& vectors,
                                 const std::vector<std::uint32_t>& vector_of,
                                 std::span<const float> token, const OldPieces& pieces,
                                 double temperature) {
  std::vector<double> near;
  double known = 0;
  std::size_t count = 0;
  for (const TokenId id : pieces.ids) {
    const std::uint32_t at = vector_of[id];
    const bool has = at != std::numeric_limits<std::uint32_t>::max();
    near.push_back(has ? Cosine(token, vectors.vector(at))
                       : std::numeric_limits<double>::quiet_NaN());
    if (!has) continue;
    known += near.back();
    ++count;
  }
  const double average = count == 0 ? 0 : known / static_cast<double>(count);
  for (double& value : near) {
    if (value != value) value = average;
  }
  double length = 0;
  for (const std::uint32_t size : pieces.size_bytes) length += size;
  std::vector<double> scores = Softmax(near);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const double share = length > 0 ? pieces.size_bytes[i] / length : 0;
    scores[i] = (scores[i] + share) / 2;
  }
  return SoftmaxAt(std::move(scores), temperature);
}

// One entry for each old row.
void AddTo(RowEntries* entries, std::uint32_t row, double weight) {
  const auto same = std::find_if(entries->begin(), entries->end(),
                                 [&](const auto& entry) { return entry.first == row; });
  if (same == entries->end()) {
    entries->emplace_back(row, weight);
  } else {
    same->second += weight;
  }
}

}  // namespace

StatusOr<MadeRows> MakeTokenAdaptRows(const MethodInput& input) {
  const MethodSettings& settings = input.options->settings;
  const TokenVectors& vectors = *input.vectors;
  const std::vector<OldVector> old = UsableVectors(input, vectors, false);
  TOKGRAFT_RETURN_IF_ERROR(RequireVectors(Method::kTokenAdapt, old));
  std::vector<std::uint32_t> vector_of(static_cast<std::size_t>(input.old.rows),
                                       std::numeric_limits<std::uint32_t>::max());
  for (const OldVector& token : vectors.old) vector_of[token.row] = token.vector;
  const WantedVectors wanted = VectorsOfWanted(input);
  const std::vector<std::vector<Near>> nearest = Nearest(
      PackVectors(vectors, old), wanted.values, static_cast<std::size_t>(settings.tokenadapt_k));
  MadeRows made;
  std::size_t next = 0;
  for (std::size_t i = 0; i < input.tokens.size(); ++i) {
    const WantedToken& token = input.tokens[i];
    if (!token.vector) {
      made.AddFallback(input, token);
      continue;
    }
    const std::vector<Near>& near = nearest[next++];
    const bool has_pieces = !token.pieces.ids.empty();
    const double global = has_pieces ? settings.tokenadapt_global : 1;
    RowEntries entries;
    if (global < 1) {
      const std::vector<double> weights =
          LocalWeights(vectors, vector_of, vectors.vector(*token.vector), token.pieces,
                       settings.tokenadapt_temperature);
      for (std::size_t j = 0; j < weights.size(); ++j) {
        AddTo(&entries, token.pieces.ids[j], (1 - global) * weights[j]);
      }
    }
    if (global > 0) {
      std::vector<double> scores;
      for (const Near& neighbour : near) scores.push_back(static_cast<double>(neighbour.cosine));
      const std::vector<double> weights =
          SoftmaxAt(std::move(scores), settings.tokenadapt_temperature);
      for (std::size_t j = 0; j < weights.size(); ++j) {
        AddTo(&entries, old[near[j].row].row, global * weights[j]);
      }
    }
    made.Add(RowOrigin::kMethod, std::move(entries));
  }
  return made;
}

}  // namespace tokgraft
