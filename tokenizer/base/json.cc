// JsonValue is simdjson's dom::element (two words, trivially copyable) beside the document it
// points into; the header keeps the words opaque so that nobody else compiles simdjson.
#include "tokenizer/base/json.h"

#include <simdjson.h>

#include <bit>
#include <limits>
#include <utility>
#include <vector>

#include "tokenizer/base/json_syntax.h"

namespace tokgraft {

namespace internal {
struct JsonStorage {
  std::string name;
  simdjson::dom::document document;
};
}  // namespace internal

namespace {

namespace dom = simdjson::dom;
using Words = std::array<std::uint64_t, 2>;

constexpr std::size_t kMaxDepth = 1024;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

static_assert(sizeof(dom::element) == sizeof(Words) && std::is_trivially_copyable_v<dom::element>);

dom::element ElementOf(const Words& words) { return std::bit_cast<dom::element>(words); }
Words WordsOf(const dom::element& element) { return std::bit_cast<Words>(element); }
// Elements stand on the tape in the order of the file.
std::uint64_t Position(const dom::element& element) { return WordsOf(element)[1]; }

std::string_view TypeName(JsonType type) {
  switch (type) {
    case JsonType::kNull:
      return "null";
    case JsonType::kBool:
      return "a boolean";
    case JsonType::kNumber:
      return "a number";
    case JsonType::kString:
      return "a string";
    case JsonType::kArray:
      return "an array";
    case JsonType::kObject:
      return "an object";
  }
  return "";
}

bool IsPlainKey(std::string_view key) {
  if (key.empty() || key.size() > 60) return false;
  for (const char c : key) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '_' || c == '-';
    if (!plain) return false;
  }
  return true;
}

void AppendKey(std::string_view key, std::string* path) {
  if (IsPlainKey(key)) {
    if (!path->empty()) path->push_back('.');
    path->append(key);
    return;
  }
  const std::string_view shown = key.substr(0, 60);
  path->append("[\"").append(shown).append(shown.size() < key.size() ? "...\"]" : "\"]");
}

// Steps from `element` into the member that holds the tape position `target`.
bool Descend(std::uint64_t target, dom::element* element, std::string* path) {
  dom::element inside;
  bool found = false;
  dom::object object;
  dom::array array;
  if (element->get(object) == simdjson::SUCCESS) {
    std::string_view key;
    for (const dom::key_value_pair& field : object) {
      if (Position(field.value) > target) break;
      inside = field.value;
      key = field.key;
      found = true;
    }
    if (found) AppendKey(key, path);
  } else if (element->get(array) == simdjson::SUCCESS) {
    std::size_t index = 0;
    for (const dom::element& value : array) {
      if (Position(value) > target) break;
      inside = value;
      found = true;
      ++index;
    }
    if (found) path->append(Cat("[", index - 1, "]"));
  }
  if (found) *element = inside;
  return found;
}

// The text with each whole number beyond 64 bits made a double by an exponent.
std::string WithoutWideIntegers(std::string_view text, const std::vector<std::size_t>& ends) {
  std::string out;
  std::size_t copied = 0;
  for (const std::size_t end : ends) {
    out.append(text.substr(copied, end - copied)).append("e0");
    copied = end;
  }
  return out.append(text.substr(copied));
}

// Whether the text has an escape \uD... of its own, not the end of an escaped backslash.
bool EscapesSurrogates(std::string_view text) {
  for (std::size_t at = text.find('\\'); at != text.npos; at = text.find('\\', at + 2)) {
    const std::string_view escape = text.substr(at + 1, 2);
    if (escape == "ud" || escape == "uD") return true;
  }
  return false;
}

Status TellFault(const JsonFault& fault, std::size_t skipped, const std::string& name) {
  const std::string message = Cat(name, ": byte ", fault.offset + skipped, ": ", fault.what);
  if (fault.truncated) return DataLossError(Cat(message, "; the file is truncated"));
  return InvalidArgumentError(Cat(message, "; the file is not JSON"));
}

}  // namespace

StatusOr<JsonDocument> JsonDocument::Parse(std::string_view bytes, const std::string& name) {
  std::size_t skipped = 0;
  if (bytes.substr(0, kByteOrderMark.size()) == kByteOrderMark) skipped = kByteOrderMark.size();
  const std::string_view text = bytes.substr(skipped);

  auto storage = std::make_shared<internal::JsonStorage>();
  storage->name = name;
  dom::parser parser;
  const auto parse = [&](std::string_view json) {
    if (parser.allocate(json.size(), kMaxDepth) != simdjson::SUCCESS) return simdjson::MEMALLOC;
    return parser.parse_into_document(storage->document, json.data(), json.size()).error();
  };
  simdjson::error_code error = parse(text);
  // The fast parser lets half surrogate pairs through.
  if (error != simdjson::SUCCESS || EscapesSurrogates(text)) {
    std::vector<std::size_t> wide_integers;
    const std::optional<JsonFault> fault = FindJsonFault(text, kMaxDepth, &wide_integers);
    if (fault.has_value()) return TellFault(*fault, skipped, name);
    if (!wide_integers.empty()) error = parse(WithoutWideIntegers(text, wide_integers));
  }
  if (error != simdjson::SUCCESS) {
    return InvalidArgumentError(
        Cat(name, ": byte 0: ", simdjson::error_message(error), "; the file cannot be parsed"));
  }
  JsonDocument document;
  document.storage_ = std::move(storage);
  return document;
}

JsonValue JsonDocument::root() const {
  JsonValue value;
  value.storage_ = storage_.get();
  value.element_ = WordsOf(storage_->document.root());
  return value;
}

JsonValue JsonValue::At(const Words& element) const {
  JsonValue value;
  value.storage_ = storage_;
  value.element_ = element;
  return value;
}

JsonType JsonValue::type() const {
  switch (ElementOf(element_).type()) {
    case dom::element_type::ARRAY:
      return JsonType::kArray;
    case dom::element_type::OBJECT:
      return JsonType::kObject;
    case dom::element_type::STRING:
      return JsonType::kString;
    case dom::element_type::BOOL:
      return JsonType::kBool;
    case dom::element_type::INT64:
    case dom::element_type::UINT64:
    case dom::element_type::DOUBLE:
      return JsonType::kNumber;
    case dom::element_type::NULL_VALUE:
      return JsonType::kNull;
  }
  return JsonType::kNull;
}

std::optional<JsonValue> JsonValue::Find(std::string_view key) const {
  dom::object object;
  if (ElementOf(element_).get(object) != simdjson::SUCCESS) return std::nullopt;
  std::optional<JsonValue> found;
  for (auto field = object.begin(); field != object.end(); ++field) {
    if (field.key_equals(key)) found = At(WordsOf(field.value()));
  }
  return found;
}

std::optional<JsonValue> JsonValue::FindNotNull(std::string_view key) const {
  const std::optional<JsonValue> found = Find(key);
  return found.has_value() && found->is_null() ? std::nullopt : found;
}

StatusOr<JsonValue> JsonValue::Get(std::string_view key) const {
  if (type() != JsonType::kObject) {
    return Error(Cat("is ", TypeName(type()), ", an object was expected"));
  }
  std::optional<JsonValue> found = Find(key);
  if (found.has_value()) return *found;
  return Error(Cat("\"", key, "\" is missing"));
}

Status JsonValue::ForEachMember(
    const std::function<Status(std::string_view key, JsonValue value)>& f) const {
  dom::object object;
  if (ElementOf(element_).get(object) != simdjson::SUCCESS) {
    return Error(Cat("is ", TypeName(type()), ", an object was expected"));
  }
  for (const dom::key_value_pair& field : object) {
    TOKGRAFT_RETURN_IF_ERROR(f(field.key, At(WordsOf(field.value))));
  }
  return absl::OkStatus();
}

Status JsonValue::ForEachElement(
    const std::function<Status(std::size_t index, JsonValue value)>& f) const {
  dom::array array;
  if (ElementOf(element_).get(array) != simdjson::SUCCESS) {
    return Error(Cat("is ", TypeName(type()), ", an array was expected"));
  }
  std::size_t index = 0;
  for (const dom::element& value : array) {
    TOKGRAFT_RETURN_IF_ERROR(f(index++, At(WordsOf(value))));
  }
  return absl::OkStatus();
}

StatusOr<std::size_t> JsonValue::Size() const {
  // The tape saturates its counts at 2^24 - 1; beyond that they are counted.
  constexpr std::size_t kSaturated = 0xFFFFFF;
  std::size_t size = 0;
  dom::array array;
  dom::object object;
  if (ElementOf(element_).get(array) == simdjson::SUCCESS) {
    if (array.size() < kSaturated) return array.size();
    for (auto value = array.begin(); value != array.end(); ++value) ++size;
    return size;
  }
  if (ElementOf(element_).get(object) == simdjson::SUCCESS) {
    if (object.size() < kSaturated) return object.size();
    for (auto field = object.begin(); field != object.end(); ++field) ++size;
    return size;
  }
  return Error(Cat("is ", TypeName(type()), ", an array or object was expected"));
}

StatusOr<std::string_view> JsonValue::String() const {
  std::string_view out;
  if (ElementOf(element_).get(out) == simdjson::SUCCESS) return out;
  return Error(Cat("is ", TypeName(type()), ", a string was expected"));
}

StatusOr<std::uint64_t> JsonValue::Uint() const {
  std::uint64_t out = 0;
  if (ElementOf(element_).get(out) == simdjson::SUCCESS) return out;
  if (type() == JsonType::kNumber) {
    return Error(Cat("is ", Minified(), ", a whole number from 0 to 2^64 - 1 was expected"));
  }
  return Error(Cat("is ", TypeName(type()), ", a whole number was expected"));
}

StatusOr<std::int64_t> JsonValue::Int() const {
  std::int64_t out = 0;
  if (ElementOf(element_).get(out) == simdjson::SUCCESS) return out;
  if (type() == JsonType::kNumber) {
    return Error(Cat("is ", Minified(), ", a whole number of 64 bits was expected"));
  }
  return Error(Cat("is ", TypeName(type()), ", a whole number was expected"));
}

StatusOr<double> JsonValue::Double() const {
  double out = 0;
  if (ElementOf(element_).get(out) == simdjson::SUCCESS) return out;
  return Error(Cat("is ", TypeName(type()), ", a number was expected"));
}

StatusOr<bool> JsonValue::Bool() const {
  bool out = false;
  if (ElementOf(element_).get(out) == simdjson::SUCCESS) return out;
  return Error(Cat("is ", TypeName(type()), ", true or false was expected"));
}

std::string JsonValue::Minified() const { return simdjson::minify(ElementOf(element_)); }

std::string JsonValue::path() const {
  const std::uint64_t target = element_[1];
  dom::element element = storage_->document.root();
  std::string path;
  while (Position(element) != target) {
    if (!Descend(target, &element, &path)) break;
  }
  return path;
}

Status JsonValue::ErrorOf(Status (*make)(std::string_view), std::string_view what) const {
  const std::string where = path();
  if (where.empty()) return make(Cat(storage_->name, ": ", what));
  return make(Cat(storage_->name, ": ", where, ": ", what));
}

Status JsonValue::Error(std::string_view what) const {
  return ErrorOf(&InvalidArgumentError, what);
}

}  // namespace tokgraft
