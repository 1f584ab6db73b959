// donor_corpus and donor_size, which merge and graft take in place of a donor.
#ifndef TOKGRAFT_PYTHON_BINDINGS_LEARNT_H_
#define TOKGRAFT_PYTHON_BINDINGS_LEARNT_H_

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "embed_init/graft.h"
#include "python/bindings/given.h"
#include "python/bindings/progress.h"

namespace tokgraft::python {

// A whole number that is not negative.
inline std::uint64_t WholeNumberFrom(const pybind11::object& given, const std::string& argument) {
  if (pybind11::isinstance<pybind11::int_>(given) &&
      !pybind11::isinstance<pybind11::bool_>(given)) {
    const std::uint64_t number = PyLong_AsUnsignedLongLong(given.ptr());
    if (PyErr_Occurred() == nullptr) return number;
    PyErr_Clear();
  }
  Raise(InvalidArgumentError(
      Cat(argument, ": is ", std::string(pybind11::repr(given)), ", a whole number was expected")));
}

// nullopt: a donor was given. Raises where none or both were. `unfit`: the name of an argument that
// was given and says something of a donor's pieces; "" where there is none.
inline std::optional<LearntDonor> LearntFrom(const pybind11::object& donor,
                                             const pybind11::object& corpus,
                                             const pybind11::object& size, std::string_view unfit) {
  if (corpus.is_none()) {
    if (!size.is_none()) {
      Raise(InvalidArgumentError(
          "donor_size: was given without donor_corpus, the text to learn pieces from"));
    }
    if (donor.is_none()) {
      Raise(InvalidArgumentError(
          "donor: is None, a Tokenizer or the path of one was expected; or donor_corpus and "
          "donor_size, to learn pieces from text"));
    }
    return std::nullopt;
  }
  if (!donor.is_none()) {
    Raise(InvalidArgumentError("donor_corpus: a donor was given too; give one of them"));
  }
  if (size.is_none()) {
    Raise(InvalidArgumentError("donor_size: is None, the number of pieces to learn was expected"));
  }
  if (!unfit.empty()) {
    Raise(InvalidArgumentError(Cat(unfit,
                                   ": was given together with donor_corpus, whose pieces "
                                   "are learnt, not chosen; leave it out")));
  }
  LearntDonor learnt{.corpora = {}, .size = WholeNumberFrom(size, "donor_size")};
  if (pybind11::isinstance<pybind11::dict>(corpus)) {
    learnt.corpora = CorporaFrom(corpus, "donor_corpus");
  } else {
    const std::string path = PathFrom(corpus, "donor_corpus");
    learnt.corpora = {{std::filesystem::path(path).stem().string(), path}};
  }
  return learnt;
}

}  // namespace tokgraft::python

#endif  // TOKGRAFT_PYTHON_BINDINGS_LEARNT_H_
