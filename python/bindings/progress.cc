#include "python/bindings/progress.h"

namespace tokgraft::python {
namespace py = pybind11;

std::function<void(std::string_view, double)> PyProgress::function() {
  if (callable_.is_none()) return {};
  return [this](std::string_view stage, double fraction) {
    const py::gil_scoped_acquire locked;
    if (failure_) return;
    try {
      callable_(stage, fraction);
    } catch (...) {
      failure_ = std::current_exception();
    }
  };
}

void PyProgress::RaiseIfFailed() const {
  if (failure_) std::rethrow_exception(failure_);
}

std::vector<Corpus> CorporaFrom(const py::object& corpora, const std::string& argument) {
  std::vector<Corpus> out;
  if (corpora.is_none()) return out;
  if (!py::isinstance<py::dict>(corpora)) {
    throw py::type_error(Cat(argument, " must be a dict of names and paths, as {\"zh\": ",
                             "\"zh.txt\"}, not ", TypeName(corpora)));
  }
  for (const auto& [name, path] : corpora.cast<py::dict>()) {
    if (!py::isinstance<py::str>(name)) {
      throw py::type_error(Cat("a name in ", argument, " must be a str, not ", TypeName(name)));
    }
    const auto text = name.cast<std::string>();
    out.push_back({.name = text, .path = PathFrom(path, Cat(argument, "[\"", text, "\"]"))});
  }
  return out;
}

}  // namespace tokgraft::python
