// Reports in Python: every one has to_dict(), to_json() and str(), compares and pickles. The C++
// value is kept as its JSON and its text.
#ifndef TOKGRAFT_PYTHON_BINDINGS_REPORTS_H_
#define TOKGRAFT_PYTHON_BINDINGS_REPORTS_H_

#include <string>
#include <vector>

#include "python/bindings/bindings.h"

namespace tokgraft::python {

// T: the C++ report it was.
template <typename T>
struct Report {
  std::string json;
  std::string text;
};

// `keys` of the JSON become properties.
template <typename T>
void RegisterReport(pybind11::module_& m, const char* name, const char* doc,
                    const std::vector<const char*>& keys) {
  namespace py = pybind11;
  using R = Report<T>;
  py::class_<R> type(m, name, doc);
  type.def("to_dict", [](const R& r) { return FromJson(r.json); });
  type.def("to_json", [](const R& r) { return r.json; });
  type.def("__str__", [](const R& r) {
    return r.text.substr(0, r.text.find_last_not_of('\n') + 1);  // print() ends the line
  });
  type.def("__repr__", [name](const R& r) {
    return Cat("<tokgraft.", name, ": ", r.text.substr(0, r.text.find('\n')), ">");
  });
  type.def("__eq__", [](const R& r, const py::object& other) {
    return py::isinstance<R>(other) && other.cast<const R&>().json == r.json;
  });
  type.def(py::pickle([](const R& r) { return py::make_tuple(r.json, r.text); },
                      [](const py::tuple& t) {
                        return R{t[0].cast<std::string>(), t[1].cast<std::string>()};
                      }));
  for (const char* key : keys) {
    type.def_property_readonly(
        key, [key](const R& r) { return py::object(FromJson(r.json)[py::str(key)]); });
  }
}

}  // namespace tokgraft::python

#endif  // TOKGRAFT_PYTHON_BINDINGS_REPORTS_H_
