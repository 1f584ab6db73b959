// LintReport as JSON, as SARIF, and as text.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "tokenizer/base/report_text.h"
#include "tokenizer/status.h"
#include "vocab_merge/lint.h"
#include "vocab_merge/rules/pages.h"
#include "vocab_merge/rules/rule.h"

namespace tokgraft {
namespace {

using Json = nlohmann::ordered_json;

// Examples that the text shows of each finding; the JSON has more.
constexpr std::size_t kShownExamples = 4;

Json TextOrNull(std::string_view text) {
  return text.empty() ? Json(nullptr) : Json(Printable(text));
}

Json ExampleJson(const LintExample& example) {
  Json out;
  out["id"] = example.id ? Json(*example.id) : Json(nullptr);
  out["place"] = TextOrNull(example.place);
  out["text"] = Printable(example.text);
  out["witness"] = TextOrNull(example.witness);
  return out;
}

// "# B3: cut by the pre-tokenizer" -> "cut by the pre-tokenizer".
std::string Title(std::string_view code) {
  const std::string_view page = RulePage(code);
  const std::string_view line = page.substr(0, page.find('\n'));
  const std::size_t colon = line.find(": ");
  return std::string(colon == line.npos ? line : line.substr(colon + 2));
}

Json SarifRules(const LintReport& report) {
  std::vector<std::string_view> codes;
  for (const LintFinding& finding : report.findings) codes.push_back(finding.code);
  codes.erase(std::unique(codes.begin(), codes.end()), codes.end());
  Json out = Json::array();
  for (const std::string_view code : codes) {
    const std::string page(RulePage(code));
    out.push_back({{"id", std::string(code)},
                   {"shortDescription", {{"text", Title(code)}}},
                   {"help", {{"text", page}, {"markdown", page}}}});
  }
  return out;
}

// A path as a URI: relative to where the program ran, or file:///...
std::string UriOf(std::string_view path) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out = path.starts_with('/') ? "file://" : "";
  for (const char c : path) {
    const auto b = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("/-._~").find(c) != std::string_view::npos;
    if (plain) {
      out.push_back(c);
    } else {
      out.append({'%', kHex[b >> 4], kHex[b & 15]});
    }
  }
  return out;
}

Json SarifResult(const LintReport& report, const LintFinding& finding) {
  Json logical = Json::array();
  if (!finding.place.empty()) {
    logical.push_back({{"fullyQualifiedName", Printable(finding.place)}});
  }
  Json location = {
      {"physicalLocation", {{"artifactLocation", {{"uri", UriOf(report.tokenizer)}}}}}};
  if (!logical.empty()) location["logicalLocations"] = std::move(logical);
  Json properties = {{"count", finding.count}, {"ids", finding.ids}};
  properties["witness"] = TextOrNull(finding.witness);
  return {{"ruleId", finding.code},
          {"level", std::string(SeverityName(finding.severity))},
          {"message", {{"text", Printable(Cat(finding.message, ". ", finding.action, "."))}}},
          {"locations", Json::array({std::move(location)})},
          {"properties", std::move(properties)}};
}

std::string Plural(std::size_t count, const std::string& what) { return Counted(count, what); }

std::size_t CountOf(const LintReport& report, Severity severity) {
  return static_cast<std::size_t>(
      std::count_if(report.findings.begin(), report.findings.end(),
                    [&](const LintFinding& finding) { return finding.severity == severity; }));
}

std::string FindingText(const LintFinding& finding) {
  std::string severity(SeverityName(finding.severity));
  severity.resize(8, ' ');
  std::string code = finding.code;
  code.resize(5, ' ');
  std::string out = Cat(severity, code, Printable(finding.message), "\n");
  const std::string indent(13, ' ');
  const std::size_t shown = std::min(kShownExamples, finding.examples.size());
  for (std::size_t i = 0; i < shown; ++i) {
    const LintExample& example = finding.examples[i];
    out += Cat(indent, "  ", Printable(example.place), example.place.empty() ? "" : ": ",
               Printable(example.text), "\n");
  }
  if (finding.count > shown && shown > 0) {
    out += Cat(indent, "  and ", Grouped(finding.count - shown), " more\n");
  }
  return out + Cat(indent, "-> ", Printable(finding.action), "\n");
}

}  // namespace

std::string LintReport::ToJson() const {
  Json out;
  out["tokenizer"] = Printable(tokenizer);
  out["counts"] = counts;
  Json& list = out["findings"] = Json::array();
  for (const LintFinding& finding : findings) {
    Json examples = Json::array();
    for (const LintExample& example : finding.examples) examples.push_back(ExampleJson(example));
    list.push_back({{"code", finding.code},
                    {"severity", std::string(SeverityName(finding.severity))},
                    {"count", finding.count},
                    {"ids", finding.ids},
                    {"message", Printable(finding.message)},
                    {"action", Printable(finding.action)}});
    list.back()["place"] = TextOrNull(finding.place);
    list.back()["witness"] = TextOrNull(finding.witness);
    list.back()["examples"] = std::move(examples);
  }
  Json& unchecked = out["not_checked"] = Json::array();
  for (const NotChecked& entry : not_checked) {
    unchecked.push_back({{"codes", entry.codes}, {"reason", Printable(entry.reason)}});
  }
  out["ignored"] = ignored;
  return out.dump() + "\n";
}

std::string LintReport::ToSarif() const {
  Json results = Json::array();
  for (const LintFinding& finding : findings) results.push_back(SarifResult(*this, finding));
  Json run;
  run["tool"]["driver"] = {{"name", "tokgraft"}, {"rules", SarifRules(*this)}};
  run["results"] = std::move(results);
  Json out;
  out["$schema"] = "https://json.schemastore.org/sarif-2.1.0.json";
  out["version"] = "2.1.0";
  out["runs"] = Json::array({std::move(run)});
  return out.dump(2) + "\n";
}

std::string LintReport::DebugString() const {
  std::string out =
      Cat(Printable(tokenizer), ": ", Plural(CountOf(*this, Severity::kError), "error"), ", ",
          Plural(CountOf(*this, Severity::kWarning), "warning"), ", ",
          Plural(CountOf(*this, Severity::kNote), "note"), "\n");
  for (const LintFinding& finding : findings) out += FindingText(finding);
  std::vector<std::string> none;
  for (const auto& [code, count] : counts) {
    if (count == 0) none.push_back(code);
  }
  std::sort(none.begin(), none.end(), CodeLess);
  std::string line;
  for (const std::string& code : none) line += Cat(" ", code);
  if (!line.empty()) out += Cat("looked for and not found:", line, "\n");
  for (const NotChecked& entry : not_checked) {
    out += "not checked:";
    for (const std::string& code : entry.codes) out += Cat(" ", code);
    out += Cat(" (", Printable(entry.reason), ")\n");
  }
  return out;
}

}  // namespace tokgraft
