// The fields of one JSON object, read by name: sticky error, and what nobody asked for is known.
//
//   JsonFields fields(stage);
//   normalizer::Prepend out{.prepend = fields.String("prepend")};
//   TOKGRAFT_RETURN_IF_ERROR(fields.status());
//   if (fields.Unread()) ...   // a field that this reader does not know
#ifndef TOKGRAFT_TOKENIZER_FORMATS_JSON_FIELDS_H_
#define TOKGRAFT_TOKENIZER_FORMATS_JSON_FIELDS_H_

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/base/json.h"
#include "tokenizer/status.h"
#include "tokenizer/token.h"

namespace tokgraft {

class JsonFields {
 public:
  // Not an object: status() says so.
  explicit JsonFields(const JsonValue& object);

  // Required fields; a default value and an error in status() where missing or of another type.
  bool Bool(std::string_view key);
  std::string String(std::string_view key);
  std::string Character(std::string_view key);  // one character, as UTF-8
  std::uint64_t Uint(std::string_view key);
  TokenId Id(std::string_view key);  // a whole number of 32 bits
  // Optional fields: missing gives the default; null is an error.
  bool BoolOr(std::string_view key, bool otherwise);
  std::uint64_t UintOr(std::string_view key, std::uint64_t otherwise);
  // Missing or null: nullopt.
  std::optional<bool> MaybeBool(std::string_view key);
  std::optional<std::string> MaybeString(std::string_view key);
  // One of `names`: its index. Missing: `otherwise`, or an error where there is none.
  std::size_t OneOf(std::string_view key, std::initializer_list<std::string_view> names,
                    std::optional<std::size_t> otherwise = std::nullopt);

  // The field itself, null included; counts as read.
  std::optional<JsonValue> Take(std::string_view key);
  std::optional<JsonValue> Require(std::string_view key);
  bool Has(std::string_view key) const;

  void Fail(const Status& status);  // the first error stays
  const Status& status() const { return status_; }
  const JsonValue& object() const { return object_; }
  // The first field that nobody read.
  std::optional<std::string_view> Unread() const;
  // All of them, with their values.
  std::vector<std::pair<std::string_view, JsonValue>> AllUnread() const;

 private:
  struct Field {
    std::string_view key;
    JsonValue value;
    bool read = false;
  };
  JsonValue object_;
  std::vector<Field> fields_;
  Status status_;
};

// One whole number of 32 bits.
StatusOr<TokenId> ReadId(const JsonValue& value);

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_FORMATS_JSON_FIELDS_H_
