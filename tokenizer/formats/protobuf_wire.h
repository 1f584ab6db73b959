// Reads and writes the wire format of protobuf messages: a flat run of fields, each a number with a
// value.
//
//   ProtobufReader reader(bytes, 0, "m.model");
//   ProtobufField field;
//   while (true) {
//     TOKGRAFT_ASSIGN_OR_RETURN(const bool more, reader.Next(&field));
//     if (!more) break;
//     if (field.number == 1 && field.type == ProtobufField::Type::kBytes) Use(field.bytes);
//   }
//
// Groups (a form older than proto3) are skipped whole. Nothing is copied; every length is checked.
#ifndef TOKGRAFT_TOKENIZER_FORMATS_PROTOBUF_WIRE_H_
#define TOKGRAFT_TOKENIZER_FORMATS_PROTOBUF_WIRE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "tokenizer/status.h"

namespace tokgraft {

struct ProtobufField {
  enum class Type : std::uint8_t { kVarint, kFixed64, kBytes, kFixed32 };
  std::uint32_t number = 0;
  Type type = Type::kVarint;
  std::uint64_t value = 0;  // kVarint, kFixed64, kFixed32
  std::string_view bytes;   // kBytes
  std::size_t offset = 0;   // where the value starts, in the file
};

class ProtobufReader {
 public:
  // `offset`: where `message` starts in the file that errors name.
  ProtobufReader(std::string_view message, std::size_t offset, std::string_view file)
      : message_(message), offset_(offset), file_(file) {}

  // Reads one field; false at the end. DataLoss: cut off; InvalidArgument: not the wire format.
  StatusOr<bool> Next(ProtobufField* field);

 private:
  Status Truncated(std::string_view what) const;
  Status Malformed(std::string_view what) const;
  StatusOr<std::uint64_t> Varint();
  Status Fixed(std::size_t size, std::uint64_t* value);
  Status SkipGroup(std::uint32_t number);
  StatusOr<bool> ReadTag(std::uint32_t* number, std::uint32_t* wire_type);
  Status ReadValue(std::uint32_t wire_type, ProtobufField* field);

  std::string_view message_;
  std::size_t offset_;
  std::string_view file_;
  std::size_t position_ = 0;
};

// Appends one field to a message.
void AppendVarintField(std::uint32_t number, std::uint64_t value, std::string* message);
void AppendFixed32Field(std::uint32_t number, std::uint32_t value, std::string* message);
void AppendBytesField(std::uint32_t number, std::string_view bytes, std::string* message);
void AppendField(const ProtobufField& field, std::string* message);

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_FORMATS_PROTOBUF_WIRE_H_
