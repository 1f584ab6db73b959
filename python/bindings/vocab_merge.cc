// merge, trim and what they give: IdMap, ConflictReport, Certificate, MergeResult, TrimResult.
#include "python/bindings/vocab_merge.h"

#include <pybind11/stl.h>

#include "python/bindings/budget.h"
#include "python/bindings/given.h"
#include "python/bindings/learnt.h"
#include "python/bindings/progress.h"
#include "tokenizer/corpus.h"
#include "vocab_merge/cli/output.h"
#include "vocab_merge/learn.h"

namespace tokgraft::python {
namespace py = pybind11;
namespace {

struct MergeArguments {
  std::string strategy;
  Choice choice;
  std::string model;  // of budget="auto"; "": not given
  std::string documents;
  py::object progress;
  std::vector<std::string> scripts;
  py::object corpora;
  py::object protect;
  bool bytes;
  int threads;
  Policies policies;
  std::optional<std::string> format;
  double mix;
  int em;
};

// What is said of a donor's pieces, where it is not the default.
std::string_view UnfitForLearnt(const MergeArguments& arguments) {
  if (arguments.strategy != "extend") return "strategy";
  if (arguments.choice.budget || arguments.choice.is_auto) return "budget";
  if (!arguments.choice.pieces.empty()) return "pieces";
  if (arguments.choice.curve) return "curve";
  if (!arguments.scripts.empty()) return "scripts";
  if (arguments.bytes) return "bytes";
  return arguments.policies.are_default() ? "" : "digits, normalizer, pre_tokenizer, byte_alphabet";
}

// The budget that auto stands for.
StatusOr<BudgetChoice> ChooseFor(const Tokenizer& base, const Tokenizer& donor,
                                 const MergeArguments& arguments, const CurveTexts& texts,
                                 const MergeOptions& merge) {
  if (arguments.model.empty()) {
    return InvalidArgumentError(
        "budget: \"auto\": no model was given, whose sizes say what a row costs; give model=PATH, "
        "its directory or its config.json");
  }
  TOKGRAFT_ASSIGN_OR_RETURN(const ModelCost model, ReadModelCost(arguments.model));
  const BudgetOptions options{.model = model,
                              .memory_weight = arguments.choice.memory_weight,
                              .corpora = texts.corpora,
                              .merge = merge};
  return ChooseBudget(base.spec(), donor.spec(), options);
}

// With a donor, or without one with pieces learnt from text.
PyMergeResult PyMerge(const Tokenizer& base, const Tokenizer* donor,
                      const std::optional<LearntDonor>& learnt, const MergeArguments& arguments) {
  const Documents documents = Take(ParseDocuments(arguments.documents));
  const std::vector<Corpus> corpora = CorporaFrom(arguments.corpora);
  const DocumentList corpus = Take(ReadDocuments(corpora, documents));
  const CurveTexts texts = Take(ReadCurveTexts(corpora, documents));
  const DocumentList protect =
      Take(ReadDocuments(CorporaFrom(arguments.protect, "protect"), documents));
  const DocumentList text =
      Take(ReadDocuments(learnt ? learnt->corpora : std::vector<Corpus>(), documents));
  PyProgress watched(arguments.progress);
  MergeOptions options;
  options.progress = watched.function();
  options.strategy = arguments.strategy;
  options.budget = arguments.choice.budget;
  options.scripts = arguments.scripts;
  options.pieces = arguments.choice.pieces;
  options.corpus = corpus.documents;
  options.protect = protect.documents;
  options.allow_bytes = arguments.bytes;
  options.policies = arguments.policies;
  if (arguments.format) options.format = FormatFrom(*arguments.format);
  options.union_weight = arguments.mix;
  options.em_rounds = arguments.em;
  options.threads = arguments.threads;
  StatusOr<PyMergeResult> result = [&]() -> StatusOr<PyMergeResult> {
    const py::gil_scoped_release unlocked;
    const LearnOptions learn{.corpus = text.documents,
                             .size = learnt ? learnt->size : 0,
                             .protect = options.old_text(),
                             .format = options.format,
                             .threads = options.threads,
                             .progress = options.progress};
    std::optional<Report<BudgetChoice>> choice;
    if (arguments.choice.is_auto && donor != nullptr) {
      TOKGRAFT_ASSIGN_OR_RETURN(const BudgetChoice found,
                                ChooseFor(base, *donor, arguments, texts, options));
      options.budget = found.budget;
      choice = ToReport(found);
    }
    if (arguments.choice.curve) options.curve = texts.corpora;
    TOKGRAFT_ASSIGN_OR_RETURN(MergeResult merged,
                              donor == nullptr
                                  ? MergeLearnt(base.spec(), learn)
                                  : MergeTokenizers(base.spec(), donor->spec(), options));
    TOKGRAFT_ASSIGN_OR_RETURN(Tokenizer tokenizer, Compile(std::move(merged.tokenizer)));
    std::optional<Report<Curve>> curve;
    if (merged.curve) curve = ToReport(*merged.curve);
    return PyMergeResult{base,
                         std::move(tokenizer),
                         std::move(merged.id_map),
                         ToReport(merged.conflicts),
                         ToReport(merged.certificate),
                         std::move(choice),
                         std::move(curve),
                         std::move(merged.notes)};
  }();
  watched.RaiseIfFailed();
  return Take(std::move(result));
}

// What `tokgraft merge -o` writes.
void PySaveMerge(const PyMergeResult& result, py::handle directory, bool force) {
  const OutputArguments output = {
      .out = PathFrom(directory, "directory"), .format = {}, .dry_run = false, .force = force};
  const TokenizerSpec& spec = result.tokenizer.spec();
  const Status status = [&]() -> Status {
    const py::gil_scoped_release unlocked;
    TOKGRAFT_ASSIGN_OR_RETURN(const Format format,
                              CheckOutput(output, spec, {result.base.spec().source}));
    std::map<std::string, std::string> reports = {{"id_map.json", result.id_map.ToJson()},
                                                  {"conflicts.json", result.conflicts.json},
                                                  {"certificate.json", result.certificate.json}};
    if (result.budget) reports["budget.json"] = result.budget->json;
    if (result.curve) reports["curve.json"] = result.curve->json;
    return WriteOutput(output, spec, format, reports);
  }();
  Check(status);
}

PyTrimResult PyTrim(const py::object& given, const py::object& keep, const py::object& ids,
                    const std::string& documents, int threads) {
  const DocumentList corpus =
      Take(ReadDocuments(CorporaFrom(keep, "keep"), Take(ParseDocuments(documents))));
  const Tokenizer tokenizer = TokenizerFrom(given, "tokenizer");
  TrimOptions options{.corpus = corpus.documents, .ids = {}, .threads = threads};
  if (!ids.is_none()) {
    const Ids wanted(ids);
    options.ids.assign(wanted.span().begin(), wanted.span().end());
  }
  StatusOr<PyTrimResult> result = [&]() -> StatusOr<PyTrimResult> {
    const py::gil_scoped_release unlocked;
    TOKGRAFT_ASSIGN_OR_RETURN(TrimResult trimmed, Trim(tokenizer.spec(), options));
    TOKGRAFT_ASSIGN_OR_RETURN(Tokenizer small, Compile(std::move(trimmed.tokenizer)));
    return PyTrimResult{std::move(small), std::move(trimmed.id_map), ToReport(trimmed.report)};
  }();
  return Take(std::move(result));
}

void RegisterTrim(py::module_& m) {
  RegisterReport<TrimReport>(
      m, "TrimReport", "How many ids stay after a trim, and why.",
      {"base_size", "kept", "removed", "checked_documents", "checked_bytes", "checked_tokens"});
  py::class_<PyTrimResult>(m, "TrimResult", "A smaller tokenizer, and where its ids come from.")
      .def_readonly("tokenizer", &PyTrimResult::tokenizer)
      .def_readonly("id_map", &PyTrimResult::id_map)
      .def_readonly("report", &PyTrimResult::report)
      .def("__str__", [](const PyTrimResult& r) { return r.report.text; })
      .def("__repr__",
           [](const PyTrimResult& r) {
             return Cat("<tokgraft.TrimResult ", r.id_map.base_size, " -> ", r.id_map.merged_size,
                        " ids>");
           })
      .def(py::pickle(
          [](const PyTrimResult& r) { return py::make_tuple(r.tokenizer, r.id_map, r.report); },
          [](const py::tuple& t) {
            return PyTrimResult{t[0].cast<const Tokenizer&>(), t[1].cast<const IdMap&>(),
                                t[2].cast<const Report<TrimReport>&>()};
          }));
  m.def("trim", &PyTrim, py::arg("tokenizer"), py::kw_only(), py::arg("keep") = py::none(),
        py::arg("ids") = py::none(), py::arg("documents") = "line", py::arg("threads") = 0,
        "A smaller vocabulary that encodes the kept corpora as before.\n\n"
        "keep: files by name, whose tokens stay. ids: ids that stay, used or not.");
}

void RegisterIdMap(py::module_& m) {
  py::class_<IdMap>(m, "IdMap", "Where each id of the two old vocabularies went.")
      .def_readonly("strategy", &IdMap::strategy)
      .def_readonly("base_size", &IdMap::base_size, "Highest base id + 1")
      .def_readonly("merged_size", &IdMap::merged_size, "Highest merged id + 1")
      .def_readonly("base_to_merged", &IdMap::base_to_merged, "New id of each base id, or None")
      .def_readonly("donor_to_merged", &IdMap::donor_to_merged, "New id of each donor id, or None")
      .def_property_readonly(
          "added", [](const IdMap& map) { return py::object(FromJson(map.ToJson())["added"]); })
      .def_property_readonly(
          "removed", [](const IdMap& map) { return py::object(FromJson(map.ToJson())["removed"]); })
      .def("to_dict", [](const IdMap& map) { return FromJson(map.ToJson()); })
      .def("to_json", &IdMap::ToJson)
      .def("__str__", &IdMap::DebugString)
      .def("__repr__",
           [](const IdMap& map) {
             return Cat("<tokgraft.IdMap ", map.base_size, " -> ", map.merged_size, " ids>");
           })
      .def("__eq__",
           [](const IdMap& map, const py::object& other) {
             return py::isinstance<IdMap>(other) && map == other.cast<const IdMap&>();
           })
      .def(py::pickle([](const IdMap& map) { return map.ToJson(); },
                      [](const std::string& json) { return Take(ParseIdMap(json, "IdMap")); }));
}

}  // namespace

void RegisterVocabMerge(py::module_& m) {
  RegisterIdMap(m);
  RegisterTrim(m);
  RegisterReport<ConflictReport>(m, "ConflictReport",
                                 "What stood in the way of a merge, and what was done about it.",
                                 {"counts", "findings"});
  RegisterReport<Certificate>(
      m, "Certificate", "What a merge does to text that the base already encoded: L0 to L3.",
      {"level", "proved", "reason", "checked_bytes", "new_cuts", "changed_spans"});
  RegisterReport<Curve>(m, "Curve", "Tokens of text against the number of pieces added.",
                        {"held_out", "corpora"});
  RegisterReport<BudgetChoice>(
      m, "BudgetChoice", "How many pieces are worth it for a model, and what each number costs.",
      {"budget", "model", "memory_weight", "reaches_end", "next_id", "last_id", "points", "curve"});
  py::class_<PyMergeResult>(m, "MergeResult", "A merged tokenizer, and all that is known of it.")
      .def_readonly("base", &PyMergeResult::base)
      .def_readonly("tokenizer", &PyMergeResult::tokenizer)
      .def_readonly("id_map", &PyMergeResult::id_map)
      .def_readonly("conflicts", &PyMergeResult::conflicts)
      .def_readonly("certificate", &PyMergeResult::certificate)
      .def_readonly("budget", &PyMergeResult::budget, "Of budget=\"auto\": what it cost, or None")
      .def_readonly("curve", &PyMergeResult::curve, "Of curve=True: tokens by new ids, or None")
      .def_readonly("notes", &PyMergeResult::notes, "What the list of pieces named in vain")
      .def("save", &PySaveMerge, py::arg("directory"), py::kw_only(), py::arg("force") = false,
           "Writes what tokgraft merge writes: the tokenizer and its reports, in a directory.")
      .def("__str__",
           [](const PyMergeResult& r) {
             return Cat(r.id_map.DebugString(), "\n", r.certificate.text, "\n", r.conflicts.text);
           })
      .def("__repr__",
           [](const PyMergeResult& r) {
             return Cat("<tokgraft.MergeResult ", r.id_map.base_size, " -> ", r.id_map.merged_size,
                        " ids>");
           })
      .def(py::pickle(
          [](const PyMergeResult& r) {
            return py::make_tuple(r.base, r.tokenizer, r.id_map, r.conflicts, r.certificate,
                                  r.budget, r.curve, r.notes);
          },
          [](const py::tuple& t) {
            return PyMergeResult{t[0].cast<const Tokenizer&>(),
                                 t[1].cast<const Tokenizer&>(),
                                 t[2].cast<const IdMap&>(),
                                 t[3].cast<const Report<ConflictReport>&>(),
                                 t[4].cast<const Report<Certificate>&>(),
                                 t[5].cast<std::optional<Report<BudgetChoice>>>(),
                                 t[6].cast<std::optional<Report<Curve>>>(),
                                 t[7].cast<std::vector<std::string>>()};
          }));
  m.def(
      "merge",
      [](const py::object& base, const py::object& donor, const py::object& donor_corpus,
         const py::object& donor_size, const std::string& strategy, const py::object& budget,
         const py::object& model, double memory_weight, const std::vector<std::string>& scripts,
         const py::object& pieces, const py::object& corpora, const py::object& protect,
         const std::string& documents, bool curve, bool bytes, const std::string& digits,
         const std::string& normalizer, const std::string& pre_tokenizer,
         const std::string& byte_alphabet, const std::optional<std::string>& format, double mix,
         int em, int threads, const py::object& progress) {
        const Choice choice = ChoiceFrom(budget, memory_weight, pieces, curve, corpora);
        const std::string path = model.is_none() ? "" : PathFrom(model, "model");
        const Policies policies{digits, normalizer, pre_tokenizer, byte_alphabet};
        const MergeArguments arguments{strategy, choice,  path,    documents, progress,
                                       scripts,  corpora, protect, bytes,     threads,
                                       policies, format,  mix,     em};
        const auto learnt = LearntFrom(donor, donor_corpus, donor_size, UnfitForLearnt(arguments));
        const Tokenizer from = TokenizerFrom(base, "base");
        if (learnt) return PyMerge(from, nullptr, learnt, arguments);
        const Tokenizer given = TokenizerFrom(donor, "donor");
        return PyMerge(from, &given, learnt, arguments);
      },
      py::arg("base"), py::arg("donor") = py::none(), py::kw_only(),
      py::arg("donor_corpus") = py::none(), py::arg("donor_size") = py::none(),
      py::arg("strategy") = "extend", py::arg("budget") = py::none(), py::arg("model") = py::none(),
      py::arg("memory_weight") = 1.0, py::arg("scripts") = std::vector<std::string>(),
      py::arg("pieces") = py::none(), py::arg("corpora") = py::none(),
      py::arg("protect") = py::none(), py::arg("documents") = "line", py::arg("curve") = false,
      py::arg("bytes") = false, py::arg("digits") = "keep", py::arg("normalizer") = "base",
      py::arg("pre_tokenizer") = "base", py::arg("byte_alphabet") = "keep",
      py::arg("format") = py::none(), py::arg("mix") = 0.5, py::arg("em") = 0,
      py::arg("threads") = 0, py::arg("progress") = py::none(),
      "Makes one tokenizer of two. Each is a Tokenizer or a path.\n\n"
      "donor_corpus, donor_size: in place of a donor, a text (a path, or files by name) to learn\n"
      "so many new pieces from.\n"
      "strategy: \"extend\" adds a donor's pieces to a base, no base id moves; \"swap\": the "
      "donor\n"
      "whole; \"union\": all of both; \"intersect\": what both have; \"replace-slots\": as many "
      "ids as\n"
      "before, budget old pieces at most give way, those that protect uses least.\n"
      "budget: new ids at most; None: every piece that fits or, given corpora, saves a token; "
      "\"auto\":\n"
      "where one more costs the model (its directory or config.json) as much as it saves, found "
      "on\n"
      "the corpora by compute x memory ** memory_weight, see .budget.\n"
      "scripts: only pieces in these, e.g. [\"Han\"]. pieces: only these, str or bytes, best "
      "first.\n"
      "curve: measure bytes per token against the number of pieces, see .curve.\n"
      "corpora: files by name, to select on and to\n"
      "certify on; protect: to certify on instead (a Unigram or WordPiece base is given no piece\n"
      "that would cut it anew). bytes: also fragments of characters.\n"
      "digits (\"keep\", \"widen\"), normalizer and pre_tokenizer (\"base\", \"donor\"), "
      "byte_alphabet\n"
      "(\"keep\", \"complete\"): whose rules hold; the effect on protect is measured. format: "
      "plan\n"
      "within what \"sentencepiece\", \"tiktoken\", ... can say.\n"
      "mix, em: of the union of two Unigram models, the base's share in each probability, and\n"
      "rounds of estimating all scores on the corpora.\n"
      "progress: called with the stage and a fraction.");
}

}  // namespace tokgraft::python
