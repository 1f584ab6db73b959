// What a merge of two toys and a lint of one find, for tests that state whole findings.
#ifndef TOKGRAFT_TESTS_VOCAB_MERGE_FINDINGS_H_
#define TOKGRAFT_TESTS_VOCAB_MERGE_FINDINGS_H_

#include <gtest/gtest.h>

#include <map>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "vocab_merge/lint.h"
#include "vocab_merge/merge.h"

namespace tokgraft {

// Failures show findings as JSON.
inline void PrintTo(const Finding& finding, std::ostream* out) {
  *out << ConflictReport{.counts = {}, .findings = {finding}}.ToJson();
}
inline void PrintTo(const LintFinding& finding, std::ostream* out) {
  LintReport report;
  report.findings = {finding};
  *out << report.ToJson();
}

namespace toy {

using Counts = std::map<std::string, std::uint64_t>;

inline MergeResult Merged(const TokenizerSpec& base, const TokenizerSpec& donor,
                          const MergeOptions& options = {}) {
  const StatusOr<MergeResult> merged = MergeTokenizers(base, donor, options);
  EXPECT_TRUE(merged.ok()) << merged.status();
  return merged.ok() ? *merged : MergeResult();
}

inline LintReport Linted(const TokenizerSpec& spec, const LintOptions& options = {}) {
  const StatusOr<LintReport> report = Lint(spec, options);
  EXPECT_TRUE(report.ok()) << report.status();
  return report.ok() ? *report : LintReport();
}

// The findings of one code.
template <typename Report>
auto Of(std::string_view code, const Report& report) {
  auto out = report.findings;
  std::erase_if(out, [&](const auto& finding) { return finding.code != code; });
  return out;
}
inline std::vector<Finding> Conflicts(std::string_view code, const TokenizerSpec& base,
                                      const TokenizerSpec& donor) {
  return Of(code, Merged(base, donor).conflicts);
}
inline std::vector<LintFinding> Defects(std::string_view code, const TokenizerSpec& spec,
                                        const LintOptions& options = {}) {
  return Of(code, Linted(spec, options));
}

// Codes with a count above 0.
template <typename Report>
Counts Found(const Report& report) {
  Counts out = report.counts;
  std::erase_if(out, [](const auto& entry) { return entry.second == 0; });
  return out;
}

}  // namespace toy
}  // namespace tokgraft

#endif  // TOKGRAFT_TESTS_VOCAB_MERGE_FINDINGS_H_
