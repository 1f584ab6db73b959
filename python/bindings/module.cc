// The extension module tokgraft._core: a table of what each room registers, and the program.
#include <pybind11/stl.h>

#include "embed_init/cli/program.h"
#include "python/bindings/bindings.h"

PYBIND11_MODULE(_core, m) {
  namespace py = pybind11;
  m.doc() = "The C++ library behind the package tokgraft; import that.";
  m.attr("__version__") = TOKGRAFT_VERSION;
  tokgraft::python::RegisterErrors(m);
  tokgraft::python::RegisterTokenizer(m);
  tokgraft::python::RegisterEfficiency(m);
  tokgraft::python::RegisterVocabMerge(m);
  tokgraft::python::RegisterLint(m);
  tokgraft::python::RegisterEmbedInit(m);
  tokgraft::python::RegisterPreTokenize(m);
  m.def("run_program", &tokgraft::RunProgram, py::arg("arguments"),
        py::call_guard<py::gil_scoped_release>(),
        "Runs the program tokgraft with these arguments (its name excluded); returns its status.");
}
