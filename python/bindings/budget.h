// How many pieces, and which, as Python says it: a number, None or "auto"; a list of str or bytes.
#ifndef TOKGRAFT_PYTHON_BINDINGS_BUDGET_H_
#define TOKGRAFT_PYTHON_BINDINGS_BUDGET_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "python/bindings/bindings.h"
#include "python/bindings/given.h"
#include "vocab_merge/piece_list.h"

namespace tokgraft::python {

struct Choice {
  std::optional<std::uint64_t> budget;  // nullopt: none, or auto
  bool is_auto = false;
  double memory_weight = 1;
  std::vector<WantedPiece> pieces;
  bool curve = false;
};

// Each as its bytes, without escapes; a single text is not a list of them.
inline std::vector<WantedPiece> PiecesFrom(const pybind11::object& given) {
  namespace py = pybind11;
  std::vector<WantedPiece> out;
  if (given.is_none()) return out;
  if (py::isinstance<py::str>(given) || py::isinstance<py::bytes>(given) ||
      !py::isinstance<py::sequence>(given)) {
    throw py::type_error(
        Cat("pieces must be a list of str or bytes, best first, not ", TypeName(given)));
  }
  for (const py::handle item : given) {
    const std::string place = Cat("pieces[", out.size(), "]");
    if (!py::isinstance<py::str>(item) && !py::isinstance<py::bytes>(item)) {
      throw py::type_error(Cat(place, " must be str or bytes, not ", TypeName(item)));
    }
    const Text text(item);
    if (text.view().empty()) {
      Raise(InvalidArgumentError(Cat(place,
                                     ": is empty, the bytes of a piece were expected; take "
                                     "it out of the list")));
    }
    out.push_back({.bytes = std::string(text.view()), .place = place});
  }
  if (out.empty()) {
    Raise(
        InvalidArgumentError("pieces: names no piece, one or more were expected; write some, or "
                             "leave the list out"));
  }
  return out;
}

inline Choice ChoiceFrom(const pybind11::object& budget, double memory_weight,
                         const pybind11::object& pieces, bool curve,
                         const pybind11::object& corpora) {
  Choice choice;
  choice.is_auto =
      pybind11::isinstance<pybind11::str>(budget) && budget.cast<std::string_view>() == "auto";
  if (!choice.is_auto) choice.budget = BudgetFrom(budget);
  choice.memory_weight = memory_weight;
  choice.pieces = PiecesFrom(pieces);
  choice.curve = curve;
  if (curve && (corpora.is_none() || pybind11::len(corpora) == 0)) {
    Raise(
        InvalidArgumentError("curve: no corpus was given, text to measure on was expected; give "
                             "corpora={\"NAME\": PATH}"));
  }
  return choice;
}

}  // namespace tokgraft::python

#endif  // TOKGRAFT_PYTHON_BINDINGS_BUDGET_H_
