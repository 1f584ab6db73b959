// The wire format at its limits: varints of ten bytes, lengths beyond the end, groups in groups.
// Examples in the documentation of protobuf: 08 96 01 is field 1 with 150, 12 07 "testing" field 2.
#include "tokenizer/formats/protobuf_wire.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace tokgraft {
namespace {

using WireType = ProtobufField::Type;

// The fields as text, then the error if there is one.
std::string WireOf(std::string_view message, std::size_t offset = 0) {
  ProtobufReader reader(message, offset, "m");
  std::string out;
  ProtobufField field;
  while (true) {
    const StatusOr<bool> more = reader.Next(&field);
    if (!more.ok()) return out + std::string(Message(more.status()));
    if (!*more) return out;
    out += Cat(field.number, "=",
               field.type == WireType::kBytes ? std::string(field.bytes) : Cat(field.value), "@",
               field.offset, " ");
  }
}
std::string Hex(std::initializer_list<int> bytes) {
  std::string out;
  for (const int byte : bytes) out += static_cast<char>(byte);
  return out;
}

TEST(ProtobufWireTest, ReadsTheExamplesOfItsDocumentation) {
  EXPECT_EQ(WireOf(""), "");
  EXPECT_EQ(WireOf(Hex({0x08, 0x96, 0x01})), "1=150@1 ");
  EXPECT_EQ(WireOf(Hex({0x12, 0x07}) + "testing", 100), "2=testing@102 ");
  EXPECT_EQ(WireOf(Hex({0x0D, 1, 0, 0, 0x80, 0x11, 1, 0, 0, 0, 0, 0, 0, 0x80, 0x1A, 0})),
            "1=2147483649@1 2=9223372036854775809@6 3=@16 ");
}

TEST(ProtobufWireTest, AVarintHasTenBytesAtMost) {
  std::string most;
  AppendVarintField(1, std::numeric_limits<std::uint64_t>::max(), &most);
  EXPECT_EQ(most.size(), 11U);
  EXPECT_EQ(WireOf(most), "1=18446744073709551615@1 ");
  EXPECT_EQ(WireOf(Hex({0x08}) + std::string(10, '\x80') + Hex({0})),
            "m: byte 1: a number longer than 10 bytes; this is no protobuf message");
  EXPECT_EQ(WireOf(Hex({0x88, 0x80, 0x00, 0x07})), "1=7@3 ");  // longer than need be
  EXPECT_EQ(WireOf(Hex({0x08, 0x80})),
            "m: byte 1: a number goes beyond its end; the file is cut off or damaged");
}

TEST(ProtobufWireTest, FieldNumbersLieIn29Bits) {
  EXPECT_EQ(WireOf(Hex({0x00, 0x00})),
            "m: byte 0: a field number out of range; this is no protobuf message");
  std::string message;
  AppendVarintField((1U << 29) - 1, 1, &message);
  EXPECT_EQ(WireOf(message), "536870911=1@5 ");
  EXPECT_EQ(WireOf(Hex({0x80, 0x80, 0x80, 0x80, 0x10, 0x01}), 7),
            "m: byte 7: a field number out of range; this is no protobuf message");
  EXPECT_EQ(WireOf(Hex({0x0E})), "m: byte 1: wire type 6; this is no protobuf message");
}

TEST(ProtobufWireTest, LengthsBeyondTheEndAreCutFiles) {
  EXPECT_EQ(WireOf(Hex({0x0A, 0x02, 'a'})),
            "m: byte 2: a field of 2 bytes goes beyond its end; the file is cut off or damaged");
  const std::string huge = Hex({0x0A}) + std::string(9, '\xFF') + Hex({0x01});
  EXPECT_EQ(WireOf(huge),
            "m: byte 11: a field of 18446744073709551615 bytes goes beyond its end; the file is "
            "cut off or damaged");
  EXPECT_EQ(WireOf(Hex({0x0D, 1, 2, 3})),
            "m: byte 1: a number goes beyond its end; the file is cut off or damaged");
  EXPECT_EQ(WireOf(Hex({0x09, 1, 2, 3, 4, 5, 6, 7})),
            "m: byte 1: a number goes beyond its end; the file is cut off or damaged");
}

TEST(ProtobufWireTest, GroupsAreSkippedWhole) {
  // 1 { 2: 5, 3 { } } 4: 6
  EXPECT_EQ(WireOf(Hex({0x0B, 0x10, 0x05, 0x1B, 0x1C, 0x0C, 0x20, 0x06})), "4=6@7 ");
  EXPECT_EQ(WireOf(Hex({0x0B})),
            "m: byte 1: a group goes beyond its end; the file is cut off or damaged");
  EXPECT_EQ(WireOf(Hex({0x0C})),
            "m: byte 1: the end of a group that is not open; this is no protobuf message");
  EXPECT_EQ(WireOf(Hex({0x0B, 0x14})),
            "m: byte 2: the end of a group that is not open; this is no protobuf message");
  EXPECT_EQ(WireOf(std::string(100, '\x0B') + std::string(100, '\x0C')), "");
  EXPECT_EQ(WireOf(std::string(101, '\x0B')),
            "m: byte 101: groups nested over 100 deep; this is no protobuf message");
}

TEST(ProtobufWireTest, EveryFieldComesBackByteForByte) {
  std::string message;
  AppendVarintField(1, 0, &message);
  AppendVarintField(16, 128, &message);  // a tag of two bytes
  AppendFixed32Field(2, 0xFFFFFFFF, &message);
  AppendBytesField(3, std::string(200, '\0'), &message);
  message += Hex({0x21, 1, 2, 3, 4, 5, 6, 7, 8});
  ProtobufReader reader(message, 0, "m");
  ProtobufField field;
  std::string again;
  while (reader.Next(&field).value()) AppendField(field, &again);
  EXPECT_EQ(again, message);
}

}  // namespace
}  // namespace tokgraft
