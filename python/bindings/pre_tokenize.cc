// _pre_tokenize: the pre-tokens of a text, for the tests that compare them with the references'.
#include "tokenizer/stages/pre_tokenize.h"

#include <pybind11/stl.h>

#include <string_view>
#include <vector>

#include "python/bindings/bindings.h"

namespace tokgraft::python {
namespace {

namespace py = pybind11;

// Without normalisation and without added tokens.
std::vector<py::bytes> PreTokenize(const Tokenizer& tokenizer, py::handle object) {
  const Text text(object);
  const CompiledPreTokenizer compiled = Take(CompiledPreTokenizer::Compile(tokenizer.spec()));
  PreTokenizeScratch scratch;
  compiled.Split(text.view(), /*at_start=*/true, &scratch);
  std::vector<py::bytes> out;
  out.reserve(scratch.pieces.size());
  for (const std::string_view piece : scratch.pieces) out.emplace_back(piece.data(), piece.size());
  return out;
}

}  // namespace

void RegisterPreTokenize(py::module_& m) {
  m.def("_pre_tokenize", &PreTokenize, py::arg("tokenizer"), py::arg("text"),
        "The pre-tokens of a text as it stands.");
}

}  // namespace tokgraft::python
