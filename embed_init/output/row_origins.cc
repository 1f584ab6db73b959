#include "embed_init/output/row_origins.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "embed_init/methods/method.h"
#include "tokenizer/base/json.h"

namespace tokgraft {
namespace {

// True where no pieces have to be told: a copy, a mean of all, nothing or nothing but dense
// numbers.
bool StandsInRun(const RolePlan& role, std::size_t row, std::uint64_t old_rows) {
  if (role.origins[row] == RowOrigin::kMeanOfPieces) return false;
  if (role.origins[row] != RowOrigin::kMethod) return true;
  const std::size_t begin = role.splits[row];
  const std::size_t count = role.splits[row + 1] - begin;
  const bool is_noise = role.method == Method::kGaussian || role.method == Method::kHewitt;
  return count == 0 ||
         (is_noise && count == 1 && role.sources[begin] == old_rows && role.weights[begin] == 1);
}

// The end of the run of rows that continue row `begin`.
std::size_t RunEnd(const RolePlan& role, std::size_t begin, std::uint64_t old_rows) {
  std::size_t end = begin + 1;
  const auto source = [&](std::size_t row) { return role.sources[role.splits[row]]; };
  const auto is_dense = [&](std::size_t row) { return role.dense.Find(row).has_value(); };
  while (end < role.rows() && role.origins[end] == role.origins[begin] &&
         StandsInRun(role, end, old_rows) && is_dense(end) == is_dense(begin)) {
    if (role.origins[begin] == RowOrigin::kCopied && source(end) != source(begin) + (end - begin)) {
      break;
    }
    ++end;
  }
  return end;
}

void AppendRow(const RolePlan& role, std::size_t row, std::string* out) {
  const std::size_t begin = role.splits[row];
  const std::size_t end = role.splits[row + 1];
  const std::string_view method = role.origins[row] == RowOrigin::kMethod
                                      ? MethodName(role.method)
                                      : RowOriginName(role.origins[row]);
  *out += Cat("{\"row\":", row, ",\"method\":\"", method, "\",\"pieces\":[");
  for (std::size_t i = begin; i < end; ++i) *out += Cat(i == begin ? "" : ",", role.sources[i]);
  *out += "]";
  const double equal = 1.0 / static_cast<double>(end - begin);
  if (std::any_of(role.weights.begin() + static_cast<std::ptrdiff_t>(begin),
                  role.weights.begin() + static_cast<std::ptrdiff_t>(end),
                  [&](double weight) { return weight != equal; })) {
    *out += ",\"weights\":[";
    for (std::size_t i = begin; i < end; ++i) *out += Cat(i == begin ? "" : ",", role.weights[i]);
    *out += "]";
  }
  *out += role.dense.Find(row) ? ",\"dense\":true}" : "}";
}

void AppendRole(const RolePlan& role, std::uint64_t old_rows, std::string* out) {
  *out += "[";
  for (std::size_t row = 0; row < role.rows();) {
    *out += row == 0 ? "\n" : ",\n";
    const RowOrigin origin = role.origins[row];
    if (!StandsInRun(role, row, old_rows)) {
      AppendRow(role, row++, out);
      continue;
    }
    const std::size_t end = RunEnd(role, row, old_rows);
    *out += Cat("{\"rows\":[", row, ",", end, "],");
    if (origin == RowOrigin::kCopied) {
      *out += Cat("\"copied_from\":", role.sources[role.splits[row]], "}");
    } else {
      const std::string_view what =
          origin == RowOrigin::kMethod ? MethodName(role.method) : RowOriginName(origin);
      *out += Cat("\"method\":\"", what, "\"", role.dense.Find(row) ? ",\"dense\":true}" : "}");
    }
    row = end;
  }
  *out += "]";
}

// Reads the entries of one role in order and appends rows.
class RoleReader {
 public:
  RoleReader(const InitPlan& plan, RolePlan* role) : plan_(plan), role_(role) {}

  Status Read(JsonValue list) {
    TOKGRAFT_RETURN_IF_ERROR(list.ForEachElement([&](std::size_t, JsonValue entry) {
      return entry.Find("row") ? ReadRow(entry) : ReadRun(entry);
    }));
    if (role_->rows() == plan_.new_rows) return absl::OkStatus();
    return list.Error(Cat("tells of ", role_->rows(), " rows, ", plan_.new_rows,
                          " were expected; restore the file"));
  }

 private:
  Status CheckNext(JsonValue place, std::uint64_t row) {
    if (row == role_->rows()) return absl::OkStatus();
    return place.Error(Cat("tells of row ", row, ", row ", role_->rows(), " was expected"));
  }

  // Whether the entry says `dense`; then its rows, which are the next `count`, are noted.
  StatusOr<bool> ReadDense(JsonValue entry, std::uint64_t count) {
    const auto dense = entry.Find("dense");
    if (!dense) return false;
    TOKGRAFT_ASSIGN_OR_RETURN(bool is_dense, dense->Bool());
    for (std::uint64_t i = 0; is_dense && i < count; ++i) {
      role_->dense.rows.push_back(static_cast<std::uint32_t>(role_->rows() + i));
    }
    return is_dense;
  }

  Status ReadRun(JsonValue entry) {
    TOKGRAFT_ASSIGN_OR_RETURN(JsonValue range, entry.Get("rows"));
    std::vector<std::uint64_t> bounds;
    TOKGRAFT_RETURN_IF_ERROR(range.ForEachElement([&](std::size_t, JsonValue bound) -> Status {
      TOKGRAFT_ASSIGN_OR_RETURN(std::uint64_t row, bound.Uint());
      bounds.push_back(row);
      return absl::OkStatus();
    }));
    if (bounds.size() != 2 || bounds[0] >= bounds[1] || bounds[1] > plan_.new_rows) {
      return range.Error("is not a range of rows");
    }
    TOKGRAFT_RETURN_IF_ERROR(CheckNext(range, bounds[0]));
    const std::uint64_t count = bounds[1] - bounds[0];
    if (const auto from = entry.Find("copied_from")) {
      TOKGRAFT_ASSIGN_OR_RETURN(std::uint64_t first, from->Uint());
      if (first > plan_.old_rows || count > plan_.old_rows - first) {
        return from->Error("runs beyond the old rows");
      }
      for (std::uint64_t i = 0; i < count; ++i) {
        role_->AddRow(RowOrigin::kCopied, CopiedRow(static_cast<std::uint32_t>(first + i)));
      }
      return absl::OkStatus();
    }
    TOKGRAFT_ASSIGN_OR_RETURN(JsonValue method, entry.Get("method"));
    TOKGRAFT_ASSIGN_OR_RETURN(std::string_view name, method.String());
    TOKGRAFT_ASSIGN_OR_RETURN(const bool dense, ReadDense(entry, count));
    RowEntries entries = MeanOfAllRow(static_cast<std::uint32_t>(plan_.old_rows));
    RowOrigin origin = RowOrigin::kMeanOfAll;
    if (name == RowOriginName(RowOrigin::kPadding)) {
      origin = RowOrigin::kPadding;
    } else if (name == MethodName(role_->method) &&
               (role_->method == Method::kGaussian || role_->method == Method::kHewitt)) {
      origin = RowOrigin::kMethod;
    } else if ((dense || role_->method == Method::kZero) && name == MethodName(role_->method)) {
      origin = RowOrigin::kMethod;
      entries.clear();
    } else if (name != RowOriginName(RowOrigin::kMeanOfAll)) {
      return method.Error(Cat("\"", name, "\" needs the pieces of each row"));
    }
    for (std::uint64_t i = 0; i < count; ++i) {
      role_->AddRow(origin, entries);
    }
    return absl::OkStatus();
  }

  Status ReadRow(JsonValue entry) {
    TOKGRAFT_ASSIGN_OR_RETURN(JsonValue row_value, entry.Get("row"));
    TOKGRAFT_ASSIGN_OR_RETURN(std::uint64_t row, row_value.Uint());
    TOKGRAFT_RETURN_IF_ERROR(CheckNext(row_value, row));
    TOKGRAFT_ASSIGN_OR_RETURN(JsonValue method, entry.Get("method"));
    TOKGRAFT_ASSIGN_OR_RETURN(std::string_view name, method.String());
    const bool of_pieces = name == RowOriginName(RowOrigin::kMeanOfPieces);
    if (!of_pieces && name != MethodName(role_->method)) {
      return method.Error(Cat("is \"", name, "\", \"", MethodName(role_->method),
                              "\" was expected, the method of this matrix"));
    }
    TOKGRAFT_ASSIGN_OR_RETURN(JsonValue pieces, entry.Get("pieces"));
    RowEntries entries;
    TOKGRAFT_RETURN_IF_ERROR(pieces.ForEachElement([&](std::size_t, JsonValue piece) -> Status {
      TOKGRAFT_ASSIGN_OR_RETURN(std::uint64_t source, piece.Uint());
      if (source > plan_.old_rows) return piece.Error("is beyond the old rows");
      entries.emplace_back(static_cast<std::uint32_t>(source), 0.0);
      return absl::OkStatus();
    }));
    if (entries.empty()) return pieces.Error("is empty, a piece was expected");
    for (auto& [source, weight] : entries) weight = 1.0 / static_cast<double>(entries.size());
    if (const auto weights = entry.Find("weights")) {
      TOKGRAFT_ASSIGN_OR_RETURN(std::size_t count, weights->Size());
      if (count != entries.size()) return weights->Error("does not have one weight per piece");
      TOKGRAFT_RETURN_IF_ERROR(weights->ForEachElement([&](std::size_t i, JsonValue w) -> Status {
        TOKGRAFT_ASSIGN_OR_RETURN(entries[i].second, w.Double());
        return absl::OkStatus();
      }));
    }
    TOKGRAFT_RETURN_IF_ERROR(ReadDense(entry, 1).status());
    role_->AddRow(of_pieces ? RowOrigin::kMeanOfPieces : RowOrigin::kMethod, entries);
    return absl::OkStatus();
  }

  const InitPlan& plan_;
  RolePlan* role_;
};

}  // namespace

std::string RowOriginsToJson(const InitPlan& plan) {
  std::string out = "{\"input\":";
  AppendRole(plan.input, plan.old_rows, &out);
  out += ",\n\"output\":";
  if (plan.output) {
    AppendRole(*plan.output, plan.old_rows, &out);
  } else {
    out += "null";
  }
  if (plan.bias) {
    out += ",\n\"bias\":";
    AppendRole(*plan.bias, plan.old_rows, &out);
  }
  return out + "}\n";
}

Status ParseRowOrigins(std::string_view json, const std::string& name, InitPlan* plan) {
  TOKGRAFT_ASSIGN_OR_RETURN(JsonDocument document, JsonDocument::Parse(json, name));
  TOKGRAFT_ASSIGN_OR_RETURN(JsonValue input, document.root().Get("input"));
  TOKGRAFT_RETURN_IF_ERROR(RoleReader(*plan, &plan->input).Read(input));
  TOKGRAFT_ASSIGN_OR_RETURN(JsonValue output, document.root().Get("output"));
  if (output.is_null() != !plan->output) {
    return output.Error("does not fit the roles of the manifest; restore the file");
  }
  if (plan->output) TOKGRAFT_RETURN_IF_ERROR(RoleReader(*plan, &*plan->output).Read(output));
  if (!plan->bias) return absl::OkStatus();
  TOKGRAFT_ASSIGN_OR_RETURN(JsonValue bias, document.root().Get("bias"));
  return RoleReader(*plan, &*plan->bias).Read(bias);
}

}  // namespace tokgraft
