// Text and paths from Python, without copies where Python keeps the UTF-8 itself.
#include "python/bindings/bindings.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft::python {
namespace py = pybind11;

Text::Text(py::handle object) {
  if (PyBytes_Check(object.ptr())) {
    borrowed_ = {PyBytes_AS_STRING(object.ptr()),
                 static_cast<std::size_t>(PyBytes_GET_SIZE(object.ptr()))};
    return;
  }
  if (!PyUnicode_Check(object.ptr())) {
    throw py::type_error("text must be str or bytes, not " + TypeName(object));
  }
  Py_ssize_t size = 0;
  if (const char* utf8 = PyUnicode_AsUTF8AndSize(object.ptr(), &size)) {
    borrowed_ = {utf8, static_cast<std::size_t>(size)};
    return;
  }
  if (PyErr_ExceptionMatches(PyExc_UnicodeEncodeError) == 0) throw py::error_already_set();
  PyErr_Clear();
  Repair(object);
}

void Text::Repair(py::handle object) {
  owned_ = true;
  PyObject* str = object.ptr();
  const Py_ssize_t length = PyUnicode_GET_LENGTH(str);
  const auto at = [&](Py_ssize_t i) { return static_cast<char32_t>(PyUnicode_READ_CHAR(str, i)); };
  for (Py_ssize_t i = 0; i < length; ++i) {
    char32_t c = at(i);
    if (c >= 0xD800 && c < 0xDC00 && i + 1 < length && at(i + 1) >= 0xDC00 && at(i + 1) < 0xE000) {
      c = 0x10000 + ((c - 0xD800) << 10) + (at(i + 1) - 0xDC00);
      ++i;
    } else if (c >= 0xD800 && c < 0xE000) {
      c = 0xFFFD;
      ++lone_surrogates_;
    }
    AppendUtf8(c, &storage_);
  }
}

std::string TypeName(py::handle object) {
  return py::type::handle_of(object).attr("__name__").cast<std::string>();
}

std::string PathFrom(py::handle object, const std::string& argument) {
  const bool is_path = py::isinstance<py::str>(object) || py::isinstance<py::bytes>(object) ||
                       py::hasattr(object, "__fspath__");
  if (!is_path) throw py::type_error(Cat(argument, " must be a path, not ", TypeName(object)));
  PyObject* bytes = nullptr;
  if (PyUnicode_FSConverter(object.ptr(), &bytes) == 0) throw py::error_already_set();
  const auto keep = py::reinterpret_steal<py::bytes>(bytes);
  return std::string(keep);
}

}  // namespace tokgraft::python
