#include "embed_init/safetensors/header.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/embed_init/random_model.h"

namespace tokgraft {
namespace {

// What the reader says of a file, without the folder.
std::string HeaderError(const std::string& bytes) {
  const testing::TemporaryDirectory directory;
  testing::WriteText(directory / "x.safetensors", bytes);
  const auto header = ReadSafetensorsHeader(directory / "x.safetensors", "x.safetensors");
  if (header.ok()) return "ok";
  std::string message(Message(header.status()));
  const std::string folder = directory.path() + "/";
  for (std::size_t at; (at = message.find(folder)) != std::string::npos;) {
    message.erase(at, folder.size());
  }
  return message;
}

std::string Described(const std::string& json, std::size_t data_bytes) {
  return testing::SafetensorsBytes(json, std::string(data_bytes, 'x'));
}

TEST(SafetensorsHeaderTest, HostileFilesAreRefusedInPlainWords) {
  EXPECT_EQ(HeaderError(""),
            "x.safetensors: byte 0: the file has 0 bytes, 8 bytes of header length were expected; "
            "it is truncated, download it again");
  EXPECT_EQ(HeaderError("1234567"),
            "x.safetensors: byte 0: the file has 7 bytes, 8 bytes of header length were expected; "
            "it is truncated, download it again");
  EXPECT_EQ(HeaderError(std::string(8, '\xFF')),
            "x.safetensors: byte 0: the header claims 18446744073709551615 bytes, at most "
            "100000000 were expected; this is not a safetensors file");
  EXPECT_EQ(HeaderError(std::string("\x10\0\0\0\0\0\0\0{}", 10)),
            "x.safetensors: byte 0: the header claims 16 bytes, the file has 10; it is truncated, "
            "download it again");
  EXPECT_EQ(HeaderError(Described("[]", 0)),
            "x.safetensors: header: is not a JSON object; this is not a safetensors file");
  EXPECT_EQ(HeaderError(Described(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 4)),
            "x.safetensors: header: tensor a ends at data byte 8, the file holds 4; it is "
            "truncated, download it again");
  EXPECT_EQ(HeaderError(Described(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 9)),
            "x.safetensors: header: data bytes 8 to 9 belong to no tensor, no gap was expected; "
            "write the file again with safetensors");
  EXPECT_EQ(HeaderError(Described(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                                  R"("b":{"dtype":"U8","shape":[2],"data_offsets":[7,9]}})",
                                  9)),
            "x.safetensors: header: tensors a and b overlap at data byte 7, separate ranges were "
            "expected; do not trust this file");
  EXPECT_EQ(HeaderError(Described(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
                                  R"("b":{"dtype":"U8","shape":[2],"data_offsets":[3,5]}})",
                                  5)),
            "x.safetensors: header: data bytes 2 to 3 belong to no tensor, no gap was expected; "
            "write the file again with safetensors");
  EXPECT_EQ(HeaderError(Described(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                                  R"("a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
                                  2)),
            "x.safetensors: header: tensor a is described twice, once was expected; do not trust "
            "this file");
  EXPECT_EQ(HeaderError(Described(R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", 8)),
            "x.safetensors: header: a.data_offsets: spans 8 bytes, 12 were expected for dtype F32 "
            "and this shape; the header is corrupt");
  EXPECT_EQ(HeaderError(Described(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})", 8)),
            "x.safetensors: header: a.data_offsets: is not a range [begin, end] with begin <= end; "
            "the header is corrupt");
  EXPECT_EQ(HeaderError(Described(R"({"a":{"dtype":"Q5","shape":[2],"data_offsets":[0,8]}})", 8)),
            "x.safetensors: header: a.dtype: element type \"Q5\" is not known");
  EXPECT_EQ(HeaderError(Described(R"({"a":{"dtype":"F32","shape":[4294967296,4294967296,2],)"
                                  R"("data_offsets":[0,8]}})",
                                  8)),
            "x.safetensors: header: a.shape: multiplies to more bytes than any file has");
}

TEST(SafetensorsHeaderTest, EveryTruncationIsAnError) {
  std::vector<testing::RandomTensor> tensors = {{"a", {3, 2}}, {"b", {5}, "BF16"}};
  std::mt19937 random(1);
  for (auto& tensor : tensors) testing::Draw(&tensor, &random);
  const std::string bytes = testing::SafetensorsBytes(tensors);
  ASSERT_EQ(HeaderError(bytes), "ok");
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_NE(HeaderError(bytes.substr(0, size)), "ok") << size;
  }
}

TEST(SafetensorsHeaderTest, DepthAndRandomBytesAreBounded) {
  EXPECT_NE(HeaderError(Described(std::string(200000, '['), 0)), "ok");
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    std::string bytes(64, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    EXPECT_NE(HeaderError(bytes), "ok");
  }
}

TEST(SafetensorsHeaderTest, WhatIsBuiltIsReadBack) {
  const testing::TemporaryDirectory directory;
  std::vector<TensorInfo> tensors(2);
  tensors[0] = {.name = "ü \"quoted\"", .dtype = DType::kBf16, .shape = {2, 3}};
  tensors[1] = {.name = "scalar", .dtype = DType::kF64, .shape = {}};
  const std::string header = BuildSafetensorsHeader(R"({"format":"pt"})", &tensors);
  EXPECT_EQ(header.size() % 8, 0);
  testing::WriteText(directory / "y", header + std::string(12 + 8, '\0'));
  const auto read = ReadSafetensorsHeader(directory / "y", "");
  ASSERT_TRUE(read.ok()) << Message(read.status());
  EXPECT_EQ(read->tensors, tensors);
  EXPECT_EQ(read->metadata, R"({"format":"pt"})");
}

}  // namespace
}  // namespace tokgraft
