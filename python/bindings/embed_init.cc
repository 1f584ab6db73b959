// init_embeddings, graft and verify: model directories.
#include <pybind11/stl.h>

#include "embed_init/adapter.h"
#include "embed_init/graft.h"
#include "embed_init/init.h"
#include "embed_init/manifest.h"
#include "python/bindings/budget.h"
#include "python/bindings/given.h"
#include "python/bindings/learnt.h"
#include "python/bindings/progress.h"
#include "python/bindings/vocab_merge.h"
#include "tokenizer/load.h"

namespace tokgraft::python {
namespace py = pybind11;
namespace {

// Arguments that init_embeddings and graft share.
struct PyInitOptions {
  std::string method;
  std::optional<std::string> input_method;
  std::optional<std::string> output_method;
  std::string tie;
  std::string input_norm;
  std::string output_norm;
  py::object donor_model;
  py::object vectors;
  py::object base_vectors;
  py::object dictionary;
  py::object parallel;
  py::object vector_text;
  py::object settings;
  std::uint64_t pad_to_multiple;
  std::uint64_t seed;
};

// Settings as the program takes them: text.
std::string SettingText(const py::handle& value) {
  if (py::isinstance<py::bool_>(value)) return value.cast<bool>() ? "true" : "false";
  return py::str(value);
}

InitOptions InitOptionsFrom(const PyInitOptions& given) {
  InitOptions options;
  options.method = Take(ParseMethod(given.method));
  if (given.input_method) options.input_method = Take(ParseMethod(*given.input_method));
  if (given.output_method) options.output_method = Take(ParseMethod(*given.output_method));
  options.tie = Take(ParseTiePolicy(given.tie));
  options.input_norm = Take(ParseNormPolicy(given.input_norm));
  options.output_norm = Take(ParseNormPolicy(given.output_norm));
  if (!given.donor_model.is_none()) {
    options.donor_model = PathFrom(given.donor_model, "donor_model");
  }
  const auto file = [](const py::object& path, const char* name) {
    return path.is_none() ? std::string() : PathFrom(path, name);
  };
  options.auxiliary = {.vectors = file(given.vectors, "vectors"),
                       .base_vectors = file(given.base_vectors, "base_vectors"),
                       .dictionary = file(given.dictionary, "dictionary"),
                       .parallel = file(given.parallel, "parallel"),
                       .vector_text = file(given.vector_text, "vector_text")};
  if (!given.settings.is_none()) {
    if (!py::isinstance<py::dict>(given.settings)) {
      throw py::type_error(Cat("settings must be a dict, not ", TypeName(given.settings)));
    }
    for (const auto& [name, value] : given.settings.cast<py::dict>()) {
      Check(SetMethodSetting(std::string(py::str(name)), SettingText(value), &options.settings));
    }
  }
  options.pad_to_multiple = given.pad_to_multiple;
  options.seed = given.seed;
  return options;
}

using FloatRows = py::array_t<float, py::array::c_style | py::array::forcecast>;

// The caller's rows of one role, [added, columns]; None: none.
std::optional<FloatRows> RowsOf(const py::dict& rows, const char* role, std::size_t added) {
  if (!rows.contains(role) || rows[role].is_none()) return std::nullopt;
  const std::string name = Cat("rows[\"", role, "\"]");
  const auto array = FloatRows::ensure(rows[role]);
  if (!array) {
    PyErr_Clear();
    throw py::type_error(Cat(name, " must be an array of numbers, not ", TypeName(rows[role])));
  }
  if (array.ndim() == 2 && static_cast<std::size_t>(array.shape(0)) == added) return array;
  std::string shape;
  for (py::ssize_t i = 0; i < array.ndim(); ++i) shape += Cat(i == 0 ? "" : ", ", array.shape(i));
  Raise(InvalidArgumentError(Cat(name, ": has shape (", shape, "), (", added,
                                 ", columns of the embedding) was expected; give one row for each "
                                 "token of the id map's `added`, in its order")));
}

// The arrays behind a GivenRows.
struct PyGivenRows {
  std::optional<FloatRows> input;
  std::optional<FloatRows> output;
  std::string name;

  GivenRows rows() const {
    const auto span = [](const std::optional<FloatRows>& array) {
      return array ? std::span<const float>(array->data(), static_cast<std::size_t>(array->size()))
                   : std::span<const float>();
    };
    return {.input = span(input), .output = span(output), .name = name};
  }
};

PyGivenRows GivenRowsFrom(const py::object& given, const std::string& name, std::size_t added) {
  PyGivenRows rows;
  rows.name = name;
  if (given.is_none()) return rows;
  if (!py::isinstance<py::dict>(given)) {
    throw py::type_error(Cat("rows must be a dict of arrays, not ", TypeName(given)));
  }
  const auto dict = given.cast<py::dict>();
  for (const auto& entry : dict) {
    const std::string key = py::str(entry.first);
    if (key == "input" || key == "output") continue;
    Raise(InvalidArgumentError(
        Cat("rows: \"", key, "\" is no role, expected \"input\" and \"output\"")));
  }
  rows.input = RowsOf(dict, "input", added);
  rows.output = RowsOf(dict, "output", added);
  if (!rows.input && !rows.output) {
    Raise(InvalidArgumentError("rows: has neither \"input\" nor \"output\", one was expected"));
  }
  return rows;
}

// (ids uint32[total], splits int64[added + 1])
py::tuple PyOldPieces(const PyMergeResult& merged) {
  StatusOr<std::vector<OldPieces>> split = [&] {
    const py::gil_scoped_release unlocked;
    return SplitIntoOldPieces(merged.id_map, merged.base, &merged.tokenizer);
  }();
  const std::vector<OldPieces> pieces = Take(std::move(split));
  std::vector<std::uint32_t> ids;
  std::vector<std::int64_t> splits = {0};
  for (const OldPieces& token : pieces) {
    ids.insert(ids.end(), token.ids.begin(), token.ids.end());
    splits.push_back(static_cast<std::int64_t>(ids.size()));
  }
  return py::make_tuple(ArrayOf(std::move(ids)), ArrayOf(std::move(splits)));
}

Report<InitReport> PyInitEmbeddings(const py::object& model, const PyMergeResult& merged,
                                    const py::object& out, const InitOptions& init, bool force,
                                    bool link, int threads, const py::object& progress) {
  const std::string model_dir = PathFrom(model, "model");
  const std::string target = PathFrom(out, "out");
  PyProgress watched(progress);
  WriteOptions write;
  write.extra_files = {{"conflicts.json", merged.conflicts.json},
                       {"certificate.json", merged.certificate.json}};
  if (merged.budget) write.extra_files["budget.json"] = merged.budget->json;
  if (merged.curve) write.extra_files["curve.json"] = merged.curve->json;
  write.command = "tokgraft.init_embeddings";
  write.force = force;
  write.link = link;
  write.threads = threads;
  write.progress = watched.function();
  StatusOr<InitReport> report = [&] {
    const py::gil_scoped_release unlocked;
    return InitEmbeddings(model_dir, merged.id_map, merged.base, merged.tokenizer, target, init,
                          write);
  }();
  watched.RaiseIfFailed();
  const InitReport value = Take(std::move(report));
  return {value.ToJson(), value.DebugString()};
}

// A donor is a Tokenizer, or a path to one; or it is learnt.
Report<GraftReport> PyGraft(const py::object& model, const py::object& donor,
                            const std::optional<LearntDonor>& learnt, GraftOptions options,
                            const py::object& progress) {
  const std::string model_dir = PathFrom(model, "model");
  TokenizerSpec donor_spec;
  if (!learnt) {
    donor_spec = py::isinstance<Tokenizer>(donor) ? donor.cast<const Tokenizer&>().spec()
                                                  : Take(Load(TokenizerPathFrom(donor, "donor")));
  }
  PyProgress watched(progress);
  options.progress = watched.function();
  options.command = "tokgraft.graft";
  StatusOr<GraftReport> report = [&] {
    const py::gil_scoped_release unlocked;
    return learnt ? Graft(model_dir, *learnt, options) : Graft(model_dir, donor_spec, options);
  }();
  watched.RaiseIfFailed();
  const GraftReport value = Take(std::move(report));
  return {value.ToJson(), value.ToText()};
}

Report<VerifyReport> PyVerify(const py::object& directory, const py::object& model, int threads,
                              const py::object& progress) {
  const std::string path = PathFrom(directory, "directory");
  PyProgress watched(progress);
  const VerifyOptions options = {.model_dir = model.is_none() ? "" : PathFrom(model, "model"),
                                 .threads = threads,
                                 .progress = watched.function()};
  StatusOr<VerifyReport> report = [&] {
    const py::gil_scoped_release unlocked;
    return Verify(path, options);
  }();
  watched.RaiseIfFailed();
  const VerifyReport value = Take(std::move(report));
  return {value.ToJson(), value.DebugString()};
}

Report<AdapterReport> PyGraftAdapter(const py::object& adapter, const py::object& grafted,
                                     const py::object& out, const std::string& base_name,
                                     bool force, int threads) {
  const std::string from = PathFrom(adapter, "adapter");
  const std::string model = PathFrom(grafted, "grafted");
  const std::string to = PathFrom(out, "out");
  const AdapterOptions options = {.base_name = base_name, .force = force, .threads = threads};
  StatusOr<AdapterReport> report = [&] {
    const py::gil_scoped_release unlocked;
    return GraftAdapter(from, model, to, options);
  }();
  const AdapterReport value = Take(std::move(report));
  return {value.ToJson(), value.DebugString()};
}

// What init_embeddings and graft say of the arguments that they share.
constexpr char kRowsDoc[] =
    "method, input_method, output_method: auto, mean, weighted, ridge, ..., with a donor_model "
    "omp,\n"
    "map, knn, stacked (`tokgraft init --help` lists them and says how each makes rows). "
    "settings:\n"
    "numbers of single methods by name, {\"omp_k\": 32} (listed there too). tie: keep, "
    "keep-input,\n"
    "keep-output, compromise, untie. input_norm, output_norm: none, pieces, script. "
    "donor_model:\n"
    "directory of a donor model, whose tokens are found by their bytes. vectors, base_vectors,\n"
    "dictionary: files for wechsel; vectors for focus and tokenadapt too, or vector_text to train "
    "some\n"
    "on, as tokalign does; parallel: a file for trans-tokenization. pad_to_multiple: rows\n"
    "are rounded up; 0: as the model's "
    "divide. force: replaces an\n"
    "output that exists. link: hard links for unchanged files. progress: called with the stage\n"
    "and a fraction.";

void RegisterInit(py::module_& m) {
  m.def(
      "init_embeddings",
      [](const py::object& model, const PyMergeResult& merged, const py::object& out,
         const std::string& method, const std::optional<std::string>& input_method,
         const std::optional<std::string>& output_method, const std::string& tie,
         const std::string& input_norm, const std::string& output_norm,
         const py::object& donor_model, const py::object& vectors, const py::object& base_vectors,
         const py::object& dictionary, const py::object& parallel, const py::object& vector_text,
         const py::object& settings, std::uint64_t pad_to_multiple, std::uint64_t seed,
         const py::object& rows, const std::string& rows_name, bool force, bool link, int threads,
         const py::object& progress) {
        InitOptions init =
            InitOptionsFrom({method, input_method, output_method, tie, input_norm, output_norm,
                             donor_model, vectors, base_vectors, dictionary, parallel, vector_text,
                             settings, pad_to_multiple, seed});
        const PyGivenRows given = GivenRowsFrom(rows, rows_name, merged.id_map.added.size());
        init.given = given.rows();
        return PyInitEmbeddings(model, merged, out, init, force, link, threads, progress);
      },
      py::arg("model"), py::arg("merged"), py::kw_only(), py::arg("out"),
      py::arg("method") = "auto", py::arg("input_method") = py::none(),
      py::arg("output_method") = py::none(), py::arg("tie") = "keep",
      py::arg("input_norm") = "none", py::arg("output_norm") = "none",
      py::arg("donor_model") = py::none(), py::arg("vectors") = py::none(),
      py::arg("base_vectors") = py::none(), py::arg("dictionary") = py::none(),
      py::arg("parallel") = py::none(), py::arg("vector_text") = py::none(),
      py::arg("settings") = py::none(), py::arg("pad_to_multiple") = 0, py::arg("seed") = 0,
      py::arg("rows") = py::none(), py::arg("rows_name") = "", py::arg("force") = false,
      py::arg("link") = false, py::arg("threads") = 0, py::arg("progress") = py::none(),
      Cat("Writes a model directory with rows for a merged vocabulary.\n\n"
          "rows: rows that were made elsewhere, {\"input\": float32[n, d], \"output\": float32[n, "
          "d] "
          "|\n"
          "None} for the n tokens of merged.id_map.added, in this order; a role without any is "
          "made "
          "by\n"
          "its method. Both for a tied model: tie=\"untie\". rows_name: how they were made, kept "
          "in "
          "the\n"
          "manifest and the report.\n",
          kRowsDoc)
          .c_str());
}

void RegisterGraft(py::module_& m) {
  m.def(
      "graft",
      [](const py::object& model, const py::object& donor, const py::object& donor_corpus,
         const py::object& donor_size, const py::object& out, const std::string& strategy,
         const py::object& budget, double memory_weight, const std::vector<std::string>& scripts,
         const py::object& pieces, const py::object& corpora, const py::object& protect,
         const std::string& documents, bool curve, const std::string& method,
         const std::optional<std::string>& input_method,
         const std::optional<std::string>& output_method, const std::string& tie,
         const std::string& input_norm, const std::string& output_norm,
         const py::object& donor_model, const py::object& vectors, const py::object& base_vectors,
         const py::object& dictionary, const py::object& parallel, const py::object& vector_text,
         const py::object& settings, std::uint64_t pad_to_multiple, std::uint64_t seed,
         bool dry_run, bool force, bool link, bool verify, int threads,
         const py::object& progress) {
        GraftOptions options;
        if (out.is_none() && !dry_run) {
          Raise(InvalidArgumentError(
              "out: is None, a directory to write was expected; or use dry_run=True"));
        }
        options.out = out.is_none() ? "" : PathFrom(out, "out");
        options.strategy = strategy;
        const Choice choice = ChoiceFrom(budget, memory_weight, pieces, curve, corpora);
        options.budget = choice.budget;
        options.auto_budget = choice.is_auto;
        options.memory_weight = choice.memory_weight;
        options.pieces = choice.pieces;
        options.curve = choice.curve;
        options.scripts = scripts;
        options.corpora = CorporaFrom(corpora);
        options.protect = CorporaFrom(protect, "protect");
        options.documents = Take(ParseDocuments(documents));
        options.init = InitOptionsFrom({method, input_method, output_method, tie, input_norm,
                                        output_norm, donor_model, vectors, base_vectors, dictionary,
                                        parallel, vector_text, settings, pad_to_multiple, seed});
        options.dry_run = dry_run;
        options.force = force;
        options.link = link;
        options.verify = verify;
        options.threads = threads;
        const std::string_view unfit = strategy != "extend"              ? "strategy"
                                       : choice.budget || choice.is_auto ? "budget"
                                       : !choice.pieces.empty()          ? "pieces"
                                       : choice.curve                    ? "curve"
                                       : !scripts.empty()                ? "scripts"
                                                                         : "";
        const auto learnt = LearntFrom(donor, donor_corpus, donor_size, unfit);
        return PyGraft(model, donor, learnt, std::move(options), progress);
      },
      py::arg("model"), py::arg("donor") = py::none(), py::kw_only(),
      py::arg("donor_corpus") = py::none(), py::arg("donor_size") = py::none(),
      py::arg("out") = py::none(), py::arg("strategy") = "extend", py::arg("budget") = py::none(),
      py::arg("memory_weight") = 1.0, py::arg("scripts") = std::vector<std::string>(),
      py::arg("pieces") = py::none(), py::arg("corpora") = py::none(),
      py::arg("protect") = py::none(), py::arg("documents") = "line", py::arg("curve") = false,
      py::arg("method") = "auto", py::arg("input_method") = py::none(),
      py::arg("output_method") = py::none(), py::arg("tie") = "keep",
      py::arg("input_norm") = "none", py::arg("output_norm") = "none",
      py::arg("donor_model") = py::none(), py::arg("vectors") = py::none(),
      py::arg("base_vectors") = py::none(), py::arg("dictionary") = py::none(),
      py::arg("parallel") = py::none(), py::arg("vector_text") = py::none(),
      py::arg("settings") = py::none(), py::arg("pad_to_multiple") = 0, py::arg("seed") = 0,
      py::arg("dry_run") = false, py::arg("force") = false, py::arg("link") = false,
      py::arg("verify") = true, py::arg("threads") = 0, py::arg("progress") = py::none(),
      Cat("The main job: plan, merge, make rows, write, verify.\n\n"
          "model: a model directory; donor: a Tokenizer or a path; out: the directory to write.\n"
          "donor_corpus, donor_size, strategy, budget (\"auto\": for this model), memory_weight, "
          "scripts,\n"
          "pieces, curve, protect: "
          "as\n"
          "for merge. corpora: files by name, to select, "
          "certify and\n"
          "measure on. dry_run: only the report. verify: read the output again.\n",
          kRowsDoc)
          .c_str());
}

}  // namespace

void RegisterEmbedInit(py::module_& m) {
  RegisterReport<InitReport>(m, "InitReport", "What writing a new checkpoint did, in numbers.",
                             {"rows", "input", "output", "tied", "norms", "seconds"});
  RegisterReport<VerifyReport>(m, "VerifyReport", "What of a manifest holds, and what does not.",
                               {"ok", "complete", "problems"});
  RegisterInit(m);
  m.def("old_pieces", &PyOldPieces, py::arg("merged"),
        "The old tokens that each added token is made of: (ids uint32[total], splits int64[n + "
        "1]).\n\n"
        "Token i of merged.id_map.added has ids[splits[i]:splits[i + 1]]; none where none were "
        "found.");
  RegisterReport<GraftReport>(m, "GraftReport", "The main job, from efficiency to verification.",
                              {"model", "donor", "out", "vocabulary", "budget", "curve",
                               "efficiency", "conflicts", "certificate", "init", "verify"});
  RegisterGraft(m);
  RegisterReport<AdapterReport>(m, "AdapterReport", "What became of an adapter's tensors.",
                                {"mapped", "unchanged", "old_rows", "new_rows"});
  m.def(
      "graft_adapter", &PyGraftAdapter, py::arg("adapter"), py::arg("grafted"), py::kw_only(),
      py::arg("out"), py::arg("base_name") = "", py::arg("force") = false, py::arg("threads") = 0,
      "Makes a LoRA of the old model (a PEFT directory) fit the grafted one.\n\n"
      "grafted: what graft or init_embeddings wrote for the adapter's base model. base_name: for\n"
      "base_model_name_or_path; \"\": grafted.");
  m.def("verify", &PyVerify, py::arg("directory"), py::kw_only(), py::arg("model") = py::none(),
        py::arg("threads") = 0, py::arg("progress") = py::none(),
        "Recomputes all that the manifest of a model directory claims.\n\n"
        "model: the source model, where it moved. progress: called with the stage and a fraction.");
}

}  // namespace tokgraft::python
