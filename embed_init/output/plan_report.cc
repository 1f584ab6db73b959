#include "embed_init/output/plan_report.h"

#include <algorithm>

#include "tokenizer/base/report_text.h"

namespace tokgraft {
namespace {

std::map<std::string, std::uint64_t> CountOrigins(const RolePlan& role, Method method) {
  std::map<std::string, std::uint64_t> counts = {{"copied", 0}};
  for (const RowOrigin origin : role.origins) {
    const std::string_view name =
        origin == RowOrigin::kMethod ? MethodName(method) : RowOriginName(origin);
    ++counts[std::string(name)];
  }
  return counts;
}

std::string NameOf(const RolePlan& role) {
  std::string name(MethodName(role.method));
  if (role.averaged_with) name += Cat(" averaged with ", MethodName(*role.averaged_with));
  return role.given_name.empty() ? name : Cat(name, " (", role.given_name, ")");
}

}  // namespace

std::string OriginsText(const std::map<std::string, std::uint64_t>& counts) {
  const std::string padding(RowOriginName(RowOrigin::kPadding));
  std::string text;
  const auto add = [&](const std::string& origin, std::uint64_t count) {
    text += Cat(text.empty() ? "" : ", ", Grouped(count), " ", origin);
  };
  for (const auto& [origin, count] : counts) {
    if (origin != padding) add(origin, count);
  }
  if (const auto found = counts.find(padding); found != counts.end()) add(padding, found->second);
  if (counts.contains(std::string(RowOriginName(RowOrigin::kMeanOfAll)))) {
    text += " (mean_of_all: the mean of all old rows)";
  }
  return text;
}

std::string AutoText(const AutoReport& choice) {
  const std::string role = choice.role == "both" ? "" : Cat(" for ", choice.role, " rows");
  if (choice.scores.empty()) {
    return Cat("auto takes ", choice.chosen, role,
               ": too few old tokens could be hidden to compare methods");
  }
  const auto left = [&](const std::string& method) {
    const auto found = std::find_if(choice.scores.begin(), choice.scores.end(),
                                    [&](const AutoScore& score) { return score.method == method; });
    return Fixed(100 * found->left, 1);
  };
  return Cat("auto takes ", choice.chosen, role, ": of ", Grouped(choice.tokens),
             " hidden old tokens it leaves ", left(choice.chosen), " % of the squares, ",
             choice.otherwise, " ", left(choice.otherwise), " % (", Fixed(100 * choice.lead, 1),
             " ± ", Fixed(100 * choice.lead_error, 1), ")");
}

InitReport ReportOfPlan(const Checkpoint& checkpoint, const InitPlan& plan) {
  InitReport report;
  const RolePlan& input = plan.input;
  const RolePlan& output = plan.output ? *plan.output : input;
  // Under one name where one method (asymmetric) makes both.
  const bool paired = plan.method == Method::kAsymmetric && plan.output &&
                      input.method == Method::kMean && output.method == Method::kFirst;
  report.rows = CountOrigins(input, paired ? plan.method : input.method);
  if (plan.output) report.output_rows = CountOrigins(output, paired ? plan.method : output.method);
  report.method = std::string(MethodName(plan.method));
  if (plan.method_was_auto) {
    const std::string_view out = MethodName(output.method);
    report.method = input.method == output.method ? Cat("auto (", report.method, ")")
                                                  : Cat("auto (", report.method, ", ", out, ")");
  }
  report.input = NameOf(input);
  if (checkpoint.head_kind != HeadKind::kNone) {
    report.output = NameOf(output);
  }
  report.tied = plan.tied_after;
  report.old_rows = plan.old_rows;
  report.new_rows = plan.new_rows;
  report.automatic = plan.automatic;
  report.notes = plan.notes;
  report.warnings = plan.warnings;
  return report;
}

}  // namespace tokgraft
