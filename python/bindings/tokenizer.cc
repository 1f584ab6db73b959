// Tokenizer, Encoding, EncodingBatch and load: the room tokenizer/ in Python.
#include <pybind11/stl.h>

#include <array>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <variant>

#include "python/bindings/bindings.h"
#include "python/bindings/given.h"
#include "tokenizer/load.h"
#include "tokenizer/save.h"

namespace tokgraft::python {
namespace py = pybind11;
namespace {

// What Encode gave, its vectors moved into numpy arrays.
struct PyEncoding {
  py::array_t<TokenId> ids;
  py::array_t<std::int64_t> offsets;
  std::uint64_t invalid_utf8 = 0;
};
struct PyEncodingBatch {
  py::array_t<TokenId> ids;
  py::array_t<std::int64_t> row_splits;
  std::uint64_t invalid_utf8 = 0;
};

StatusOr<Tokenizer> LoadAndCompile(const std::string& path, const LoadOptions& options) {
  TOKGRAFT_ASSIGN_OR_RETURN(TokenizerSpec spec, Load(path, options));
  return Compile(std::move(spec));
}

Tokenizer PyLoad(py::handle path, const std::optional<std::string>& pattern) {
  const std::string name = PathFrom(path, "path");
  const LoadOptions options = {.pattern = pattern.value_or("")};
  StatusOr<Tokenizer> tokenizer = [&] {
    const py::gil_scoped_release unlocked;
    return LoadAndCompile(name, options);
  }();
  return Take(std::move(tokenizer));
}

PyEncoding PyEncode(const Tokenizer& tokenizer, py::handle object, bool add_special_tokens) {
  const Text text(object);
  Encoding encoding;
  {
    const py::gil_scoped_release unlocked;
    encoding = tokenizer.Encode(text.view(), {.add_special_tokens = add_special_tokens});
  }
  return {ArrayOf(std::move(encoding.ids)), ArrayOfSpans(std::move(encoding.offsets)),
          encoding.invalid_utf8 + text.lone_surrogates()};
}

py::array_t<TokenId> PyEncodeIds(const Tokenizer& tokenizer, py::handle object,
                                 bool add_special_tokens) {
  const Text text(object);
  std::vector<TokenId> ids;
  {
    const py::gil_scoped_release unlocked;
    tokenizer.EncodeIds(text.view(), &ids, {.add_special_tokens = add_special_tokens});
  }
  return ArrayOf(std::move(ids));
}

std::size_t PyCount(const Tokenizer& tokenizer, py::handle object, bool add_special_tokens) {
  const Text text(object);
  const py::gil_scoped_release unlocked;
  return tokenizer.Count(text.view(), {.add_special_tokens = add_special_tokens});
}

PyEncodingBatch PyEncodeBatch(const Tokenizer& tokenizer, const py::object& objects, int threads,
                              bool add_special_tokens) {
  if (py::isinstance<py::str>(objects) || py::isinstance<py::bytes>(objects)) {
    throw py::type_error("texts must be a sequence of texts, not one text");
  }
  const py::list keep(objects);  // an iterator would drop its items before they are encoded
  std::vector<Text> texts;
  texts.reserve(keep.size());
  for (const py::handle object : keep) texts.emplace_back(object);
  std::vector<std::string_view> views;
  views.reserve(texts.size());
  std::uint64_t lone_surrogates = 0;
  for (const Text& text : texts) {
    views.push_back(text.view());
    lone_surrogates += text.lone_surrogates();
  }
  EncodingBatch batch;
  {
    const py::gil_scoped_release unlocked;
    batch = tokenizer.EncodeBatch(views, threads, {.add_special_tokens = add_special_tokens});
  }
  return {ArrayOf(std::move(batch.ids)), ArrayOf(std::move(batch.row_splits)),
          batch.invalid_utf8 + lone_surrogates};
}

py::str PyDecode(const Tokenizer& tokenizer, py::handle object, bool skip_special_tokens) {
  const Ids ids(object);
  StatusOr<std::string> text = [&] {
    const py::gil_scoped_release unlocked;
    return tokenizer.Decode(ids.span(), {.skip_special_tokens = skip_special_tokens});
  }();
  return py::str(Take(std::move(text)));
}

// The texts of an EncodingBatch, or of each ids of an iterable.
std::vector<py::str> PyDecodeBatch(const Tokenizer& tokenizer, const py::object& batch,
                                   bool skip_special_tokens) {
  if (py::isinstance<PyEncoding>(batch)) {
    throw py::type_error("ids of many texts were expected, not Encoding; one goes to decode");
  }
  std::vector<py::str> texts;
  for (const py::handle ids : batch) texts.push_back(PyDecode(tokenizer, ids, skip_special_tokens));
  return texts;
}

// The ids of one text, a view.
py::object BatchItem(const PyEncodingBatch& batch, py::ssize_t index) {
  const py::ssize_t count = batch.row_splits.size() - 1;
  const py::ssize_t text = index < 0 ? index + count : index;
  if (text < 0 || text >= count) {
    Raise(OutOfRangeError(Cat("batch[", index, "]: not there, the batch has ", count, " texts")));
  }
  return batch.ids[py::slice(batch.row_splits.at(text), batch.row_splits.at(text + 1), 1)];
}

py::bytes PyDecodeBytes(const Tokenizer& tokenizer, py::handle object) {
  const Ids ids(object);
  StatusOr<std::string> bytes = [&] {
    const py::gil_scoped_release unlocked;
    return tokenizer.DecodeBytes(ids.span());
  }();
  return py::bytes(Take(std::move(bytes)));
}

// Returns what was corrected on the way, a sentence each.
std::vector<std::string> PySave(const Tokenizer& tokenizer, py::handle path,
                                const std::string& format, bool force, bool lossy) {
  const std::string name = PathFrom(path, "path");
  const SaveOptions options = {.format = FormatFrom(format), .force = force, .lossy = lossy};
  StatusOr<SaveReport> saved = [&] {
    const py::gil_scoped_release unlocked;
    return Save(tokenizer.spec(), name, options);
  }();
  return Take(std::move(saved)).notes;
}

// ---- Pickling: the file as it would be saved and what stands beside it; where its format is only
// read, the path it came from ---------------------------------------------------------------------
using Roles = std::vector<std::optional<TokenId>>;

// For tiktoken ranks: the text of what stands beside them.
std::string PatternOf(const TokenizerSpec& spec) {
  if (spec.format != Format::kTiktoken) return "";
  StatusOr<SerializedFiles> files = SerializeFiles(spec, spec.format);
  return files.ok() ? files->files[files->main + ".json"] : "";
}

py::tuple PyGetState(const Tokenizer& tokenizer) {
  const TokenizerSpec& spec = tokenizer.spec();
  StatusOr<std::string> bytes = [&] {
    const py::gil_scoped_release unlocked;
    return Serialize(spec, spec.format);
  }();
  if (absl::IsUnimplemented(bytes.status())) {
    const std::string path = std::filesystem::absolute(spec.source).string();
    return py::make_tuple(path, PatternOf(spec));
  }
  const auto* bpe = std::get_if<BpeModel>(&spec.model);
  const SpecialRoles& r = spec.roles;
  return py::make_tuple(spec.source, py::bytes(Take(std::move(bytes))), PatternOf(spec),
                        static_cast<int>(spec.reference), spec.companions,
                        Roles{r.bos, r.eos, r.unk, r.pad, r.sep, r.cls, r.mask}, spec.add_bos,
                        spec.add_eos, bpe != nullptr && bpe->merges_as_pairs, spec.rest);
}

TokenizerSpec SpecFromState(const py::tuple& state) {
  const auto source = state[0].cast<std::string>();
  if (state.size() == 2) return Take(Load(source, {.pattern = state[1].cast<std::string>()}));
  const auto roles = state[5].cast<Roles>();
  if (state.size() != 10 || roles.size() != 7) {
    throw py::value_error("not the state of a tokgraft.Tokenizer");
  }
  const LoadOptions options = {.pattern = state[2].cast<std::string>()};
  TokenizerSpec spec = Take(LoadBytes(state[1].cast<std::string>(), source, options));
  spec.source = source;
  spec.reference = static_cast<Reference>(state[3].cast<int>());
  spec.companions = state[4].cast<std::map<std::string, std::string>>();
  spec.roles = {roles[0], roles[1], roles[2], roles[3], roles[4], roles[5], roles[6]};
  spec.rest = state[9].cast<std::map<std::string, std::string>>();
  spec.add_bos = state[6].cast<bool>();
  spec.add_eos = state[7].cast<bool>();
  auto* bpe = std::get_if<BpeModel>(&spec.model);
  if (bpe != nullptr) bpe->merges_as_pairs = state[8].cast<bool>();
  return spec;
}

Tokenizer PySetState(const py::tuple& state) {
  TokenizerSpec spec = SpecFromState(state);
  StatusOr<Tokenizer> tokenizer = [&] {
    const py::gil_scoped_release unlocked;
    return Compile(std::move(spec));
  }();
  return Take(std::move(tokenizer));
}

std::string Repr(const Tokenizer& tokenizer) {
  const TokenizerSpec& spec = tokenizer.spec();
  return Cat("<tokgraft.Tokenizer ", FormatName(spec.format), " with ", tokenizer.vocab_size(),
             " ids, from ", spec.source, ">");
}

bool IsTokenId(std::int64_t id) { return id >= 0 && id <= std::numeric_limits<TokenId>::max(); }

void RegisterEncodings(py::module_& m) {
  py::class_<PyEncoding>(m, "Encoding", "Ids, and the bytes of the original text each covers.")
      .def_readonly("ids", &PyEncoding::ids, "uint32[n]")
      .def_readonly("offsets", &PyEncoding::offsets,
                    "int64[n, 2]: begin and end in bytes of the text's UTF-8")
      .def_readonly("invalid_utf8", &PyEncoding::invalid_utf8,
                    "Maximal bad subsequences of bytes, or lone surrogates of a str")
      .def("__len__", [](const PyEncoding& e) { return e.ids.size(); })
      .def("__repr__",
           [](const PyEncoding& e) { return Cat("<tokgraft.Encoding of ", e.ids.size(), " ids>"); })
      .def(py::pickle(
          [](const PyEncoding& e) { return py::make_tuple(e.ids, e.offsets, e.invalid_utf8); },
          [](const py::tuple& t) {
            return PyEncoding{t[0].cast<py::array_t<TokenId>>(),
                              t[1].cast<py::array_t<std::int64_t>>(), t[2].cast<std::uint64_t>()};
          }));
  py::class_<PyEncodingBatch>(
      m, "EncodingBatch",
      "Many texts, flat: text i has ids[row_splits[i]:row_splits[i + 1]], also "
      "as batch[i].")
      .def_readonly("ids", &PyEncodingBatch::ids, "uint32[total]")
      .def_readonly("row_splits", &PyEncodingBatch::row_splits, "int64[texts + 1]")
      .def_readonly("invalid_utf8", &PyEncodingBatch::invalid_utf8,
                    "Maximal bad subsequences of bytes and lone surrogates, of all texts")
      .def("__len__", [](const PyEncodingBatch& b) { return b.row_splits.size() - 1; })
      .def("__getitem__", &BatchItem, py::arg("index"), "uint32[n]: the ids of one text, a view")
      .def("__repr__",
           [](const PyEncodingBatch& b) {
             return Cat("<tokgraft.EncodingBatch of ", b.row_splits.size() - 1, " texts, ",
                        b.ids.size(), " ids>");
           })
      .def(py::pickle(
          [](const PyEncodingBatch& b) {
            return py::make_tuple(b.ids, b.row_splits, b.invalid_utf8);
          },
          [](const py::tuple& t) {
            return PyEncodingBatch{t[0].cast<py::array_t<TokenId>>(),
                                   t[1].cast<py::array_t<std::int64_t>>(),
                                   t[2].cast<std::uint64_t>()};
          }));
}

}  // namespace

void RegisterTokenizer(py::module_& m) {
  RegisterEncodings(m);
  const auto special = py::arg("add_special_tokens") = false;
  py::class_<Tokenizer>(m, "Tokenizer",
                        "A compiled tokenizer: immutable, thread-safe, exact or refused at load.")
      .def("encode", &PyEncode, py::arg("text"), py::kw_only(), special,
           "Ids and offsets of a str or bytes.")
      .def("encode_ids", &PyEncodeIds, py::arg("text"), py::kw_only(), special,
           "Ids alone, uint32[n]: the hot path.")
      .def("count", &PyCount, py::arg("text"), py::kw_only(), special,
           "How many ids encode_ids would give.")
      .def("encode_batch", &PyEncodeBatch, py::arg("texts"), py::kw_only(), py::arg("threads") = 0,
           special, "Many texts at once; threads=0 uses all cores, the result is the same.")
      .def("decode", &PyDecode, py::arg("ids"), py::kw_only(),
           py::arg("skip_special_tokens") = false, "The text, as the reference decodes it.")
      .def("decode_batch", &PyDecodeBatch, py::arg("batch"), py::kw_only(),
           py::arg("skip_special_tokens") = false,
           "The text of each: of an EncodingBatch, or of an iterable of ids.")
      .def("decode_bytes", &PyDecodeBytes, py::arg("ids"), "The bytes of the tokens, joined.")
      .def_property_readonly("vocab_size", &Tokenizer::vocab_size,
                             "Highest id + 1, added tokens included.")
      .def_property_readonly(
          "format", [](const Tokenizer& t) { return FormatName(t.spec().format); },
          "tokenizer.json, sentencepiece, tiktoken, tekken or gguf.")
      .def_property_readonly(
          "source", [](const Tokenizer& t) { return t.spec().source; },
          "The file that it was loaded from.")
      .def(
          "token_bytes",
          [](const Tokenizer& t, std::int64_t id) -> std::optional<py::bytes> {
            const auto bytes =
                IsTokenId(id) ? t.token_bytes(static_cast<TokenId>(id)) : std::nullopt;
            if (!bytes) return std::nullopt;
            return py::bytes(bytes->data(), bytes->size());
          },
          py::arg("id"), "What the token stands for; None where there is no such id.")
      .def(
          "token_kind",
          [](const Tokenizer& t, std::int64_t id) -> std::optional<std::string_view> {
            const auto kind = IsTokenId(id) ? t.token_kind(static_cast<TokenId>(id)) : std::nullopt;
            if (!kind) return std::nullopt;
            return PieceKindName(*kind);
          },
          py::arg("id"), "normal, byte, control, user_defined, unused or unknown; or None.")
      .def(
          "token_id",
          [](const Tokenizer& t, py::handle bytes) { return t.token_id(Text(bytes).view()); },
          py::arg("bytes"), "The id of the token with these bytes (or str), or None.")
      .def("save", &PySave, py::arg("path"), py::kw_only(), py::arg("format") = "tokenizer.json",
           py::arg("force") = false, py::arg("lossy") = false,
           "Writes the tokenizer and what belongs to it, in another format where one is named and "
           "ids stay the same (or lossy); returns what was corrected on the way.")
      .def("__eq__",
           [](const Tokenizer& t, const py::object& other) {
             return py::isinstance<Tokenizer>(other) &&
                    t.spec() == other.cast<const Tokenizer&>().spec();
           })
      .def("__repr__", &Repr)
      .def(py::pickle(&PyGetState, &PySetState));
  m.def("load", &PyLoad, py::arg("path"), py::kw_only(), py::arg("pattern") = py::none(),
        "Loads a tokenizer file, or the one in a model directory; recognised by content.");
}

}  // namespace tokgraft::python
