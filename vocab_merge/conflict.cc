#include "vocab_merge/conflict.h"

#include <nlohmann/json.hpp>

#include "tokenizer/base/report_text.h"
#include "tokenizer/status.h"

namespace tokgraft {
std::string_view SeverityName(Severity severity) {
  switch (severity) {
    case Severity::kNote:
      return "note";
    case Severity::kWarning:
      return "warning";
    case Severity::kError:
      return "error";
  }
  return "";
}

std::string ConflictReport::ToJson() const {
  nlohmann::ordered_json out;
  out["counts"] = counts;
  out["policies"] = policies;
  auto& list = out["findings"] = nlohmann::ordered_json::array();
  for (const Finding& finding : findings) {
    nlohmann::ordered_json examples = nlohmann::ordered_json::array();
    for (const std::string& example : finding.examples) examples.push_back(Printable(example));
    list.push_back({{"code", finding.code},
                    {"severity", std::string(SeverityName(finding.severity))},
                    {"count", finding.count},
                    {"base_ids", finding.base_ids},
                    {"donor_ids", finding.donor_ids},
                    {"message", Printable(finding.message)},
                    {"action", Printable(finding.action)},
                    {"examples", std::move(examples)}});
    list.back()["witness"] = finding.witness.empty()
                                 ? nlohmann::ordered_json(nullptr)
                                 : nlohmann::ordered_json(Printable(finding.witness));
  }
  return out.dump() + "\n";
}

std::string ConflictReport::DebugString() const {
  std::string out;
  for (const Finding& finding : findings) {
    out += Cat(Padded(finding.code, 5), Printable(finding.message), "\n     -> ",
               Printable(finding.action), "\n");
  }
  if (!policies.empty()) {
    std::string rules;
    for (const auto& [name, value] : policies) {
      rules += Cat(rules.empty() ? "" : ", ", name, " ", value);
    }
    out += Cat("policies: ", rules, "\n");
  }
  std::string none;
  for (const auto& [code, count] : counts) {
    if (count == 0) none += Cat(none.empty() ? "" : " ", code);
  }
  if (!none.empty()) out += Cat("looked for and not found: ", none, "\n");
  return out;
}

}  // namespace tokgraft
