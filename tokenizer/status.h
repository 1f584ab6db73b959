// Errors of tokgraft: absl::Status and absl::StatusOr at every fallible edge, one grammar of
// message.
//
//   <file>: <json path or byte offset>: <what is wrong>, <what was expected>; <what to do>
//
// Each layer adds its own place once, with WithPlace. The library never prints, throws or aborts.
// Codes used, and no others: NotFound (path), InvalidArgument (content or option wrong), DataLoss
// (truncated, hash or size mismatch), Unimplemented (valid but not supported), FailedPrecondition
// (strict merge with conflicts, shapes disagree, disk full foreseen), OutOfRange (id), Internal.
//
//   StatusOr<TokenizerSpec> spec = Load("tokenizer.json");
//   if (!spec.ok()) std::cerr << spec.status().message() << "\n";
#ifndef TOKGRAFT_TOKENIZER_STATUS_H_
#define TOKGRAFT_TOKENIZER_STATUS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tokgraft {

using Status = absl::Status;
template <typename T>
using StatusOr = absl::StatusOr<T>;

namespace internal {
void AppendTo(std::string* out, std::string_view value);
void AppendTo(std::string* out, char value);
void AppendTo(std::string* out, std::int64_t value);
void AppendTo(std::string* out, std::uint64_t value);
void AppendTo(std::string* out, double value);

template <typename T>
void AppendAny(std::string* out, const T& value) {
  if constexpr (std::is_same_v<T, char>) {
    AppendTo(out, value);
  } else if constexpr (std::is_floating_point_v<T>) {
    AppendTo(out, static_cast<double>(value));
  } else if constexpr (std::is_integral_v<T> && std::is_signed_v<T>) {
    AppendTo(out, static_cast<std::int64_t>(value));
  } else if constexpr (std::is_integral_v<T>) {
    AppendTo(out, static_cast<std::uint64_t>(value));
  } else {
    AppendTo(out, std::string_view(value));
  }
}
}  // namespace internal

// Concatenates strings, characters and numbers: Cat("id ", 5, " of ", size).
template <typename... Args>
std::string Cat(const Args&... args) {
  std::string out;
  (internal::AppendAny(&out, args), ...);
  return out;
}

Status NotFoundError(std::string_view message);
Status InvalidArgumentError(std::string_view message);
Status DataLossError(std::string_view message);
Status UnimplementedError(std::string_view message);
Status FailedPreconditionError(std::string_view message);
Status OutOfRangeError(std::string_view message);
Status InternalError(std::string_view message);

// The same error with "<place>: " before its message; OK stays OK.
Status WithPlace(const Status& status, std::string_view place);

// The message as std::string_view (absl's own string_view is another type).
inline std::string_view Message(const Status& status) {
  return {status.message().data(), status.message().size()};
}

}  // namespace tokgraft

#define TOKGRAFT_CONCAT_INNER_(a, b) a##b
#define TOKGRAFT_CONCAT_(a, b) TOKGRAFT_CONCAT_INNER_(a, b)

// Returns the error of `expr`, a Status, from this function.
#define TOKGRAFT_RETURN_IF_ERROR(expr)                                      \
  do {                                                                      \
    if (::absl::Status tokgraft_status_ = (expr); !tokgraft_status_.ok()) { \
      return tokgraft_status_;                                              \
    }                                                                       \
  } while (false)

// TOKGRAFT_ASSIGN_OR_RETURN(auto spec, Load(path)): the value, or return the error.
#define TOKGRAFT_ASSIGN_OR_RETURN(lhs, expr) \
  TOKGRAFT_ASSIGN_OR_RETURN_(TOKGRAFT_CONCAT_(tokgraft_result_, __LINE__), lhs, expr)
#define TOKGRAFT_ASSIGN_OR_RETURN_(result, lhs, expr) \
  auto result = (expr);                               \
  if (!result.ok()) return result.status();           \
  lhs = *std::move(result)

#endif  // TOKGRAFT_TOKENIZER_STATUS_H_
