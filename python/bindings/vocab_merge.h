// What a merge gives Python, shared with the bindings that write a model from it.
#ifndef TOKGRAFT_PYTHON_BINDINGS_VOCAB_MERGE_H_
#define TOKGRAFT_PYTHON_BINDINGS_VOCAB_MERGE_H_

#include "python/bindings/reports.h"
#include "vocab_merge/merge.h"

namespace tokgraft::python {

struct PyMergeResult {
  Tokenizer base;
  Tokenizer tokenizer;
  IdMap id_map;
  Report<ConflictReport> conflicts;
  Report<Certificate> certificate;
};

inline Report<ConflictReport> ToReport(const ConflictReport& report) {
  return {report.ToJson(), report.DebugString()};
}
inline Report<Certificate> ToReport(const Certificate& certificate) {
  return {certificate.ToJson(), certificate.DebugString()};
}

}  // namespace tokgraft::python

#endif  // TOKGRAFT_PYTHON_BINDINGS_VOCAB_MERGE_H_
