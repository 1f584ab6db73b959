// Arguments that a caller may give in more than one form: a tokenizer or the path of one, a budget.
#ifndef TOKGRAFT_PYTHON_BINDINGS_GIVEN_H_
#define TOKGRAFT_PYTHON_BINDINGS_GIVEN_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "python/bindings/bindings.h"
#include "tokenizer/load.h"

namespace tokgraft::python {

// The path of a tokenizer, where not the Tokenizer itself is given.
inline std::string TokenizerPathFrom(const pybind11::handle& given, const std::string& argument) {
  try {
    return PathFrom(given, argument);
  } catch (const pybind11::type_error&) {
    throw pybind11::type_error(
        Cat(argument, " must be a Tokenizer or the path of one, not ", TypeName(given)));
  }
}

// A Tokenizer, or what tokgraft.load takes; `argument` is its name in a TypeError.
inline Tokenizer TokenizerFrom(const pybind11::handle& given, const std::string& argument) {
  if (pybind11::isinstance<Tokenizer>(given)) return given.cast<const Tokenizer&>();
  const std::string path = TokenizerPathFrom(given, argument);
  StatusOr<Tokenizer> tokenizer = [&]() -> StatusOr<Tokenizer> {
    const pybind11::gil_scoped_release unlocked;
    TOKGRAFT_ASSIGN_OR_RETURN(TokenizerSpec spec, Load(path));
    return Compile(std::move(spec));
  }();
  return Take(std::move(tokenizer));
}

// None, or a whole number that is not negative.
inline std::optional<std::uint64_t> BudgetFrom(const pybind11::object& given) {
  if (given.is_none()) return std::nullopt;
  const pybind11::object number =
      pybind11::isinstance<pybind11::bool_>(given)
          ? pybind11::none()
          : pybind11::reinterpret_steal<pybind11::object>(PyNumber_Index(given.ptr()));
  PyErr_Clear();
  if (number && !number.is_none()) {
    const std::uint64_t budget = PyLong_AsUnsignedLongLong(number.ptr());
    if (PyErr_Occurred() == nullptr) return budget;
    PyErr_Clear();
  }
  Raise(InvalidArgumentError(Cat("budget: is ", std::string(pybind11::repr(given)),
                                 ", expected a number of new ids, 0 or more, None for every piece "
                                 "that fits or saves a token, or \"auto\"")));
}

// The format with this name.
inline Format FormatFrom(const std::string& name) {
  constexpr std::array kFormats = {Format::kTokenizerJson, Format::kSentencePiece,
                                   Format::kTiktoken, Format::kTekken, Format::kGguf};
  std::string known;
  for (const Format format : kFormats) {
    if (FormatName(format) == name) return format;
    known += Cat(known.empty() ? "" : ", ", FormatName(format));
  }
  Raise(InvalidArgumentError(Cat("format: \"", name, "\" is not known, expected one of ", known)));
}

}  // namespace tokgraft::python

#endif  // TOKGRAFT_PYTHON_BINDINGS_GIVEN_H_
