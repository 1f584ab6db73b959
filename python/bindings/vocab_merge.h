// What a merge and a trim give Python, shared with the bindings that write a model from it.
#ifndef TOKGRAFT_PYTHON_BINDINGS_VOCAB_MERGE_H_
#define TOKGRAFT_PYTHON_BINDINGS_VOCAB_MERGE_H_

#include <optional>
#include <string>
#include <vector>

#include "python/bindings/reports.h"
#include "vocab_merge/budget.h"
#include "vocab_merge/merge.h"
#include "vocab_merge/trim.h"

namespace tokgraft::python {

struct PyMergeResult {
  Tokenizer base;
  Tokenizer tokenizer;
  IdMap id_map;
  Report<ConflictReport> conflicts;
  Report<Certificate> certificate;
  std::optional<Report<BudgetChoice>> budget;  // of budget="auto"
  std::optional<Report<Curve>> curve;
  std::vector<std::string> notes;
};

struct PyTrimResult {
  Tokenizer tokenizer;
  IdMap id_map;
  Report<TrimReport> report;
};

inline Report<ConflictReport> ToReport(const ConflictReport& report) {
  return {report.ToJson(), report.DebugString()};
}
inline Report<Certificate> ToReport(const Certificate& certificate) {
  return {certificate.ToJson(), certificate.DebugString()};
}
inline Report<BudgetChoice> ToReport(const BudgetChoice& choice) {
  return {choice.ToJson(), choice.ToText()};
}
inline Report<Curve> ToReport(const Curve& curve) { return {curve.ToJson(), curve.ToTable()}; }
inline Report<TrimReport> ToReport(const TrimReport& report) {
  return {report.ToJson(), report.DebugString()};
}

}  // namespace tokgraft::python

#endif  // TOKGRAFT_PYTHON_BINDINGS_VOCAB_MERGE_H_
