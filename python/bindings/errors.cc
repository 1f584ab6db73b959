// The exceptions: one base, and a child per kind of failure that is also the built-in exception a
// Python programmer would catch for it.
#include "python/bindings/bindings.h"

namespace tokgraft::python {
namespace py = pybind11;
namespace {

constexpr char kModule[] = "tokgraft._core";

py::object Define(py::module_& m, const char* name, const char* doc, const py::tuple& bases) {
  const std::string qualified = std::string("tokgraft.") + name;
  PyObject* made = PyErr_NewExceptionWithDoc(qualified.c_str(), doc, bases.ptr(), nullptr);
  if (made == nullptr) throw py::error_already_set();
  auto type = py::reinterpret_steal<py::object>(made);
  m.attr(name) = type;
  return type;
}

const char* NameFor(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kNotFound:
      return "NotFoundError";
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kDataLoss:
      return "FormatError";
    case absl::StatusCode::kUnimplemented:
      return "UnsupportedError";
    case absl::StatusCode::kFailedPrecondition:
      return "ConflictError";
    case absl::StatusCode::kOutOfRange:
      return "RangeError";
    default:
      return "Error";
  }
}

}  // namespace

void RegisterErrors(py::module_& m) {
  const auto builtin = [](PyObject* type) { return py::reinterpret_borrow<py::object>(type); };
  const py::object error = Define(m, "Error", "Base of every error of tokgraft.",
                                  py::make_tuple(builtin(PyExc_Exception)));
  Define(m, "FormatError", "The content of a file, or an option, is wrong.",
         py::make_tuple(error, builtin(PyExc_ValueError)));
  Define(m, "UnsupportedError", "Valid, but not something tokgraft does exactly: refused by name.",
         py::make_tuple(error, builtin(PyExc_NotImplementedError)));
  Define(m, "NotFoundError", "A path does not exist, or holds no tokenizer or model.",
         py::make_tuple(error, builtin(PyExc_FileNotFoundError)));
  Define(m, "ConflictError",
         "Things that do not fit together: shapes, an existing output, a strict merge.",
         py::make_tuple(error));
  Define(m, "RangeError", "A token id outside the vocabulary.",
         py::make_tuple(error, builtin(PyExc_IndexError)));
}

void Raise(const Status& status) {
  const py::object type = py::module_::import(kModule).attr(NameFor(status.code()));
  const std::string_view message = Message(status);
  // Bytes of a broken file may stand in a message.
  auto text = py::reinterpret_steal<py::object>(PyUnicode_DecodeUTF8(
      message.data(), static_cast<Py_ssize_t>(message.size()), "backslashreplace"));
  PyErr_SetObject(type.ptr(), text.ptr());
  throw py::error_already_set();
}

}  // namespace tokgraft::python
