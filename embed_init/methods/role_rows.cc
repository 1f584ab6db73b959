#include "embed_init/methods/role_rows.h"

#include <algorithm>
#include <cmath>

#include "embed_init/methods/piece_script.h"
#include "tokenizer/base/parallel.h"
#include "tokenizer/base/report_text.h"

namespace tokgraft {
namespace {

Status CheckNeeds(Method method, NormPolicy norm, const MethodInput& input) {
  const MethodNeeds needs = NeedsOf(method);
  const auto lacks = [&](std::string_view what) {
    return FailedPreconditionError(Cat("method ", MethodName(method), ", norm ",
                                       NormPolicyName(norm), ": needs ", what,
                                       ", which was not given; give it, or choose another"));
  };
  if ((needs.base || norm == NormPolicy::kScript) && input.base == nullptr) {
    return lacks("the model's tokenizer");
  }
  if (needs.merged && input.merged == nullptr) return lacks("the merged tokenizer");
  if ((needs.numbers || norm != NormPolicy::kNone) && input.old.data == nullptr) {
    return lacks("the model's weights");
  }
  if (needs.donor && input.donor.data == nullptr) return lacks("a donor model");
  if ((needs.vectors && input.vectors == nullptr) ||
      (needs.old_vectors && input.old_vectors == nullptr)) {
    return lacks("vectors of tokens");
  }
  return absl::OkStatus();
}

// The squared norm of each row, noise aside.
std::vector<double> SquaredNormsOf(const MethodInput& input, const MadeRows& made) {
  const auto columns = static_cast<std::size_t>(input.old.columns);
  std::vector<double> squares(made.origins.size(), 0);
  ParallelFor(squares.size(), 64, 0, [&](std::size_t begin, std::size_t end) {
    std::vector<double> sum(columns);
    std::vector<double> term(columns);
    for (std::size_t i = begin; i < end; ++i) {
      AddUp(input, made, i, sum, term);
      for (const double value : sum) squares[i] += value * value;
    }
  });
  return squares;
}

// Puts the mean of all in the place of rows that are no rows.
void Replace(const MethodInput& input, const std::vector<double>& squares, bool zero_is_meant,
             MadeRows* made) {
  MadeRows sound;
  sound.noise = made->noise;
  sound.notes = made->notes;
  const auto columns = static_cast<std::size_t>(input.old.columns);
  std::uint64_t replaced = 0;
  for (std::size_t i = 0; i < made->origins.size(); ++i) {
    const bool is_sound = std::isfinite(squares[i]) && (squares[i] > 0 || zero_is_meant);
    if (!is_sound) {
      ++replaced;
      sound.Add(RowOrigin::kMeanOfAll, MeanOfAllRow(input.mean_column()));
      continue;
    }
    if (const std::optional<std::size_t> at = made->dense.Find(i)) {
      sound.dense.Add(static_cast<std::uint32_t>(i),
                      {made->dense.values.data() + *at * columns, columns});
    }
    sound.Add(made->origins[i], std::move(made->entries[i]));
  }
  if (replaced == 0) {
    // Nothing was lost but the entries that moved.
    *made = std::move(sound);
    return;
  }
  sound.notes.push_back(Cat(Counted(replaced, "row"),
                            " would have been zero, infinite or no number, as old rows are; the "
                            "mean of all old rows took their place"));
  *made = std::move(sound);
}

void Scale(const MethodInput& input, NormPolicy norm, const std::vector<double>& squares,
           MadeRows* made) {
  const auto columns = static_cast<std::size_t>(input.old.columns);
  const auto by_script =
      norm == NormPolicy::kScript ? MedianNorms(input) : std::map<std::uint8_t, double>();
  for (std::size_t i = 0; i < made->origins.size(); ++i) {
    const bool is_made =
        made->origins[i] == RowOrigin::kMethod || made->origins[i] == RowOrigin::kMeanOfPieces;
    if (!is_made || !(squares[i] > 0)) continue;
    const WantedToken& token = input.tokens[i];
    double target = 0;
    if (norm == NormPolicy::kScript) {
      target = MedianNormOf(by_script, ScriptOfPiece(token.bytes));
    } else if (!token.pieces.ids.empty()) {
      for (const TokenId id : token.pieces.ids) {
        target += std::sqrt(SquaredNorms(input.old, id, id + 1, 1).front());
      }
      target /= static_cast<double>(token.pieces.ids.size());
    }
    if (!std::isfinite(target) || target <= 0) continue;
    const double factor = target / std::sqrt(squares[i]);
    for (auto& [source, weight] : made->entries[i]) weight *= factor;
    if (const std::optional<std::size_t> at = made->dense.Find(i)) {
      for (std::size_t j = 0; j < columns; ++j) {
        float& value = made->dense.values[*at * columns + j];
        value = static_cast<float>(static_cast<double>(value) * factor);
      }
    }
  }
}

}  // namespace

StatusOr<MadeRows> MakeRoleRows(Method method, NormPolicy norm, const MethodInput& input) {
  if (method == Method::kBil && input.role == Role::kInput && norm == NormPolicy::kNone &&
      input.old.data != nullptr) {
    norm = NormPolicy::kScript;  // part of the method
  }
  TOKGRAFT_RETURN_IF_ERROR(CheckNeeds(method, norm, input));
  TOKGRAFT_ASSIGN_OR_RETURN(MadeRows made, MakeRows(method, input));
  if (input.old.data == nullptr) return made;
  Replace(input, SquaredNormsOf(input, made), method == Method::kZero, &made);
  if (norm != NormPolicy::kNone) Scale(input, norm, SquaredNormsOf(input, made), &made);
  return made;
}

MadeRows TakeGivenRows(std::span<const float> rows, std::size_t columns) {
  MadeRows made;
  for (std::size_t begin = 0; begin < rows.size(); begin += columns) {
    made.AddDense(rows.subspan(begin, columns));
  }
  return made;
}

MadeRows AverageOf(const MadeRows& a, const MadeRows& b) {
  MadeRows made;
  made.noise = (a.noise + b.noise) / 2;
  made.notes = a.notes;
  made.notes.insert(made.notes.end(), b.notes.begin(), b.notes.end());
  const auto columns = static_cast<std::size_t>(std::max(a.dense.columns, b.dense.columns));
  for (std::size_t i = 0; i < a.origins.size(); ++i) {
    RowEntries entries;
    std::vector<float> numbers(columns, 0.0F);
    bool is_dense = false;
    for (const MadeRows* half : {&a, &b}) {
      for (const auto& [source, weight] : half->entries[i]) {
        const auto same = std::find_if(entries.begin(), entries.end(),
                                       [&](const auto& entry) { return entry.first == source; });
        if (same == entries.end()) {
          entries.emplace_back(source, weight / 2);
        } else {
          same->second += weight / 2;
        }
      }
      const std::optional<std::size_t> at = half->dense.Find(i);
      if (!at) continue;
      is_dense = true;
      for (std::size_t j = 0; j < columns; ++j) {
        numbers[j] += half->dense.values[*at * columns + j] / 2;
      }
    }
    if (is_dense) made.dense.Add(static_cast<std::uint32_t>(i), numbers);
    const bool same_origin = a.origins[i] == b.origins[i];
    made.Add(same_origin ? a.origins[i] : RowOrigin::kMethod, std::move(entries));
  }
  return made;
}

}  // namespace tokgraft
