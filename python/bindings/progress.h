// Progress of long work, told to a Python callable; and corpora given as a dict.
#ifndef TOKGRAFT_PYTHON_BINDINGS_PROGRESS_H_
#define TOKGRAFT_PYTHON_BINDINGS_PROGRESS_H_

#include <exception>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "python/bindings/bindings.h"
#include "tokenizer/corpus.h"

namespace tokgraft::python {

// A callable(stage, fraction), or None. What it raises is kept and raised when the work has ended,
// since nothing may be thrown through the library.
class PyProgress {
 public:
  explicit PyProgress(pybind11::object callable) : callable_(std::move(callable)) {}
  std::function<void(std::string_view stage, double fraction)> function();
  void RaiseIfFailed() const;

 private:
  pybind11::object callable_;
  std::exception_ptr failure_;
};

// {"zh": "zh.txt"} in its order; None is no corpus. `argument` is its name in a TypeError.
std::vector<Corpus> CorporaFrom(const pybind11::object& corpora,
                                const std::string& argument = "corpora");

}  // namespace tokgraft::python

#endif  // TOKGRAFT_PYTHON_BINDINGS_PROGRESS_H_
