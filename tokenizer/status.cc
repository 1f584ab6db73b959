#include "tokenizer/status.h"

#include <charconv>
#include <string>

namespace tokgraft {
namespace {

// absl::string_view of this release is its own type, so messages cross as pointer and length.
absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

template <typename T>
void AppendNumber(std::string* out, T value) {
  char buffer[32];
  const auto result = std::to_chars(buffer, buffer + sizeof buffer, value);
  out->append(buffer, result.ptr);
}

}  // namespace

namespace internal {
void AppendTo(std::string* out, std::string_view value) { out->append(value); }
void AppendTo(std::string* out, char value) { out->push_back(value); }
void AppendTo(std::string* out, std::int64_t value) { AppendNumber(out, value); }
void AppendTo(std::string* out, std::uint64_t value) { AppendNumber(out, value); }
void AppendTo(std::string* out, double value) { AppendNumber(out, value); }
}  // namespace internal

Status NotFoundError(std::string_view message) { return absl::NotFoundError(View(message)); }
Status InvalidArgumentError(std::string_view message) {
  return absl::InvalidArgumentError(View(message));
}
Status DataLossError(std::string_view message) { return absl::DataLossError(View(message)); }
Status UnimplementedError(std::string_view message) {
  return absl::UnimplementedError(View(message));
}
Status FailedPreconditionError(std::string_view message) {
  return absl::FailedPreconditionError(View(message));
}
Status OutOfRangeError(std::string_view message) { return absl::OutOfRangeError(View(message)); }
Status InternalError(std::string_view message) { return absl::InternalError(View(message)); }

Status WithPlace(const Status& status, std::string_view place) {
  if (status.ok()) return status;
  return Status(status.code(), View(Cat(place, ": ", Message(status))));
}

}  // namespace tokgraft
