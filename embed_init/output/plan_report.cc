#include "embed_init/output/plan_report.h"

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
  if (plan.method_was_auto) report.method = Cat("auto (", report.method, ")");
  report.input = NameOf(input);
  if (checkpoint.head_kind != HeadKind::kNone) {
    report.output = NameOf(output);
  }
  report.tied = plan.tied_after;
  report.old_rows = plan.old_rows;
  report.new_rows = plan.new_rows;
  report.notes = plan.notes;
  report.warnings = plan.warnings;
  return report;
}

}  // namespace tokgraft
