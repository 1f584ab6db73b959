// Ids from Python and arrays to it. Results are moved into their arrays, never copied.
#include <limits>

#include "python/bindings/bindings.h"

namespace tokgraft::python {
namespace py = pybind11;

Ids::Ids(py::handle object) {
  if (py::isinstance<py::str>(object) || py::isinstance<py::bytes>(object)) {
    throw py::type_error("ids must be integers, not " + TypeName(object));
  }
  if (py::hasattr(object, "ids")) {
    throw py::type_error(Cat("ids must be integers, not ", TypeName(object), "; take its .ids"));
  }
  const py::object array = py::module_::import("numpy").attr("asarray")(object);
  const auto view = py::reinterpret_borrow<py::array>(array);
  if (view.ndim() != 1) throw py::type_error("ids must be one-dimensional");
  const auto size = static_cast<std::size_t>(view.size());
  if (size == 0) return;
  if (py::isinstance<py::array_t<TokenId, py::array::c_style>>(array)) {
    keep_ = array;
    span_ = {static_cast<const TokenId*>(view.data()), size};
    return;
  }
  const char kind = view.dtype().kind();
  if (kind != 'i' && kind != 'u') throw py::type_error("ids must be integers");
  const py::array_t<std::int64_t, py::array::c_style | py::array::forcecast> wide(array);
  storage_.reserve(size);
  for (std::size_t i = 0; i < size; ++i) {
    const std::int64_t id = wide.data()[i];  // a uint64 beyond int64 is negative here
    if (id < 0 || id > std::numeric_limits<TokenId>::max()) {
      Raise(OutOfRangeError(Cat("ids[", i, "]: not a token id, expected 0 to 4294967295")));
    }
    storage_.push_back(static_cast<TokenId>(id));
  }
  span_ = storage_;
}

py::array_t<std::int64_t> ArrayOfSpans(std::vector<Span> spans) {
  static_assert(sizeof(Span) == 2 * sizeof(std::int64_t));
  auto* owner = new std::vector<Span>(std::move(spans));
  const py::capsule keep(owner, [](void* p) { delete static_cast<std::vector<Span>*>(p); });
  const std::vector<py::ssize_t> shape = {static_cast<py::ssize_t>(owner->size()), 2};
  return py::array_t<std::int64_t>(shape, reinterpret_cast<const std::int64_t*>(owner->data()),
                                   keep);
}

py::object FromJson(const std::string& json) {
  return py::module_::import("json").attr("loads")(py::bytes(json));
}

}  // namespace tokgraft::python
