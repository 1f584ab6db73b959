#include "tokenizer/formats/gguf_metadata.h"

#include <bit>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

namespace tokgraft {
namespace {

constexpr std::string_view kMagic = "GGUF";
constexpr std::uint32_t kLastType = 12;

std::string_view TypeName(GgufType type) {
  switch (type) {
    case GgufType::kUint8:
      return "uint8";
    case GgufType::kInt8:
      return "int8";
    case GgufType::kUint16:
      return "uint16";
    case GgufType::kInt16:
      return "int16";
    case GgufType::kUint32:
      return "uint32";
    case GgufType::kInt32:
      return "int32";
    case GgufType::kFloat32:
      return "float32";
    case GgufType::kBool:
      return "bool";
    case GgufType::kString:
      return "string";
    case GgufType::kArray:
      return "array";
    case GgufType::kUint64:
      return "uint64";
    case GgufType::kInt64:
      return "int64";
    case GgufType::kFloat64:
      return "float64";
  }
  return "";
}

// Bytes of a value; 0 for a string or an array, whose length stands in the file.
std::size_t SizeOf(GgufType type) {
  switch (type) {
    case GgufType::kUint8:
    case GgufType::kInt8:
    case GgufType::kBool:
      return 1;
    case GgufType::kUint16:
    case GgufType::kInt16:
      return 2;
    case GgufType::kUint32:
    case GgufType::kInt32:
    case GgufType::kFloat32:
      return 4;
    case GgufType::kUint64:
    case GgufType::kInt64:
    case GgufType::kFloat64:
      return 8;
    case GgufType::kString:
    case GgufType::kArray:
      return 0;
  }
  return 0;
}

std::uint64_t LittleEndian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i > 0; --i) {
    value = (value << 8) | static_cast<unsigned char>(bytes[i - 1]);
  }
  return value;
}

class GgufReader {
 public:
  GgufReader(std::string_view bytes, const std::string& name) : bytes_(bytes), name_(name) {}

  Status Malformed(std::string_view what) const {
    return InvalidArgumentError(Cat(name_, ": byte ", position_, ": ", what));
  }
  Status Truncated(std::string_view what) const {
    return DataLossError(Cat(name_, ": byte ", position_, ": ", what,
                             " goes beyond the end of the file; it is cut off or damaged"));
  }

  StatusOr<std::string_view> Take(std::uint64_t size, std::string_view what) {
    if (size > bytes_.size() - position_) return Truncated(what);
    const std::string_view taken = bytes_.substr(position_, static_cast<std::size_t>(size));
    position_ += taken.size();
    return taken;
  }
  StatusOr<std::uint64_t> Uint(std::size_t size, std::string_view what) {
    TOKGRAFT_ASSIGN_OR_RETURN(const std::string_view taken, Take(size, what));
    return LittleEndian(taken);
  }
  StatusOr<std::string_view> String(std::string_view what) {
    TOKGRAFT_ASSIGN_OR_RETURN(const std::uint64_t size, Uint(8, what));
    return Take(size, what);
  }
  StatusOr<GgufType> Type() {
    TOKGRAFT_ASSIGN_OR_RETURN(const std::uint64_t type, Uint(4, "the type of a value"));
    if (type > kLastType) {
      position_ -= 4;
      return Malformed(Cat("a value of type ", type, ", expected 0 to ", kLastType));
    }
    return static_cast<GgufType>(type);
  }

  StatusOr<GgufValue> Value(std::string_view key) {
    GgufValue value;
    TOKGRAFT_ASSIGN_OR_RETURN(value.type, Type());
    value.element = value.type;
    if (value.type == GgufType::kArray) {
      TOKGRAFT_ASSIGN_OR_RETURN(value.element, Type());
      if (value.element == GgufType::kArray) return Malformed("an array of arrays");
      TOKGRAFT_ASSIGN_OR_RETURN(value.count, Uint(8, key));
      TOKGRAFT_RETURN_IF_ERROR(Elements(key, &value));
      return value;
    }
    if (value.type == GgufType::kString) {
      TOKGRAFT_ASSIGN_OR_RETURN(value.bytes, String(key));
    } else {
      TOKGRAFT_ASSIGN_OR_RETURN(value.bytes, Take(SizeOf(value.type), key));
    }
    value.offset = position_ - value.bytes.size();
    return value;
  }

  std::size_t position() const { return position_; }

 private:
  Status Elements(std::string_view key, GgufValue* value) {
    value->offset = position_;
    const std::size_t size = SizeOf(value->element);
    const std::size_t left = bytes_.size() - position_;
    // A string takes 8 bytes at least.
    if (value->count > left / (size == 0 ? 8 : size)) {
      return Truncated(Cat(key, ", an array of ", value->count, " elements,"));
    }
    if (size != 0) {
      position_ += static_cast<std::size_t>(value->count) * size;
    } else {
      for (std::uint64_t i = 0; i < value->count; ++i) {
        TOKGRAFT_RETURN_IF_ERROR(String(key).status());
      }
    }
    value->bytes = bytes_.substr(value->offset, position_ - value->offset);
    return absl::OkStatus();
  }

  std::string_view bytes_;
  const std::string& name_;
  std::size_t position_ = 0;
};

Status CheckVersion(std::uint64_t version, const std::string& name) {
  if (version == 2 || version == 3) return absl::OkStatus();
  if ((version & 0xFFFF) == 0 && version != 0) {
    return UnimplementedError(
        Cat(name, ": byte 4: a big-endian GGUF file, expected a little-endian one"));
  }
  return UnimplementedError(Cat(name, ": byte 4: version ", version,
                                " of GGUF, expected 2 or 3; convert the model anew"));
}

}  // namespace

StatusOr<GgufMetadata> GgufMetadata::Parse(std::string_view bytes, const std::string& name) {
  GgufReader reader(bytes, name);
  TOKGRAFT_ASSIGN_OR_RETURN(const std::string_view magic, reader.Take(4, "the header"));
  if (magic != kMagic) {
    return InvalidArgumentError(Cat(name,
                                    ": byte 0: not a GGUF file, expected it to start with "
                                    "\"GGUF\""));
  }
  TOKGRAFT_ASSIGN_OR_RETURN(const std::uint64_t version, reader.Uint(4, "the header"));
  TOKGRAFT_RETURN_IF_ERROR(CheckVersion(version, name));
  GgufMetadata metadata;
  TOKGRAFT_ASSIGN_OR_RETURN(metadata.tensor_count_, reader.Uint(8, "the header"));
  TOKGRAFT_ASSIGN_OR_RETURN(const std::uint64_t count, reader.Uint(8, "the header"));
  metadata.name_ = name;
  for (std::uint64_t i = 0; i < count; ++i) {
    TOKGRAFT_ASSIGN_OR_RETURN(const std::string_view key, reader.String("a key"));
    const std::size_t place = reader.position() - key.size();
    if (key.size() > std::numeric_limits<std::uint16_t>::max()) {
      return reader.Malformed("a key longer than 65535 bytes");
    }
    TOKGRAFT_ASSIGN_OR_RETURN(const GgufValue value, reader.Value(key));
    if (!metadata.values_.emplace(std::string(key), value).second) {
      return InvalidArgumentError(
          Cat(name, ": byte ", place, ": the key ", key, " stands twice, expected once"));
    }
  }
  metadata.end_ = reader.position();
  return metadata;
}

const GgufValue* GgufMetadata::Find(std::string_view key) const {
  const auto it = values_.find(key);
  return it == values_.end() ? nullptr : &it->second;
}

Status GgufMetadata::Error(std::string_view key, std::string_view what) const {
  return InvalidArgumentError(Cat(name_, ": ", key, ": ", what));
}

Status GgufMetadata::WrongType(std::string_view key, const GgufValue& value,
                               std::string_view expected) const {
  std::string found(TypeName(value.type));
  if (value.type == GgufType::kArray) found += Cat(" of ", TypeName(value.element));
  return InvalidArgumentError(Cat(name_, ": byte ", value.offset, ": ", key, " is of type ", found,
                                  ", expected ", expected));
}

StatusOr<std::optional<std::string_view>> GgufMetadata::String(std::string_view key) const {
  const GgufValue* value = Find(key);
  if (value == nullptr) return std::optional<std::string_view>();
  if (value->type != GgufType::kString) return WrongType(key, *value, "string");
  return std::optional<std::string_view>(value->bytes);
}

StatusOr<std::optional<bool>> GgufMetadata::Bool(std::string_view key) const {
  const GgufValue* value = Find(key);
  if (value == nullptr) return std::optional<bool>();
  if (value->type != GgufType::kBool) return WrongType(key, *value, "bool");
  return std::optional<bool>(value->bytes[0] != 0);
}

StatusOr<std::optional<std::uint32_t>> GgufMetadata::Uint32(std::string_view key) const {
  const GgufValue* value = Find(key);
  if (value == nullptr) return std::optional<std::uint32_t>();
  if (value->type != GgufType::kUint32) return WrongType(key, *value, "uint32");
  return std::optional<std::uint32_t>(static_cast<std::uint32_t>(LittleEndian(value->bytes)));
}

StatusOr<std::optional<std::vector<std::string_view>>> GgufMetadata::Strings(
    std::string_view key) const {
  const GgufValue* value = Find(key);
  if (value == nullptr) return std::optional<std::vector<std::string_view>>();
  if (value->type != GgufType::kArray || value->element != GgufType::kString) {
    return WrongType(key, *value, "array of string");
  }
  std::vector<std::string_view> strings;
  strings.reserve(static_cast<std::size_t>(value->count));
  std::string_view rest = value->bytes;  // checked by Parse
  while (!rest.empty()) {
    const auto size = static_cast<std::size_t>(LittleEndian(rest.substr(0, 8)));
    strings.push_back(rest.substr(8, size));
    rest.remove_prefix(8 + size);
  }
  return std::optional(std::move(strings));
}

StatusOr<std::optional<std::vector<std::int32_t>>> GgufMetadata::Int32s(
    std::string_view key) const {
  const GgufValue* value = Find(key);
  if (value == nullptr) return std::optional<std::vector<std::int32_t>>();
  if (value->type != GgufType::kArray || value->element != GgufType::kInt32) {
    return WrongType(key, *value, "array of int32");
  }
  std::vector<std::int32_t> numbers;
  numbers.reserve(static_cast<std::size_t>(value->count));
  for (std::size_t i = 0; i < value->bytes.size(); i += 4) {
    const auto bits = static_cast<std::uint32_t>(LittleEndian(value->bytes.substr(i, 4)));
    numbers.push_back(static_cast<std::int32_t>(bits));
  }
  return std::optional(std::move(numbers));
}

StatusOr<std::optional<std::vector<float>>> GgufMetadata::Floats(std::string_view key) const {
  const GgufValue* value = Find(key);
  if (value == nullptr) return std::optional<std::vector<float>>();
  const bool is_int = value->element == GgufType::kInt32;
  if (value->type != GgufType::kArray || (!is_int && value->element != GgufType::kFloat32)) {
    return WrongType(key, *value, "array of float32");
  }
  std::vector<float> numbers;
  numbers.reserve(static_cast<std::size_t>(value->count));
  for (std::size_t i = 0; i < value->bytes.size(); i += 4) {
    const auto bits = static_cast<std::uint32_t>(LittleEndian(value->bytes.substr(i, 4)));
    numbers.push_back(is_int ? static_cast<float>(static_cast<std::int32_t>(bits))
                             : std::bit_cast<float>(bits));
  }
  return std::optional(std::move(numbers));
}

std::optional<std::string> GgufScalarAsJson(const GgufValue& value) {
  const std::uint64_t bits = LittleEndian(value.bytes.substr(0, 8));
  switch (value.type) {
    case GgufType::kBool:
      return bits != 0 ? "true" : "false";
    case GgufType::kUint8:
    case GgufType::kUint16:
    case GgufType::kUint32:
    case GgufType::kUint64:
      return Cat(bits);
    case GgufType::kInt8:
      return Cat(static_cast<int>(static_cast<std::int8_t>(bits)));
    case GgufType::kInt16:
      return Cat(static_cast<int>(static_cast<std::int16_t>(bits)));
    case GgufType::kInt32:
      return Cat(static_cast<std::int32_t>(bits));
    case GgufType::kInt64:
      return Cat(static_cast<std::int64_t>(bits));
    case GgufType::kFloat32:
      return nlohmann::json(std::bit_cast<float>(static_cast<std::uint32_t>(bits))).dump();
    case GgufType::kFloat64:
      return nlohmann::json(std::bit_cast<double>(bits)).dump();
    case GgufType::kString:
      return nlohmann::json(std::string(value.bytes))
          .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    case GgufType::kArray:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace tokgraft
