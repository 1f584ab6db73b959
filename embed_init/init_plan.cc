#include "embed_init/init_plan.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "embed_init/methods/method.h"
#include "tokenizer/base/report_text.h"

namespace tokgraft {
namespace {

// What each new id is, whatever the role.
struct Assignment {
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
  std::vector<std::uint32_t> old_row;  // [new_rows] or kNone
  std::vector<std::uint32_t> added;    // [new_rows] index into id_map.added, or kNone
  std::vector<bool> lost;              // [new_rows] a base token that had no row
};

std::uint64_t PadMultiple(std::uint64_t wanted, std::uint64_t old_rows) {
  if (wanted != 0) return wanted;
  std::uint64_t multiple = 1;
  while (multiple < 64 && old_rows % (multiple * 2) == 0) multiple *= 2;
  return multiple;
}

Status CheckSizes(const Checkpoint& checkpoint, const IdMap& id_map,
                  const std::vector<OldPieces>& pieces, const InitOptions& options) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 31;
  if (checkpoint.embedding.rows >= kMost || id_map.merged_size >= kMost ||
      options.pad_to_multiple >= kMost) {
    return InvalidArgumentError("the vocabulary has more than 2^31 rows; nothing is that large");
  }
  if (id_map.base_to_merged.size() != id_map.base_size) {
    return InvalidArgumentError(Cat("id map: base_to_merged: has ", id_map.base_to_merged.size(),
                                    " entries, base_size says ", id_map.base_size,
                                    "; make the id map again"));
  }
  if (pieces.size() != id_map.added.size()) {
    return InvalidArgumentError(Cat("id map: added: has ", id_map.added.size(),
                                    " tokens, pieces of ", pieces.size(),
                                    " were given; split the same id map"));
  }
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    for (const TokenId id : pieces[i].ids) {
      if (id >= id_map.base_size || pieces[i].size_bytes.size() != pieces[i].ids.size()) {
        return InvalidArgumentError(Cat("id map: added[", i, "]: piece ", id,
                                        " is no token of the base; split with its own tokenizer"));
      }
    }
  }
  return absl::OkStatus();
}

StatusOr<Assignment> Assign(const IdMap& id_map, InitPlan* plan) {
  Assignment assignment;
  const auto rows = static_cast<std::size_t>(plan->new_rows);
  assignment.old_row.assign(rows, Assignment::kNone);
  assignment.added.assign(rows, Assignment::kNone);
  assignment.lost.assign(rows, false);
  std::vector<bool> taken(rows, false);
  const auto take = [&](std::uint64_t id, std::string_view what) -> Status {
    if (id < id_map.merged_size && !taken[id]) {
      taken[id] = true;
      return absl::OkStatus();
    }
    return InvalidArgumentError(
        Cat("id map: ", what, ": new id ", id,
            id < id_map.merged_size ? " is given twice" : " is beyond merged_size",
            "; make the id map again"));
  };
  std::uint64_t lost = 0;
  for (std::size_t base = 0; base < id_map.base_to_merged.size(); ++base) {
    const std::optional<TokenId> id = id_map.base_to_merged[base];
    if (!id) continue;
    TOKGRAFT_RETURN_IF_ERROR(take(*id, Cat("base_to_merged[", base, "]")));
    if (base < plan->old_rows) {
      assignment.old_row[*id] = static_cast<std::uint32_t>(base);
    } else {
      assignment.lost[*id] = true;
      ++lost;
    }
  }
  for (std::size_t i = 0; i < id_map.added.size(); ++i) {
    TOKGRAFT_RETURN_IF_ERROR(take(id_map.added[i].id, Cat("added[", i, "]")));
    assignment.added[id_map.added[i].id] = static_cast<std::uint32_t>(i);
  }
  if (KeepsRows(id_map.strategy)) {
    // Rows that no token has keep what they hold: holes, and the padding that is not filled up.
    for (std::size_t row = 0; row < rows && row < plan->old_rows; ++row) {
      if (!taken[row]) assignment.old_row[row] = static_cast<std::uint32_t>(row);
    }
  }
  if (lost > 0) {
    plan->warnings.push_back(Cat("the base tokenizer has ", lost, " tokens beyond the ",
                                 plan->old_rows,
                                 " rows of the model; their new rows are the mean "
                                 "of the old rows"));
  }
  return assignment;
}

// That the caller's rows fit the tokens and the matrix.
Status CheckGiven(std::span<const float> rows, std::string_view role, const Checkpoint& checkpoint,
                  std::uint64_t added) {
  const std::uint64_t columns = checkpoint.embedding.columns;
  if (rows.size() != added * columns) {
    return InvalidArgumentError(Cat("rows: ", role, ": are ", rows.size(), " numbers, ", added,
                                    " rows of ", columns, " were expected, one for each added ",
                                    "token; give them in the order of the id map's `added`"));
  }
  const auto bad =
      std::find_if(rows.begin(), rows.end(), [](float v) { return !std::isfinite(v); });
  if (bad == rows.end()) return absl::OkStatus();
  const auto at = static_cast<std::uint64_t>(bad - rows.begin());
  return InvalidArgumentError(Cat("rows: ", role, ": row ", at / columns, " holds ", *bad,
                                  ", finite numbers were expected; make the rows again"));
}

Status CheckGiven(const GivenRows& given, const Checkpoint& checkpoint, std::uint64_t added) {
  if (!given.any()) return absl::OkStatus();
  if (given.name.empty()) {
    return InvalidArgumentError(
        "rows: have no name, how they were made was expected; name them for the manifest");
  }
  if (!given.input.empty()) {
    TOKGRAFT_RETURN_IF_ERROR(CheckGiven(given.input, "input", checkpoint, added));
  }
  if (given.output.empty()) return absl::OkStatus();
  if (checkpoint.head_kind == HeadKind::kNone) {
    return InvalidArgumentError(Cat("rows: output: were given, ", checkpoint.directory,
                                    " has no output head; leave them out"));
  }
  return CheckGiven(given.output, "output", checkpoint, added);
}

RolePlan PlanGivenRole(const InitPlan& plan, const Assignment& assignment,
                       std::span<const float> rows, const GivenRows& given, std::uint64_t columns) {
  const auto mean_column = static_cast<std::uint32_t>(plan.old_rows);
  RolePlan role;
  role.method = Method::kGiven;
  role.given_name = given.name;
  for (std::size_t row = 0; row < plan.new_rows; ++row) {
    if (assignment.old_row[row] != Assignment::kNone) {
      role.AddRow(RowOrigin::kCopied, CopiedRow(assignment.old_row[row]));
    } else if (assignment.added[row] == Assignment::kNone) {
      role.AddRow(assignment.lost[row] ? RowOrigin::kMeanOfAll : RowOrigin::kPadding,
                  MeanOfAllRow(mean_column));
    } else {
      role.AddRow(RowOrigin::kMethod, {});
      role.dense.Add(static_cast<std::uint32_t>(row),
                     rows.subspan(assignment.added[row] * columns, columns));
    }
  }
  return role;
}

RolePlan PlanRole(const InitPlan& plan, const Assignment& assignment,
                  const std::vector<OldPieces>& pieces, Method method, double covariance_share) {
  const auto mean_column = static_cast<std::uint32_t>(plan.old_rows);
  RolePlan role;
  role.method = method;
  if (method == Method::kGaussian) role.noise = GaussianNoise(covariance_share);
  for (std::size_t row = 0; row < plan.new_rows; ++row) {
    const std::uint32_t added = assignment.added[row];
    if (assignment.old_row[row] != Assignment::kNone) {
      role.AddRow(RowOrigin::kCopied, CopiedRow(assignment.old_row[row]));
    } else if (added == Assignment::kNone) {
      role.AddRow(assignment.lost[row] ? RowOrigin::kMeanOfAll : RowOrigin::kPadding,
                  MeanOfAllRow(mean_column));
    } else if (method == Method::kGaussian) {
      role.AddRow(RowOrigin::kMethod, MakeRow(method, pieces[added], mean_column));
    } else if (pieces[added].ids.empty() || method == Method::kCopy) {
      role.AddRow(RowOrigin::kMeanOfAll, MeanOfAllRow(mean_column));
    } else {
      role.AddRow(RowOrigin::kMethod, MakeRow(method, pieces[added], mean_column));
    }
  }
  return role;
}

// The pieces that have a row: a base token beyond the matrix has none.
std::vector<OldPieces> PiecesWithRows(const std::vector<OldPieces>& pieces, std::uint64_t rows) {
  std::vector<OldPieces> kept = pieces;
  for (OldPieces& token : kept) {
    const bool all =
        std::all_of(token.ids.begin(), token.ids.end(), [&](TokenId id) { return id < rows; });
    if (!all) token = {};
  }
  return kept;
}

struct Methods {
  Method input = Method::kMean;
  Method output = Method::kMean;
  std::span<const float> input_rows = {};  // of kGiven
  std::span<const float> output_rows = {};
};

// One matrix, and rows for it from outside: which of them it takes.
StatusOr<Methods> ChooseGiven(const Checkpoint& checkpoint, const InitOptions& options) {
  const GivenRows& given = options.given;
  const std::string place = Cat(checkpoint.directory, ": ", checkpoint.embedding.tensor);
  if (options.tie == TiePolicy::kKeep && !given.input.empty() && !given.output.empty()) {
    return FailedPreconditionError(
        Cat(place,
            ": input and output rows are one matrix, and rows were given for both; give "
            "one, or say which tie to keep: keep-input, keep-output or untie"));
  }
  const bool takes_output = options.tie == TiePolicy::kKeepOutput ||
                            (options.tie == TiePolicy::kKeep && given.input.empty());
  const std::span<const float> rows = takes_output ? given.output : given.input;
  if (rows.empty()) {
    return FailedPreconditionError(Cat(place, ": tie ", TiePolicyName(options.tie), " keeps the ",
                                       takes_output ? "output" : "input",
                                       " rows, rows were given for the other role only; give "
                                       "these, or another tie"));
  }
  return Methods{Method::kGiven, Method::kGiven, rows, rows};
}

// The method of each role, after the tie policy.
StatusOr<Methods> ChooseMethods(const Checkpoint& checkpoint, const InitOptions& options,
                                bool two_matrices) {
  const GivenRows& given = options.given;
  if (!two_matrices && given.any()) return ChooseGiven(checkpoint, options);
  const Method any = options.method;
  Methods chosen;
  chosen.input = ResolveMethod(options.input_method.value_or(any), Role::kInput, two_matrices);
  chosen.output = ResolveMethod(options.output_method.value_or(any), Role::kOutput, two_matrices);
  chosen.input_rows = given.input;
  chosen.output_rows = given.output;
  if (!given.input.empty()) chosen.input = Method::kGiven;
  if (!given.output.empty()) chosen.output = Method::kGiven;
  if ((chosen.input == Method::kGiven && given.input.empty()) ||
      (chosen.output == Method::kGiven && given.output.empty())) {
    return InvalidArgumentError(
        "method: is given, rows were expected but none were given; give rows, or choose a method");
  }
  if (two_matrices || chosen.input == chosen.output) return chosen;
  if (checkpoint.head_kind == HeadKind::kNone) {
    if (options.output_method) {
      return FailedPreconditionError(Cat(checkpoint.directory,
                                         ": the model has no output head, an "
                                         "output method was given; leave it out"));
    }
    chosen.output = chosen.input;
    return chosen;
  }
  switch (options.tie) {
    case TiePolicy::kKeepInput:
      chosen.output = chosen.input;
      return chosen;
    case TiePolicy::kKeepOutput:
      chosen.input = chosen.output;
      return chosen;
    case TiePolicy::kKeep:
    case TiePolicy::kUntie:
      break;
  }
  return FailedPreconditionError(Cat(checkpoint.directory, ": ", checkpoint.embedding.tensor,
                                     ": input and output rows are one ",
                                     "matrix, one method was expected, ", MethodName(chosen.input),
                                     " and ", MethodName(chosen.output),
                                     " were asked for; choose one method, or say which tie to "
                                     "keep: keep-input, keep-output or untie"));
}

}  // namespace

std::string_view RowOriginName(RowOrigin origin) {
  switch (origin) {
    case RowOrigin::kCopied:
      return "copied";
    case RowOrigin::kMethod:
      return "method";
    case RowOrigin::kMeanOfAll:
      return "mean_of_all";
    case RowOrigin::kPadding:
      return "padding";
  }
  return "?";
}

std::vector<std::pair<std::uint32_t, double>> RolePlan::Entries(std::size_t row) const {
  std::vector<std::pair<std::uint32_t, double>> entries;
  for (auto i = static_cast<std::size_t>(splits[row]); i < splits[row + 1]; ++i) {
    entries.emplace_back(sources[i], weights[i]);
  }
  return entries;
}

void RolePlan::AddRow(RowOrigin origin,
                      const std::vector<std::pair<std::uint32_t, double>>& entries) {
  if (splits.empty()) splits.push_back(0);
  for (const auto& [source, weight] : entries) {
    sources.push_back(source);
    weights.push_back(weight);
  }
  splits.push_back(sources.size());
  origins.push_back(origin);
}

std::optional<std::size_t> DenseRows::Find(std::uint64_t row) const {
  const auto at = std::lower_bound(rows.begin(), rows.end(), row);
  if (at == rows.end() || *at != row) return std::nullopt;
  return static_cast<std::size_t>(at - rows.begin());
}

void DenseRows::Add(std::uint32_t row, std::span<const float> numbers) {
  columns = numbers.size();
  rows.push_back(row);
  values.insert(values.end(), numbers.begin(), numbers.end());
}

std::string InitPlan::DebugString() const {
  return Cat("InitPlan{", old_rows, " -> ", new_rows, " rows, ", new_tokens, " tokens, method ",
             MethodName(method), ", input ", MethodName(input.method),
             output ? Cat(", output ", MethodName(output->method)) : "", tied_after ? ", tied" : "",
             "}");
}

void MapRoles(const SpecialRoles& base, const SpecialRoles& merged, InitPlan* plan) {
  for (const auto role :
       {&SpecialRoles::bos, &SpecialRoles::eos, &SpecialRoles::unk, &SpecialRoles::pad,
        &SpecialRoles::sep, &SpecialRoles::cls, &SpecialRoles::mask}) {
    const std::optional<TokenId>& old = base.*role;
    if (!old || *old >= plan->old_to_new.size()) continue;
    std::optional<TokenId>& now = plan->old_to_new[*old];
    if (!now) now = merged.*role;
  }
}

StatusOr<InitPlan> PlanInit(const Checkpoint& checkpoint, const IdMap& id_map,
                            const std::vector<OldPieces>& pieces, const InitOptions& options) {
  TOKGRAFT_RETURN_IF_ERROR(CheckSizes(checkpoint, id_map, pieces, options));
  TOKGRAFT_RETURN_IF_ERROR(CheckGiven(options.given, checkpoint, id_map.added.size()));
  InitPlan plan;
  plan.old_rows = checkpoint.embedding.rows;
  plan.old_tokens = std::min(id_map.base_size, plan.old_rows);
  plan.new_tokens = id_map.merged_size;
  plan.pad_to_multiple = PadMultiple(options.pad_to_multiple, plan.old_rows);
  const std::uint64_t needed =
      KeepsRows(id_map.strategy) ? std::max(id_map.merged_size, plan.old_rows) : id_map.merged_size;
  plan.new_rows = (needed + plan.pad_to_multiple - 1) / plan.pad_to_multiple * plan.pad_to_multiple;
  plan.seed = options.seed;
  plan.tied_before = checkpoint.head_kind == HeadKind::kTied;
  plan.tied_after = plan.tied_before && options.tie != TiePolicy::kUntie;
  const bool two_matrices = checkpoint.head_kind != HeadKind::kNone && !plan.tied_after;
  TOKGRAFT_ASSIGN_OR_RETURN(Methods methods, ChooseMethods(checkpoint, options, two_matrices));
  plan.method_was_auto = options.method == Method::kAuto;
  plan.method = plan.method_was_auto ? AutoMethod(two_matrices) : options.method;
  if (methods.input == Method::kGiven && methods.output == Method::kGiven) {
    plan.method = Method::kGiven;
    plan.method_was_auto = false;
  }
  plan.old_to_new = id_map.base_to_merged;
  TOKGRAFT_ASSIGN_OR_RETURN(Assignment assignment, Assign(id_map, &plan));
  const std::vector<OldPieces> usable = PiecesWithRows(pieces, plan.old_rows);
  const auto plan_role = [&](Method method, std::span<const float> rows) {
    return method == Method::kGiven
               ? PlanGivenRole(plan, assignment, rows, options.given, checkpoint.embedding.columns)
               : PlanRole(plan, assignment, usable, method, options.covariance_share);
  };
  plan.input = plan_role(methods.input, methods.input_rows);
  if (two_matrices) plan.output = plan_role(methods.output, methods.output_rows);
  if (!checkpoint.head_biases.empty()) plan.bias = plan_role(Method::kMean, {});
  if (plan.method == Method::kCopy && !id_map.added.empty()) {
    plan.warnings.push_back(Cat("method copy copies rows of old tokens only: the ",
                                Counted(id_map.added.size(), "new row is", "new rows are"),
                                " the mean of all old rows; mean would start closer"));
  }
  return plan;
}

}  // namespace tokgraft
