// The header and the values of a GGUF file byte by byte: every type, wrong types, absurd sizes.
#include "tokenizer/formats/gguf_metadata.h"

#include <gtest/gtest.h>

#include <bit>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace tokgraft {
namespace {

std::string MetaInt(std::uint64_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
  return out;
}
std::string MetaText(std::string_view text) { return MetaInt(text.size(), 8) + std::string(text); }
std::string MetaKey(std::string_view key, GgufType type, const std::string& value) {
  return MetaText(key) + MetaInt(static_cast<std::uint32_t>(type), 4) + value;
}
std::string MetaFile(const std::vector<std::string>& values) {
  std::string out = "GGUF" + MetaInt(3, 4) + MetaInt(0, 8) + MetaInt(values.size(), 8);
  for (const std::string& value : values) out += value;
  return out;
}
std::string MetaError(const std::string& bytes) {
  const Status status = GgufMetadata::Parse(bytes, "m").status();
  return status.ok() ? "" : std::string(Message(status));
}

TEST(GgufMetadataTest, HeadersThatAreNone) {
  EXPECT_EQ(MetaError(""),
            "m: byte 0: the header goes beyond the end of the file; it is cut off or damaged");
  EXPECT_EQ(MetaError("GGUG" + MetaInt(3, 4)),
            "m: byte 0: not a GGUF file, expected it to start with \"GGUF\"");
  EXPECT_EQ(MetaError("GGUF" + MetaInt(1, 4) + MetaInt(0, 16)),
            "m: byte 4: version 1 of GGUF, expected 2 or 3; convert the model anew");
  EXPECT_EQ(MetaError("GGUF" + MetaInt(0, 4) + MetaInt(0, 16)),
            "m: byte 4: version 0 of GGUF, expected 2 or 3; convert the model anew");
  EXPECT_EQ(MetaError("GGUF" + MetaInt(3U << 24, 4) + MetaInt(0, 16)),
            "m: byte 4: a big-endian GGUF file, expected a little-endian one");
  EXPECT_EQ(GgufMetadata::Parse("GGUF", "m").status().code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(GgufMetadata::Parse(MetaFile({}), "m")->values().empty());
}

TEST(GgufMetadataTest, ScalarsOfEveryTypeAsJson) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {MetaKey("k", GgufType::kUint8, MetaInt(255, 1)), "255"},
      {MetaKey("k", GgufType::kInt8, MetaInt(0x80, 1)), "-128"},
      {MetaKey("k", GgufType::kUint16, MetaInt(65535, 2)), "65535"},
      {MetaKey("k", GgufType::kInt16, MetaInt(0x8000, 2)), "-32768"},
      {MetaKey("k", GgufType::kUint32, MetaInt(4294967295, 4)), "4294967295"},
      {MetaKey("k", GgufType::kInt32, MetaInt(0x80000000, 4)), "-2147483648"},
      {MetaKey("k", GgufType::kUint64, MetaInt(~std::uint64_t{0}, 8)), "18446744073709551615"},
      {MetaKey("k", GgufType::kInt64, MetaInt(std::uint64_t{1} << 63, 8)), "-9223372036854775808"},
      {MetaKey("k", GgufType::kFloat32, MetaInt(std::bit_cast<std::uint32_t>(1.5F), 4)), "1.5"},
      {MetaKey("k", GgufType::kFloat64, MetaInt(std::bit_cast<std::uint64_t>(-0.25), 8)), "-0.25"},
      {MetaKey("k", GgufType::kBool, MetaInt(2, 1)), "true"},
      {MetaKey("k", GgufType::kBool, MetaInt(0, 1)), "false"},
      {MetaKey("k", GgufType::kString, MetaText("")), "\"\""},
      {MetaKey("k", GgufType::kString, MetaText("a\"\n\xFF")), "\"a\\\"\\n\xEF\xBF\xBD\""}};
  for (const auto& [value, json] : cases) {
    const std::string file = MetaFile({value});
    const auto metadata = GgufMetadata::Parse(file, "m");
    ASSERT_TRUE(metadata.ok()) << metadata.status();
    EXPECT_EQ(GgufScalarAsJson(metadata->values().at("k")), json);
  }
  const std::string array = MetaFile({MetaKey("k", GgufType::kArray, MetaInt(0, 12))});
  EXPECT_EQ(GgufScalarAsJson(GgufMetadata::Parse(array, "m")->values().at("k")), std::nullopt);
}

TEST(GgufMetadataTest, AKeyIsAskedByItsType) {
  const std::string file = MetaFile(
      {MetaKey("n", GgufType::kUint32, MetaInt(7, 4)),
       MetaKey("s", GgufType::kArray, MetaInt(8, 4) + MetaInt(2, 8) + MetaText("a") + MetaText("")),
       MetaKey("i", GgufType::kArray, MetaInt(5, 4) + MetaInt(1, 8) + MetaInt(0xFFFFFFFF, 4))});
  const GgufMetadata metadata = GgufMetadata::Parse(file, "m").value();
  EXPECT_EQ(*metadata.Uint32("n"), 7U);
  EXPECT_EQ(*metadata.Uint32("absent"), std::nullopt);
  EXPECT_EQ(*metadata.Strings("s"), (std::vector<std::string_view>{"a", ""}));
  EXPECT_EQ(*metadata.Int32s("i"), (std::vector<std::int32_t>{-1}));
  EXPECT_EQ(*metadata.Floats("i"), (std::vector<float>{-1}));  // as llama.cpp takes them
  // Where the value lies: after the header of 24 bytes, the key and two types.
  EXPECT_EQ(Message(metadata.String("n").status()),
            "m: byte 37: n is of type uint32, expected string");
  EXPECT_EQ(Message(metadata.Bool("n").status()), "m: byte 37: n is of type uint32, expected bool");
  EXPECT_EQ(Message(metadata.Uint32("s").status()),
            "m: byte 66: s is of type array of string, expected uint32");
  EXPECT_EQ(Message(metadata.Floats("s").status()),
            "m: byte 66: s is of type array of string, expected array of float32");
  EXPECT_EQ(Message(metadata.Error("k", "is odd")), "m: k: is odd");
}

TEST(GgufMetadataTest, WhatIsMalformedIsToldByItsByte) {
  EXPECT_EQ(MetaError(MetaFile({MetaText("k") + MetaInt(13, 4)})),
            "m: byte 33: a value of type 13, expected 0 to 12");
  EXPECT_EQ(MetaError(MetaFile({MetaKey("k", GgufType::kArray, MetaInt(9, 4) + MetaInt(0, 8))})),
            "m: byte 41: an array of arrays");
  const std::string twice = MetaKey("k", GgufType::kBool, MetaInt(1, 1));
  EXPECT_EQ(MetaError(MetaFile({twice, twice})),
            "m: byte 46: the key k stands twice, expected once");
  EXPECT_EQ(MetaError(MetaFile({MetaKey(std::string(65536, 'k'), GgufType::kBool, "x")})),
            "m: byte 65568: a key longer than 65535 bytes");
  EXPECT_EQ(MetaError(MetaFile({MetaKey(std::string(65535, 'k'), GgufType::kBool, "x")})), "");
}

TEST(GgufMetadataTest, LengthsThatOverflowAreCutFiles) {
  const std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(MetaError(MetaFile({MetaInt(most, 8)})),
            "m: byte 32: a key goes beyond the end of the file; it is cut off or damaged");
  EXPECT_EQ(MetaError(MetaFile({MetaKey("k", GgufType::kString, MetaInt(most, 8) + "x")})),
            "m: byte 45: k goes beyond the end of the file; it is cut off or damaged");
  for (const std::uint32_t element : {4U, 8U, 12U}) {
    EXPECT_EQ(MetaError(MetaFile(
                  {MetaKey("k", GgufType::kArray, MetaInt(element, 4) + MetaInt(most, 8))})),
              "m: byte 49: k, an array of 18446744073709551615 elements, goes beyond the end of "
              "the file; it is cut off or damaged");
  }
}

}  // namespace
}  // namespace tokgraft
