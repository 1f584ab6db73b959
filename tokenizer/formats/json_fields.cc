#include "tokenizer/formats/json_fields.h"

#include <limits>
#include <utility>

#include "tokenizer/text/utf8.h"

namespace tokgraft {

JsonFields::JsonFields(const JsonValue& object) : object_(object) {
  status_ = object.ForEachMember([&](std::string_view key, JsonValue value) {
    fields_.push_back({.key = key, .value = value});
    return absl::OkStatus();
  });
}

void JsonFields::Fail(const Status& status) {
  if (status_.ok()) status_ = status;
}

bool JsonFields::Has(std::string_view key) const {
  for (const Field& field : fields_) {
    if (field.key == key) return true;
  }
  return false;
}

std::optional<JsonValue> JsonFields::Take(std::string_view key) {
  std::optional<JsonValue> value;
  for (Field& field : fields_) {
    if (field.key != key) continue;
    field.read = true;
    value = field.value;  // the last of several counts
  }
  return value;
}

std::optional<JsonValue> JsonFields::Require(std::string_view key) {
  std::optional<JsonValue> value = Take(key);
  if (!value) Fail(object_.Error(Cat("\"", key, "\" is missing")));
  return value;
}

std::optional<std::string_view> JsonFields::Unread() const {
  for (const Field& field : fields_) {
    if (!field.read) return field.key;
  }
  return std::nullopt;
}

std::vector<std::pair<std::string_view, JsonValue>> JsonFields::AllUnread() const {
  std::vector<std::pair<std::string_view, JsonValue>> unread;
  for (const Field& field : fields_) {
    if (!field.read) unread.emplace_back(field.key, field.value);
  }
  return unread;
}

bool JsonFields::Bool(std::string_view key) {
  const std::optional<JsonValue> value = Require(key);
  if (!value) return false;
  const StatusOr<bool> read = value->Bool();
  Fail(read.status());
  return read.ok() && *read;
}

bool JsonFields::BoolOr(std::string_view key, bool otherwise) {
  return Has(key) ? Bool(key) : otherwise;
}

std::optional<bool> JsonFields::MaybeBool(std::string_view key) {
  const std::optional<JsonValue> value = Take(key);
  if (!value || value->is_null()) return std::nullopt;
  return Bool(key);
}

std::string JsonFields::String(std::string_view key) {
  const std::optional<JsonValue> value = Require(key);
  if (!value) return "";
  const StatusOr<std::string_view> read = value->String();
  Fail(read.status());
  return read.ok() ? std::string(*read) : "";
}

std::optional<std::string> JsonFields::MaybeString(std::string_view key) {
  const std::optional<JsonValue> value = Take(key);
  if (!value || value->is_null()) return std::nullopt;
  return String(key);
}

std::string JsonFields::Character(std::string_view key) {
  std::string text = String(key);
  if (status_.ok() && CountCharacters(text) != 1) {
    Fail(Take(key)->Error(Cat("is \"", text, "\", one character was expected")));
  }
  return text;
}

std::uint64_t JsonFields::Uint(std::string_view key) {
  const std::optional<JsonValue> value = Require(key);
  if (!value) return 0;
  const StatusOr<std::uint64_t> read = value->Uint();
  Fail(read.status());
  return read.ok() ? *read : 0;
}

std::uint64_t JsonFields::UintOr(std::string_view key, std::uint64_t otherwise) {
  return Has(key) ? Uint(key) : otherwise;
}

TokenId JsonFields::Id(std::string_view key) {
  const std::optional<JsonValue> value = Require(key);
  if (!value) return 0;
  const StatusOr<TokenId> read = ReadId(*value);
  Fail(read.status());
  return read.ok() ? *read : 0;
}

std::size_t JsonFields::OneOf(std::string_view key, std::initializer_list<std::string_view> names,
                              std::optional<std::size_t> otherwise) {
  if (otherwise && !Has(key)) return *otherwise;
  const std::string text = String(key);
  std::string expected;
  std::size_t index = 0;
  for (const std::string_view name : names) {
    if (name == text) return index;
    expected += Cat(index == 0 ? "" : index + 1 == names.size() ? " or " : ", ", name);
    ++index;
  }
  if (status_.ok()) {
    Fail(Take(key)->Error(Cat("is \"", text, "\", ", expected, " was expected")));
  }
  return otherwise.value_or(0);
}

StatusOr<TokenId> ReadId(const JsonValue& value) {
  TOKGRAFT_ASSIGN_OR_RETURN(const std::uint64_t wide, value.Uint());
  if (wide > std::numeric_limits<TokenId>::max()) {
    return value.Error(Cat("is ", wide, ", an id below 2^32 was expected"));
  }
  return static_cast<TokenId>(wide);
}

}  // namespace tokgraft
