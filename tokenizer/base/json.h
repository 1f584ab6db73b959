// JSON for reading: a parsed document and views into it that know their own place.
//
// Every accessor that fails names file and path: `tokenizer.json: model.merges[151]: ...`. The path
// is found only when an error is made (by walking the document), so views cost nothing. Writing
// JSON is done with nlohmann::ordered_json in the .cc that writes.
//
//   TOKGRAFT_ASSIGN_OR_RETURN(JsonDocument doc, JsonDocument::Parse(bytes, "config.json"));
//   TOKGRAFT_ASSIGN_OR_RETURN(JsonValue size, doc.root().Get("vocab_size"));
//   TOKGRAFT_ASSIGN_OR_RETURN(std::uint64_t rows, size.Uint());
#ifndef TOKGRAFT_TOKENIZER_BASE_JSON_H_
#define TOKGRAFT_TOKENIZER_BASE_JSON_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "tokenizer/status.h"

namespace tokgraft {

enum class JsonType : std::uint8_t { kNull, kBool, kNumber, kString, kArray, kObject };

namespace internal {
struct JsonStorage;  // the parser and its tape
}

// A view; valid while its JsonDocument (or a copy of it) lives.
class JsonValue {
 public:
  JsonType type() const;
  bool is_null() const { return type() == JsonType::kNull; }

  // Members of an object, found in time linear in their number (for many keys: ForEachMember). Get:
  // InvalidArgument where the key is missing or this is no object; Find: nullopt then. Of two
  // members with one key the last counts, as in the reference libraries.
  StatusOr<JsonValue> Get(std::string_view key) const;
  std::optional<JsonValue> Find(std::string_view key) const;
  // Find, and nullopt for null too: what "optional field" means in the formats we read.
  std::optional<JsonValue> FindNotNull(std::string_view key) const;
  // In the order of the file; stops at the first error.
  Status ForEachMember(const std::function<Status(std::string_view key, JsonValue value)>& f) const;
  // Elements of an array, with their index.
  Status ForEachElement(const std::function<Status(std::size_t index, JsonValue value)>& f) const;
  StatusOr<std::size_t> Size() const;  // of an array or object

  StatusOr<std::string_view> String() const;
  StatusOr<std::uint64_t> Uint() const;  // a whole number >= 0
  StatusOr<std::int64_t> Int() const;
  StatusOr<double> Double() const;  // any number
  StatusOr<bool> Bool() const;

  // The value as JSON text: order kept, numbers by value (whole ones beyond 64 bits as doubles).
  std::string Minified() const;
  std::string path() const;  // "model.merges[151]"; "" for the root
  // InvalidArgument "<file>: <path>: <what>".
  Status Error(std::string_view what) const;
  // The same with another code.
  Status ErrorOf(Status (*make)(std::string_view), std::string_view what) const;

 private:
  friend class JsonDocument;
  JsonValue At(const std::array<std::uint64_t, 2>& element) const;
  const internal::JsonStorage* storage_ = nullptr;
  std::array<std::uint64_t, 2> element_{};  // the two words of simdjson::dom::element
};

class JsonDocument {
 public:
  // `name` stands in messages. Copies `bytes`; a UTF-8 byte order mark is skipped. Errors, with the
  // byte offset where the text goes wrong: DataLoss where it ends too early, InvalidArgument
  // elsewhere (not UTF-8, NaN, text after the value, nesting deeper than 1,024, ...).
  static StatusOr<JsonDocument> Parse(std::string_view bytes, const std::string& name);
  JsonValue root() const;

 private:
  std::shared_ptr<const internal::JsonStorage> storage_;
};

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_BASE_JSON_H_
