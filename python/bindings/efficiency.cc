// measure and compare: how good tokenizers are on a text.
#include "tokenizer/efficiency.h"

#include "python/bindings/bindings.h"
#include "python/bindings/given.h"
#include "python/bindings/progress.h"
#include "python/bindings/reports.h"
#include "tokenizer/compare.h"

namespace tokgraft::python {
namespace py = pybind11;
namespace {

Report<EfficiencyReport> PyMeasure(const py::object& given, const py::object& corpora,
                                   const std::string& documents, int threads,
                                   const py::object& progress) {
  const Tokenizer tokenizer = TokenizerFrom(given, "tokenizer");
  PyProgress watched(progress);
  const MeasureOptions options = {.documents = Take(ParseDocuments(documents)),
                                  .threads = threads,
                                  .progress = watched.function()};
  const std::vector<Corpus> read = CorporaFrom(corpora);
  StatusOr<EfficiencyReport> report = [&] {
    const py::gil_scoped_release unlocked;
    return Measure(tokenizer, read, options);
  }();
  watched.RaiseIfFailed();
  const EfficiencyReport value = Take(std::move(report));
  return {value.ToJson(), value.ToTable()};
}

struct CompareArguments {
  std::string documents;
  double alpha;
  int resamples;
  std::uint64_t seed;
  int threads;
};

Report<Comparison> PyCompare(const py::object& tokenizers, const py::object& corpora,
                             const CompareArguments& arguments) {
  std::vector<std::pair<std::string, Tokenizer>> named;
  if (!py::isinstance<py::dict>(tokenizers)) {
    throw py::type_error(
        Cat("tokenizers must be a dict of names and tokenizers, as {\"old\": tok, ",
            "\"new\": \"tekken.json\"}, not ", TypeName(tokenizers)));
  }
  for (const auto& [key, tokenizer] : tokenizers.cast<py::dict>()) {
    const auto name = py::str(key).cast<std::string>();
    named.emplace_back(name, TokenizerFrom(tokenizer, Cat("tokenizers[\"", name, "\"]")));
  }
  const std::vector<Corpus> read = CorporaFrom(corpora);
  const CompareOptions options = {.documents = Take(ParseDocuments(arguments.documents)),
                                  .alpha = arguments.alpha,
                                  .resamples = arguments.resamples,
                                  .seed = arguments.seed,
                                  .threads = arguments.threads,
                                  .progress = {}};
  StatusOr<Comparison> comparison = [&] {
    const py::gil_scoped_release unlocked;
    return Compare(named, read, options);
  }();
  const Comparison value = Take(std::move(comparison));
  return {value.ToJson(), value.ToTable()};
}

}  // namespace

void RegisterEfficiency(py::module_& m) {
  RegisterReport<EfficiencyReport>(m, "EfficiencyReport",
                                   "Tokens against bytes, characters and words, by corpus.",
                                   {"tokenizer", "corpora"});
  RegisterReport<Comparison>(m, "Comparison", "Ratios of token counts, with a verdict per corpus.",
                             {"tokenizers", "corpora", "pairs"});
  m.def("measure", &PyMeasure, py::arg("tokenizer"), py::arg("corpora"), py::kw_only(),
        py::arg("documents") = "line", py::arg("threads") = 0, py::arg("progress") = py::none(),
        "How many tokens a tokenizer (or the one at a path) needs for each corpus, a file by "
        "name.\n\n"
        "documents: line, paragraph or file. progress: called with the stage and a fraction.");
  m.def(
      "compare",
      [](const py::object& tokenizers, const py::object& corpora, const std::string& documents,
         double alpha, int resamples, std::uint64_t seed, int threads) {
        return PyCompare(tokenizers, corpora, {documents, alpha, resamples, seed, threads});
      },
      py::arg("tokenizers"), py::arg("corpora"), py::kw_only(), py::arg("documents") = "line",
      py::arg("alpha") = 0.05, py::arg("resamples") = 2000, py::arg("seed") = 0,
      py::arg("threads") = 0,
      "Which of the tokenizers needs fewer tokens, if any does.\n\n"
      "tokenizers: each a Tokenizer or a path, by name; corpora: files by name. documents: line,\n"
      "paragraph or file. alpha: level of the verdicts; resamples, seed: of the bootstrap.");
}

}  // namespace tokgraft::python
