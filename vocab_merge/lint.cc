#include "vocab_merge/lint.h"

#include <algorithm>
#include <array>
#include <utility>

#include "vocab_merge/rules/pages.h"
#include "vocab_merge/rules/rule.h"

namespace tokgraft {
namespace {

Status CheckIgnored(const LintOptions& options) {
  for (const std::string& code : options.ignore) {
    if (RulePage(code).empty()) {
      return InvalidArgumentError(Cat("ignore: \"", code,
                                      "\" is no code, one like \"B3\" was expected; `tokgraft lint "
                                      "--explain` lists them"));
    }
  }
  return {};
}

void TakeOut(const std::vector<std::string>& ignore, LintReport* report) {
  const auto ignored = [&](const std::string& code) {
    return std::find(ignore.begin(), ignore.end(), code) != ignore.end();
  };
  std::erase_if(report->findings, [&](const LintFinding& f) { return ignored(f.code); });
  std::erase_if(report->counts, [&](const auto& entry) { return ignored(entry.first); });
  for (NotChecked& entry : report->not_checked) std::erase_if(entry.codes, ignored);
  std::erase_if(report->not_checked, [](const NotChecked& entry) { return entry.codes.empty(); });
  report->ignored = ignore;
}

StatusOr<LintReport> Run(const TokenizerSpec& spec, const Tokenizer* tokenizer, std::string why_not,
                         const LintOptions& options) {
  const LintFacts facts{.spec = spec,
                        .options = options,
                        .tokenizer = tokenizer,
                        .why_not = std::move(why_not),
                        .tokens = ListTokens(spec),
                        .places = Places(spec)};
  TOKGRAFT_ASSIGN_OR_RETURN(LintReport report, LintAll(facts));
  report.tokenizer = spec.source;
  TakeOut(options.ignore, &report);
  return report;
}

}  // namespace

StatusOr<LintReport> Lint(const TokenizerSpec& spec, const LintOptions& options) {
  TOKGRAFT_RETURN_IF_ERROR(CheckIgnored(options));
  const StatusOr<Tokenizer> tokenizer = Compile(spec);
  if (tokenizer.ok()) return Run(tokenizer->spec(), &*tokenizer, {}, options);
  return Run(spec, nullptr, Cat("it cannot be encoded with: ", Message(tokenizer.status())),
             options);
}

StatusOr<LintReport> Lint(const Tokenizer& tokenizer, const LintOptions& options) {
  TOKGRAFT_RETURN_IF_ERROR(CheckIgnored(options));
  return Run(tokenizer.spec(), &tokenizer, {}, options);
}

StatusOr<std::string> ExplainCode(std::string_view code) {
  const std::string_view page = RulePage(code);
  if (page.empty()) {
    return InvalidArgumentError(
        Cat("\"", code,
            "\" is no code, one like \"B3\" was expected; `tokgraft lint --explain` "
            "lists them"));
  }
  return std::string(page);
}

std::vector<std::string> ExplainedCodes() {
  std::vector<std::string> out;
  for (const std::string_view code : RuleCodes()) out.emplace_back(code);
  return out;
}

bool LintReport::HasProblems() const {
  const bool untried =
      std::any_of(not_checked.begin(), not_checked.end(), [](const NotChecked& entry) {
        return std::find(entry.codes.begin(), entry.codes.end(), "B1") != entry.codes.end();
      });
  return untried || std::any_of(findings.begin(), findings.end(), [](const LintFinding& finding) {
           return finding.severity != Severity::kNote;
         });
}

}  // namespace tokgraft
