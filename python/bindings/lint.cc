// lint of one tokenizer and diff of two.
#include "vocab_merge/lint.h"

#include <pybind11/stl.h>

#include "python/bindings/progress.h"
#include "python/bindings/reports.h"
#include "vocab_merge/diff.h"

namespace tokgraft::python {
namespace py = pybind11;
namespace {

Report<LintReport> PyLint(const Tokenizer& tokenizer, LintOptions options,
                          const py::object& corpora, const py::object& model) {
  options.corpora = CorporaFrom(corpora);
  if (!model.is_none()) options.model_directory = PathFrom(model);
  return Take([&]() -> StatusOr<Report<LintReport>> {
    const py::gil_scoped_release unlocked;
    TOKGRAFT_ASSIGN_OR_RETURN(const LintReport report, Lint(tokenizer, options));
    return Report<LintReport>{report.ToJson(), report.DebugString()};
  }());
}

Report<DiffReport> PyDiff(const Tokenizer& a, const Tokenizer& b, DiffOptions options,
                          const py::object& corpora) {
  options.corpora = CorporaFrom(corpora);
  return Take([&]() -> StatusOr<Report<DiffReport>> {
    const py::gil_scoped_release unlocked;
    TOKGRAFT_ASSIGN_OR_RETURN(const DiffReport report, Diff(a, b, options));
    return Report<DiffReport>{report.ToJson(), report.DebugString()};
  }());
}

}  // namespace

void RegisterLint(py::module_& m) {
  RegisterReport<LintReport>(m, "LintReport", "Every defect of one tokenizer.",
                             {"counts", "findings", "not_checked"});
  RegisterReport<DiffReport>(m, "DiffReport", "Whether two tokenizers are the same function.",
                             {"verdict", "proof", "hash", "pieces", "merges", "differences",
                              "counter_example", "cut_example"});
  m.def(
      "lint",
      [](const Tokenizer& tokenizer, const std::vector<std::string>& ignore,
         const py::object& corpora, const py::object& model, int threads) {
        return PyLint(tokenizer, {.ignore = ignore, .threads = threads}, corpora, model);
      },
      py::arg("tokenizer"), py::kw_only(), py::arg("ignore") = std::vector<std::string>(),
      py::arg("corpora") = py::none(), py::arg("model") = py::none(), py::arg("threads") = 0,
      "Looks for every defect of one tokenizer.");
  m.def(
      "diff",
      [](const Tokenizer& a, const Tokenizer& b, const py::object& corpora, int threads) {
        return PyDiff(a, b, {.threads = threads}, corpora);
      },
      py::arg("a"), py::arg("b"), py::kw_only(), py::arg("corpora") = py::none(),
      py::arg("threads") = 0, "Whether two tokenizers are the same function, and where not.");
}

}  // namespace tokgraft::python
