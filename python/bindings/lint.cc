// lint of one tokenizer and diff of two.
#include "vocab_merge/lint.h"

#include <pybind11/stl.h>

#include <filesystem>
#include <system_error>

#include "python/bindings/given.h"
#include "python/bindings/progress.h"
#include "python/bindings/reports.h"
#include "vocab_merge/diff.h"

namespace tokgraft::python {
namespace py = pybind11;
namespace {

// As the program: a path may be that of a tokenizer that cannot be compiled, and a directory is a
// model to compare with.
Report<LintReport> PyLint(const py::object& given, LintOptions options, const py::object& corpora,
                          const py::object& model) {
  options.corpora = CorporaFrom(corpora);
  if (!model.is_none()) options.model_directory = PathFrom(model, "model");
  const auto* tokenizer =
      py::isinstance<Tokenizer>(given) ? &given.cast<const Tokenizer&>() : nullptr;
  const std::string path = tokenizer != nullptr ? "" : TokenizerPathFrom(given, "tokenizer");
  std::error_code error;
  if (model.is_none() && std::filesystem::is_directory(path, error)) options.model_directory = path;
  const auto run = [&]() -> StatusOr<LintReport> {
    if (tokenizer != nullptr) return Lint(*tokenizer, options);
    TOKGRAFT_ASSIGN_OR_RETURN(const TokenizerSpec spec, Load(path));
    return Lint(spec, options);
  };
  return Take([&]() -> StatusOr<Report<LintReport>> {
    const py::gil_scoped_release unlocked;
    TOKGRAFT_ASSIGN_OR_RETURN(const LintReport report, run());
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
      [](const py::object& tokenizer, const std::vector<std::string>& ignore,
         const py::object& corpora, const py::object& model, int threads) {
        return PyLint(tokenizer, {.ignore = ignore, .threads = threads}, corpora, model);
      },
      py::arg("tokenizer"), py::kw_only(), py::arg("ignore") = std::vector<std::string>(),
      py::arg("corpora") = py::none(), py::arg("model") = py::none(), py::arg("threads") = 0,
      "Looks for every defect of one tokenizer, a Tokenizer or a path.\n\n"
      "ignore: codes that are not reported. corpora: files by name, that show which pieces come\n"
      "out. model: a model directory to compare with; default: the path, if it is one.");
  m.def(
      "diff",
      [](const py::object& a, const py::object& b, const py::object& corpora, int threads) {
        return PyDiff(TokenizerFrom(a, "a"), TokenizerFrom(b, "b"), {.threads = threads}, corpora);
      },
      py::arg("a"), py::arg("b"), py::kw_only(), py::arg("corpora") = py::none(),
      py::arg("threads") = 0,
      "Whether two tokenizers are the same function, and where not. Each is a Tokenizer or a "
      "path.\n\n"
      "corpora: files by name, to seek a difference in.");
}

}  // namespace tokgraft::python
