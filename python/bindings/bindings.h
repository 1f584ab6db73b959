// What the binding files share: conversions between Python values and the library's, and errors.
//
// The rule of every binding: take views of the arguments while the GIL is held (the call keeps
// them alive), release it for the work, take it again to build the result.
#ifndef TOKGRAFT_PYTHON_BINDINGS_BINDINGS_H_
#define TOKGRAFT_PYTHON_BINDINGS_BINDINGS_H_

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tokenizer/status.h"
#include "tokenizer/token.h"
#include "tokenizer/tokenizer.h"

namespace tokgraft::python {

// ---- errors.cc ---------------------------------------------------------------------------------
// tokgraft.Error and its children, which are also ValueError, NotImplementedError, ...
void RegisterErrors(pybind11::module_& m);
// Throws the Python exception for an error.
[[noreturn]] void Raise(const Status& status);
inline void Check(const Status& status) {
  if (!status.ok()) Raise(status);
}
template <typename T>
T Take(StatusOr<T> result) {
  if (!result.ok()) Raise(result.status());
  return *std::move(result);
}

// ---- text.cc -----------------------------------------------------------------------------------
// The UTF-8 of a str, or the bytes of a bytes object: a view where Python has one to give. A pair
// of surrogates in a str is the character it encodes; a lone one is U+FFFD and counted, as invalid
// UTF-8 in bytes is.
class Text {
 public:
  explicit Text(pybind11::handle object);
  Text(Text&&) noexcept = default;
  std::string_view view() const { return owned_ ? std::string_view(storage_) : borrowed_; }
  std::uint64_t lone_surrogates() const { return lone_surrogates_; }

 private:
  void Repair(pybind11::handle object);
  std::string_view borrowed_;
  std::string storage_;
  bool owned_ = false;
  std::uint64_t lone_surrogates_ = 0;
};
// A path given as str, bytes or os.PathLike; `argument` is its name in a TypeError.
std::string PathFrom(pybind11::handle object, const std::string& argument);
// The name of an object's type, for messages.
std::string TypeName(pybind11::handle object);

// ---- arrays.cc ---------------------------------------------------------------------------------
// Token ids from a numpy array (a view, if it is a contiguous uint32[n]) or any sequence of ints.
class Ids {
 public:
  explicit Ids(pybind11::handle object);
  std::span<const TokenId> span() const { return span_; }

 private:
  pybind11::object keep_;
  std::vector<TokenId> storage_;
  std::span<const TokenId> span_;
};

// A numpy array that owns the vector it shows.
template <typename T>
pybind11::array_t<T> ArrayOf(std::vector<T> values) {
  auto* owner = new std::vector<T>(std::move(values));
  const pybind11::capsule keep(owner, [](void* p) { delete static_cast<std::vector<T>*>(p); });
  return pybind11::array_t<T>(static_cast<pybind11::ssize_t>(owner->size()), owner->data(), keep);
}
pybind11::array_t<std::int64_t> ArrayOfSpans(std::vector<Span> spans);

// A report as Python dicts and lists, from its JSON.
pybind11::object FromJson(const std::string& json);

// ---- One per room ------------------------------------------------------------------------------
void RegisterTokenizer(pybind11::module_& m);
void RegisterEfficiency(pybind11::module_& m);
void RegisterVocabMerge(pybind11::module_& m);
void RegisterLint(pybind11::module_& m);  // lint.cc
void RegisterEmbedInit(pybind11::module_& m);
void RegisterPreTokenize(pybind11::module_& m);  // pre_tokenize.cc

}  // namespace tokgraft::python

#endif  // TOKGRAFT_PYTHON_BINDINGS_BINDINGS_H_
