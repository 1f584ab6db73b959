#include "tokenizer/formats/protobuf_wire.h"

#include <limits>
#include <vector>

namespace tokgraft {
namespace {

enum WireType : std::uint32_t {
  kWireVarint = 0,
  kWireFixed64 = 1,
  kWireBytes = 2,
  kWireStartGroup = 3,
  kWireEndGroup = 4,
  kWireFixed32 = 5,
};
constexpr std::size_t kMaxGroupDepth = 100;

void AppendVarint(std::uint64_t value, std::string* message) {
  for (; value >= 0x80; value >>= 7) message->push_back(static_cast<char>(value | 0x80));
  message->push_back(static_cast<char>(value));
}

void AppendTag(std::uint32_t number, WireType type, std::string* message) {
  AppendVarint((std::uint64_t{number} << 3) | type, message);
}

void AppendLittleEndian(std::uint64_t value, std::size_t size, std::string* message) {
  for (std::size_t i = 0; i < size; ++i) message->push_back(static_cast<char>(value >> (8 * i)));
}

}  // namespace

Status ProtobufReader::Truncated(std::string_view what) const {
  return DataLossError(Cat(file_, ": byte ", offset_ + position_, ": ", what,
                           " goes beyond its end; the file is cut off or damaged"));
}

Status ProtobufReader::Malformed(std::string_view what) const {
  return InvalidArgumentError(
      Cat(file_, ": byte ", offset_ + position_, ": ", what, "; this is no protobuf message"));
}

StatusOr<std::uint64_t> ProtobufReader::Varint() {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 10; ++i) {
    if (position_ + i >= message_.size()) return Truncated("a number");
    const auto byte = static_cast<unsigned char>(message_[position_ + i]);
    value |= static_cast<std::uint64_t>(byte & 0x7F) << (7 * i);
    if (byte < 0x80) {
      position_ += i + 1;
      return value;
    }
  }
  return Malformed("a number longer than 10 bytes");
}

Status ProtobufReader::Fixed(std::size_t size, std::uint64_t* value) {
  if (message_.size() - position_ < size) return Truncated("a number");
  *value = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const auto byte = static_cast<unsigned char>(message_[position_ + i]);
    *value |= static_cast<std::uint64_t>(byte) << (8 * i);
  }
  position_ += size;
  return absl::OkStatus();
}

StatusOr<bool> ProtobufReader::ReadTag(std::uint32_t* number, std::uint32_t* wire_type) {
  if (position_ == message_.size()) return false;
  const std::size_t start = position_;
  TOKGRAFT_ASSIGN_OR_RETURN(const std::uint64_t tag, Varint());
  if (tag > std::numeric_limits<std::uint32_t>::max() || tag >> 3 == 0) {
    position_ = start;
    return Malformed("a field number out of range");
  }
  *number = static_cast<std::uint32_t>(tag >> 3);
  *wire_type = static_cast<std::uint32_t>(tag & 7);
  return true;
}

Status ProtobufReader::ReadValue(std::uint32_t wire_type, ProtobufField* field) {
  field->offset = offset_ + position_;
  field->value = 0;
  field->bytes = {};
  switch (wire_type) {
    case kWireVarint: {
      field->type = ProtobufField::Type::kVarint;
      TOKGRAFT_ASSIGN_OR_RETURN(field->value, Varint());
      return absl::OkStatus();
    }
    case kWireFixed64:
      field->type = ProtobufField::Type::kFixed64;
      return Fixed(8, &field->value);
    case kWireFixed32:
      field->type = ProtobufField::Type::kFixed32;
      return Fixed(4, &field->value);
    case kWireBytes: {
      field->type = ProtobufField::Type::kBytes;
      TOKGRAFT_ASSIGN_OR_RETURN(const std::uint64_t size, Varint());
      if (size > message_.size() - position_) {
        return Truncated(Cat("a field of ", size, " bytes"));
      }
      field->offset = offset_ + position_;
      field->bytes = message_.substr(position_, static_cast<std::size_t>(size));
      position_ += static_cast<std::size_t>(size);
      return absl::OkStatus();
    }
    default:
      return Malformed(Cat("wire type ", wire_type));
  }
}

Status ProtobufReader::SkipGroup(std::uint32_t number) {
  std::vector<std::uint32_t> open = {number};
  while (!open.empty()) {
    std::uint32_t inner = 0;
    std::uint32_t wire_type = 0;
    TOKGRAFT_ASSIGN_OR_RETURN(const bool more, ReadTag(&inner, &wire_type));
    if (!more) return Truncated("a group");
    if (wire_type == kWireStartGroup) {
      if (open.size() == kMaxGroupDepth) return Malformed("groups nested over 100 deep");
      open.push_back(inner);
    } else if (wire_type == kWireEndGroup) {
      if (inner != open.back()) return Malformed("the end of a group that is not open");
      open.pop_back();
    } else {
      ProtobufField skipped;
      TOKGRAFT_RETURN_IF_ERROR(ReadValue(wire_type, &skipped));
    }
  }
  return absl::OkStatus();
}

StatusOr<bool> ProtobufReader::Next(ProtobufField* field) {
  while (true) {
    std::uint32_t wire_type = 0;
    TOKGRAFT_ASSIGN_OR_RETURN(const bool more, ReadTag(&field->number, &wire_type));
    if (!more) return false;
    if (wire_type == kWireEndGroup) return Malformed("the end of a group that is not open");
    if (wire_type != kWireStartGroup) {
      TOKGRAFT_RETURN_IF_ERROR(ReadValue(wire_type, field));
      return true;
    }
    TOKGRAFT_RETURN_IF_ERROR(SkipGroup(field->number));
  }
}

void AppendVarintField(std::uint32_t number, std::uint64_t value, std::string* message) {
  AppendTag(number, kWireVarint, message);
  AppendVarint(value, message);
}

void AppendFixed32Field(std::uint32_t number, std::uint32_t value, std::string* message) {
  AppendTag(number, kWireFixed32, message);
  AppendLittleEndian(value, 4, message);
}

void AppendBytesField(std::uint32_t number, std::string_view bytes, std::string* message) {
  AppendTag(number, kWireBytes, message);
  AppendVarint(bytes.size(), message);
  message->append(bytes);
}

void AppendField(const ProtobufField& field, std::string* message) {
  switch (field.type) {
    case ProtobufField::Type::kVarint:
      return AppendVarintField(field.number, field.value, message);
    case ProtobufField::Type::kFixed32:
      return AppendFixed32Field(field.number, static_cast<std::uint32_t>(field.value), message);
    case ProtobufField::Type::kBytes:
      return AppendBytesField(field.number, field.bytes, message);
    case ProtobufField::Type::kFixed64:
      AppendTag(field.number, kWireFixed64, message);
      return AppendLittleEndian(field.value, 8, message);
  }
}

}  // namespace tokgraft
